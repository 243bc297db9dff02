# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests' time stamp counter is the host's: tell them how fast it runs.

A kernel that boots on a busy host measures it against emulated timers and can
be wrong by a factor; its clock then runs at that factor for good, and no
protocol that trusts clock rates can work.
"""
import ctypes
import functools
import mmap
import platform
import time

MEASURE_S = 0.2
HZ = 250        # of Debian's kernels, and of the lab's own
# rdtsc; shl rdx, 32; or rax, rdx; ret
READ = bytes((0x0f, 0x31, 0x48, 0xc1, 0xe2, 0x20, 0x48, 0x09, 0xd0, 0xc3))


@functools.lru_cache(maxsize=None)
def khz():
    """The host's frequency in kHz; 0 where it cannot be measured."""
    if platform.machine() != "x86_64":
        return 0
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(READ)
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    read = ctypes.CFUNCTYPE(ctypes.c_uint64)(address)
    read()
    begin_ns, begin = _pair(read)
    time.sleep(MEASURE_S)
    end_ns, end = _pair(read)
    return round((end - begin) * 1_000_000 / (end_ns - begin_ns))


def _pair(read):
    """Time and counter of the same moment: the best of some tries."""
    best = None
    for _ in range(20):
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        count = read()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        if best is None or after - before < best[0]:
            best = (after - before, (before + after) // 2, count)
    return best[1], best[2]


def options():
    """For the guest's command line, with a space at the end if any.  lpj is what
    udelay() reckons with, which each CPU otherwise finds out for itself, as badly."""
    return f"tsc_early_khz={khz()} lpj={khz() * 1000 // HZ} " if khz() else ""
