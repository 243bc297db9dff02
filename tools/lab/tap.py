# SPDX-License-Identifier: GPL-2.0-or-later
"""Test results in TAP, a with statement for each test.

    tap = Tap()
    with tap.case("two nodes boot"):
        lab.start()
    sys.exit(tap.end())

A case fails when an exception leaves it; the next one runs all the same.
Cases entered inside a failed prerequisite are for the caller to avoid.
"""
import contextlib
import sys
import time
import traceback


class Skip(Exception):
    """Raised in a case that cannot run here, with the reason."""


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    @contextlib.contextmanager
    def case(self, name):
        self.count += 1
        begin = time.monotonic()
        try:
            yield
        except Skip as reason:
            self._print(f"ok {self.count} - {name} # SKIP {reason}")
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:
            self.failed += 1
            self._print(f"not ok {self.count} - {name}")
            for line in traceback.format_exc().splitlines():
                self.note(line)
        else:
            self._print(f"ok {self.count} - {name}")
            self.note(f"took {time.monotonic() - begin:.1f} s")

    def note(self, text):
        for line in str(text).splitlines():
            self._print(f"# {line}")

    def end(self):
        """Prints the plan; returns the exit status for the program."""
        self._print(f"1..{self.count}")
        return 1 if self.failed or not self.count else 0

    @staticmethod
    def _print(line):
        print(line, flush=True)
        sys.stdout.flush()


def equal(got, wanted):
    """For use in cases; says both values."""
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def true(value, text):
    if not value:
        raise AssertionError(text)
