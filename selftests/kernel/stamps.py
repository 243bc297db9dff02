# SPDX-License-Identifier: GPL-2.0-or-later
"""What stuck.ko left in the memory of a dead machine; its layout is there."""
import dataclasses
import mmap
import struct

MAGIC = b"TOCSIN-STAMPS\0\0\0"
PAGE = 4096


@dataclasses.dataclass
class Stamps:
    """deeds: how often it did what it was told to; last_ns: by CPU, the last
    moment at which it was seen to run."""
    deeds: int
    last_ns: list


def find(file):
    """Stamps of the machine whose memory the file was; None: there are none."""
    with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
        at = memory.find(MAGIC)
        while at >= 0:
            phys, cpus, deeds = struct.unpack_from("<3Q", memory, at + len(MAGIC))
            # A copy of the page would be found elsewhere.
            if at % PAGE == 0 and phys == at:
                return Stamps(deeds, list(struct.unpack_from(
                    f"<{cpus}Q", memory, at + len(MAGIC) + 24)))
            at = memory.find(MAGIC, at + 1)
    return None
