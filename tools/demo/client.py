# SPDX-License-Identifier: GPL-2.0-or-later
"""The client's view: asks the package's address ten times a second."""
import dataclasses
import http.client
import threading
import time

INTERVAL_S = 0.1
TIMEOUT_S = 0.4


@dataclasses.dataclass(frozen=True)
class Answer:
    """One request: when it was sent, what came of it (None: nothing)."""
    sent_ms: float
    body: str


class Client(threading.Thread):
    """Asks for ever; each request has its own thread, so that one that hangs
    delays no other."""

    def __init__(self, address, port):
        super().__init__(daemon=True, name="client")
        self._where = (address, port)
        self._lock = threading.Lock()
        self._answers = []
        self._asked = 0

    def run(self):
        due = time.monotonic()
        while True:
            threading.Thread(target=self._ask, daemon=True).start()
            due += INTERVAL_S
            time.sleep(max(0, due - time.monotonic()))

    def _ask(self):
        sent_ms = time.monotonic() * 1000
        conn = http.client.HTTPConnection(*self._where, timeout=TIMEOUT_S)
        try:
            conn.request("GET", "/")
            answer = conn.getresponse()
            body = answer.read(512).decode(errors="replace").strip()
            body = body if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            body = None
        finally:
            conn.close()
        with self._lock:
            self._asked += 1
            self._answers.append(Answer(sent_ms, body))

    def answers(self, since_ms=0.0):
        with self._lock:
            found = [a for a in self._answers if a.sent_ms >= since_ms]
        return sorted(found, key=lambda a: a.sent_ms)

    def up_since(self, since_ms):
        """True when the newest three answers since then are good."""
        newest = self.answers(since_ms)[-3:]
        return len(newest) == 3 and all(a.body for a in newest)

    def outage(self, since_ms):
        """(first_ms, last_ms) of the longest time without an answer: from the
        last good request before it to the first good one after it; None
        when no request failed."""
        last_good, worst, failed = None, None, False
        for answer in self.answers(since_ms - 2000):
            if not answer.body:
                failed = True
                continue
            if failed and last_good is not None:
                gap = (last_good, answer.sent_ms)
                if worst is None or gap[1] - gap[0] > worst[1] - worst[0]:
                    worst = gap
            last_good, failed = answer.sent_ms, False
        return worst
