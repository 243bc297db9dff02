# SPDX-License-Identifier: GPL-2.0-or-later
"""How busy the host was: the demo shares its processors with everybody else."""
import glob
import os
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Load:
    """Processor time since this was made, in processors, ours and all others'.

    In the sandbox /proc/stat is the whole host's, and the processes in /proc are
    the demo's own."""

    def __init__(self):
        self._begin = self._now()

    def spent(self):
        """(processors kept busy by the demo, by others, processors there are)."""
        wall, every, own = (b - a for a, b in zip(self._begin, self._now()))
        wall = max(wall, 0.001)
        return own / wall, max(0.0, (every - own) / wall), os.cpu_count() or 1

    @staticmethod
    def _now():
        with open("/proc/stat", encoding="ascii") as src:
            user, nice, system, _, _, irq, softirq, steal = map(
                int, src.readline().split()[1:9])
        own = 0
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8", errors="replace") as src:
                    # The name, in brackets, may hold anything.
                    own += sum(map(int, src.read().rpartition(")")[2].split()[11:15]))
            except OSError:
                pass
        every = user + nice + system + irq + softirq + steal
        return time.monotonic(), every / TICKS, own / TICKS


def judge(ours, theirs, processors):
    """What to make of spent(), in words."""
    if theirs >= processors / 4:
        return "the host is busy with other work, try again when it is idle"
    if ours + theirs >= 0.85 * processors:
        return "the host has no processor to spare for so many machines"
    return "the host had time to spare, that is not the reason"
