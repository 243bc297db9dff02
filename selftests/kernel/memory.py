# SPDX-License-Identifier: GPL-2.0-or-later
"""The flight recorder in the memory of a dead machine, as cmcrash reads it."""
import json
import os
import struct
import subprocess
import tempfile

import stamps

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CMCRASH = os.path.join(TOP, "build/release/sbin/tocsin")
PAGE_OFFSET = 0xffff888000000000    # of x86-64, without KASLR


def recorder(memory):
    """memory: an open file; raises ValueError when there is no recorder in it."""
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
