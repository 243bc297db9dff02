# SPDX-License-Identifier: GPL-2.0-or-later
"""The client: asks the package's address ten times a second, keeps a record."""
import http.client
import threading
import time

from .outage import Answer

INTERVAL_S = 0.1
TIMEOUT_S = 0.4


class Client(threading.Thread):
    """Asks for ever; each request has its own thread, so that one that hangs
    delays no other."""

    def __init__(self, address, port):
        super().__init__(daemon=True, name="client")
        self._where = (address, port)
        self._lock = threading.Lock()
        self._answers = []

    def run(self):
        due = time.monotonic()
        while True:
            threading.Thread(target=self._ask, args=(due,), daemon=True).start()
            due += INTERVAL_S
            time.sleep(max(0, due - time.monotonic()))

    def _ask(self, due):
        sent = time.monotonic()
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
        done = time.monotonic()
        with self._lock:
            self._answers.append(Answer(sent * 1000, body or None, done * 1000,
                                        (sent - due) * 1000))

    def answers(self, since_ms=0.0):
        """In the order in which they were asked for."""
        with self._lock:
            found = [a for a in self._answers if a.sent_ms >= since_ms]
        return sorted(found, key=lambda a: a.sent_ms)

    def up_since(self, since_ms, node=None):
        """True when the newest three answers since then are good (and come from
        this node)."""
        newest = self.answers(since_ms)[-3:]
        return len(newest) == 3 and all(a.body and node in (None, a.node) for a in newest)

    def save(self, path, epoch_ms):
        """Writes the record, in the lab's time like the other logs."""
        with open(path, "w", encoding="utf-8") as dst:
            dst.write("# sent at (lab's time, ms), took (ms), ok or failed, the answer\n")
            for answer in self.answers():
                dst.write(f"{answer.sent_ms - epoch_ms:10.0f} "
                          f"{answer.done_ms - answer.sent_ms:5.0f} "
                          f"{'ok    ' if answer.body else 'failed'} {answer.body or ''}".rstrip()
                          + "\n")
