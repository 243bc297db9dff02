# SPDX-License-Identifier: GPL-2.0-or-later
"""What stuck.ko left in the memory of a dead machine; its layout is there."""
import dataclasses
import mmap
import struct

MAGIC = b"TOCSIN-STAMPS\0\0\0"
RECORDER = b"TOCSIN-RECORDER\0"
PAGE = 4096


@dataclasses.dataclass
class Stamps:
    """deeds: how often it did what it was told to; hung: CPUs that it keeps with
    interrupts off; last_ns: by CPU, the last moment at which it was seen to run."""
    deeds: int
    hung: set
    last_ns: list


def find(file):
    """Stamps of the machine whose memory the file was; None: there are none."""
    with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
        at = memory.find(MAGIC)
        while at >= 0:
            phys, cpus, deeds, hung = struct.unpack_from("<4Q", memory, at + len(MAGIC))
            # A copy of the page would be found elsewhere.
            if at % PAGE == 0 and phys == at:
                return Stamps(deeds, {cpu for cpu in range(cpus) if hung >> cpu & 1},
                              list(struct.unpack_from(f"<{cpus}Q", memory,
                                                      at + len(MAGIC) + 32)))
            at = memory.find(MAGIC, at + 1)
    return None


def recorder_find(file):
    """(bytes, physical address) of the flight recorder; None: there is none.
    Its layout: kmod/core/recorder_format.h."""
    with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
        at = memory.find(RECORDER)
        while at >= 0:
            phys, size = struct.unpack_from("<2Q", memory, at + len(RECORDER) + 8)
            if at % PAGE == 0 and phys == at:
                return memory[at:at + size], at
            at = memory.find(RECORDER, at + 1)
    return None
