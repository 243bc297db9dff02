# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines that are measured: ahead of others, and read when they are dead."""
import contextlib
import json
import os
import struct
import subprocess
import tempfile

from lab import kmods
import stamps

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CMCRASH = os.path.join(TOP, "build/release/sbin/tocsin")
PRIORITY = "-15"    # among the sessions of this host, if it groups them
PAGE_OFFSET = 0xffff888000000000    # of x86-64, without KASLR


def check_kernels(parser, kernels):
    """Refuses what tools/lab/kernel does not know, before anything is built."""
    try:
        for which in kernels or []:
            kmods.check_flavour(which)
    except ValueError as err:
        parser.error(err)


def favour(proc):
    """Before other sessions; for started of a job."""
    with contextlib.suppress(OSError), open(f"/proc/{proc.pid}/autogroup", "w") as dst:
        dst.write(PRIORITY)


def recorder(memory):
    """What cmcrash reads in the file that was a machine's memory.  Raises ValueError
    when there is no recorder in it."""
    found = stamps.recorder_find(memory)
    if not found:
        raise ValueError("no flight recorder")
    with tempfile.NamedTemporaryFile() as dump:
        dump.write(_elf(*found))
        dump.flush()
        done = subprocess.run(["cmcrash", "--json", dump.name], executable=CMCRASH,
                              capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _elf(area, phys):
    """A crash dump of the one piece of memory."""
    ident = bytes([0x7f]) + b"ELF" + bytes([2, 1, 1]) + bytes(9)
    head = ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, 4096, PAGE_OFFSET + phys, phys,
                       len(area), len(area), 0)
    return (head + load).ljust(4096, b"\0") + area
