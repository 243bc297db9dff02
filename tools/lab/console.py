# SPDX-License-Identifier: GPL-2.0-or-later
"""Logs what machines print, each line with the lab's time."""
import re
import threading

from . import qemu

COLOURS = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[c78()]|\r")


class Log:
    """One file; lines come from any number of power cycles.

    Each line starts with milliseconds since the lab began.  Lines are kept in
    memory as well, for those who wait for one.
    """

    def __init__(self, path, epoch_ms):
        self.path = path
        self._epoch_ms = epoch_ms
        self._file = open(path, "w")
        self._news = threading.Condition()
        self._lines = []

    def attach(self, sock):
        """Logs what comes from a connected socket until its end."""
        threading.Thread(target=self._read, args=(sock,), daemon=True).start()

    def note(self, text):
        """Adds a line of the lab's own."""
        self._add(qemu.now_ms(), f"--- {text}")

    def mark(self):
        """A position to search from."""
        with self._news:
            return len(self._lines)

    def lines(self, since=0):
        """All (ms, line) from a position on."""
        with self._news:
            return list(self._lines[since:])

    def find(self, pattern, since=0):
        """Returns (ms, line) of the first line that matches, or None."""
        with self._news:
            return self._find(re.compile(pattern), since)

    def wait(self, pattern, timeout, since=0):
        """As find(), but waits for such a line up to timeout seconds."""
        wanted = re.compile(pattern)
        with self._news:
            return self._news.wait_for(lambda: self._find(wanted, since),
                                       timeout)

    def tail(self, count=30):
        with self._news:
            return "".join(f"{ms:8d} {text}\n"
                           for ms, text in self._lines[-count:])

    def _find(self, wanted, since):
        for line in self._lines[since:]:
            if wanted.search(line[1]):
                return line
        return None

    def _add(self, ms, text):
        line = ms - self._epoch_ms, text
        with self._news:
            self._lines.append(line)
            self._file.write(f"{line[0]:8d} {line[1]}\n")
            self._file.flush()
            self._news.notify_all()

    def _read(self, sock):
        try:
            with sock.makefile("rb") as lines:
                for line in lines:
                    text = COLOURS.sub(b"", line).rstrip(b"\n")
                    if text:
                        self._add(qemu.now_ms(),
                                  text.decode(errors="replace"))
        except OSError:
            pass
