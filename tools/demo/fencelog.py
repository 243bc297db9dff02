# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what lockhttpd wrote to the shared disk: who ran the package when.

usage: python3 tools/demo/fencelog.py DISK      prints it; exit status 1: a fault

The proof that never two ran at a time needs no clock: each run wrote down how
many beats its predecessor had made when it took over, and the predecessor's own
record must show no more than that.
"""
import dataclasses
import struct
import sys
import time

BLOCK = 4096
VIOLATION_AT = 2
VIOLATIONS = 16
RUN_AT = VIOLATION_AT + VIOLATIONS
RUNS = 2048
RUN_MAGIC = b"TOCS_RUN"
VIOLATION_MAGIC = b"TOC_VIOL"
FORMAT = struct.Struct("<8s8QII64s64s")
RUNNING = 0
ENDS = {RUNNING: "cut off", 1: "stopped", 2: "VIOLATION"}
PROOF = ("each run noted how many beats its predecessor had made when it took over, "
         "and none made more after that:\nnever two nodes at a time")


@dataclasses.dataclass(frozen=True)
class Run:
    """One record; times in ns, boot: since that node's boot, real: since 1970."""
    magic: bytes
    holder: int
    beats: int
    former_holder: int
    former_beats: int
    start_boot: int
    start_real: int
    beat_boot: int
    beat_real: int
    run: int
    end: int
    node: str
    package: str


@dataclasses.dataclass(frozen=True)
class Log:
    """All of the disk: runs in the order of their starts."""
    runs: list
    violations: list


def _text(raw):
    return raw.split(b"\0")[0].decode(errors="replace")


def _block(disk, number, magic):
    disk.seek(number * BLOCK)
    raw = disk.read(FORMAT.size)
    if len(raw) < FORMAT.size or not raw.startswith(magic):
        return None
    fields = list(FORMAT.unpack(raw))
    return Run(*fields[:-2], _text(fields[-2]), _text(fields[-1]))


def read(path):
    """The log of a disk or an image of one."""
    with open(path, "rb") as disk:
        runs = []
        for number in range(RUNS):
            run = _block(disk, RUN_AT + number, RUN_MAGIC)
            if run is None:
                break
            runs.append(run)
        found = [_block(disk, VIOLATION_AT + n, VIOLATION_MAGIC) for n in range(VIOLATIONS)]
    return Log(runs, [v for v in found if v])


def _clock(ns):
    seconds = time.strftime("%H:%M:%S", time.gmtime(ns // 10**9))
    return f"{seconds}.{ns // 10**6 % 1000:03d}"


def show(log):
    """Lines for people; times are each node's own wall clock (UTC)."""
    yield "  times are each node's own wall clock (UTC), and those of two nodes differ a little"
    yield "  node      run  start         last beat     beats  end"
    for run in log.runs:
        end = ENDS.get(run.end, "?")
        if run is log.runs[-1] and run.end == RUNNING:
            end = "(runs)"
        yield (f"  {run.node:8s} {run.run:4d}  {_clock(run.start_real)}  "
               f"{_clock(run.beat_real)}  {run.beats:5d}  {end}")
    for bad in log.violations:
        yield (f"  VIOLATION seen by {bad.node} run {bad.run} at {_clock(bad.beat_real)}: "
               f"holder {bad.former_holder:016x} wrote to its disk")


def check(log):
    """None when never two ran at a time, else what is wrong."""
    if not log.runs:
        return "the shared disk holds no run at all: nothing is proved"
    if log.violations:
        bad = log.violations[0]
        return f"two at a time: {bad.node}, run {bad.run}, met another on its disk"
    for former, run in zip(log.runs, log.runs[1:]):
        if run.former_holder != former.holder:
            return (f"{run.node}, run {run.run}, took over from a run that is not the one "
                    f"recorded before it ({former.node}, run {former.run})")
        if former.beats > run.former_beats:
            return (f"two at a time: {former.node}, run {former.run}, made "
                    f"{former.beats - run.former_beats} beats after {run.node}, run "
                    f"{run.run}, had taken over")
    if log.runs[0].former_holder:
        return "the first run recorded took over from one that is not recorded"
    return None


def main():
    log = read(sys.argv[1])
    for line in show(log):
        print(line)
    fault = check(log)
    print(fault or PROOF)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main() if len(sys.argv) == 2 else __doc__)
