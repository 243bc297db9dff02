#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in a node: a hog of the lowest real-time priority on each CPU, for so many seconds.
Prints for how long an ordinary process, this one, got none of them.

usage: hog.py SECONDS
"""
import os
import sys
import time


def hog(cpu, begin, end):
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    time.sleep(max(0, begin - time.monotonic()))
    while time.monotonic() < end:
        pass
    os._exit(0)


def main():
    begin = time.monotonic() + 2
    end = begin + float(sys.argv[1])
    for cpu in range(os.cpu_count()):
        if not os.fork():
            hog(cpu, begin, end)
    longest, last = 0, time.monotonic()
    while last < end + 1:
        time.sleep(0.1)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    print(longest)


if __name__ == "__main__":
    main()
