# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints TAP for a list of steps that build on each other."""
import traceback


class Steps:
    """Runs steps in order. After a failed step that the others need, the rest
    is reported as failed, not skipped: it was not seen to hold."""

    def __init__(self, planned):
        self.planned = planned
        self.number = 0
        self.failed = 0
        self._broken = ""
        print(f"1..{planned}", flush=True)

    def run(self, name, step, needed=False):
        self.number += 1
        why = self._broken and f"an earlier step failed: {self._broken}"
        if not why:
            try:
                step()
            except Exception as err:  # every failure of a step is a result
                why = f"{type(err).__name__}: {err}"
                if not isinstance(err, AssertionError):
                    why += "\n" + traceback.format_exc()
        if why:
            self.failed += 1
            if needed and not self._broken:
                self._broken = name
            for line in why.splitlines():
                print(f"# {line}")
        print(f"{'not ok' if why else 'ok'} {self.number} - {name}", flush=True)

    def finish(self):
        while self.number < self.planned:
            self.number += 1
            self.failed += 1
            print(f"not ok {self.number} - never run")
        return 1 if self.failed else 0
