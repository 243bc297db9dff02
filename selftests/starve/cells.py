# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix: what starves a node."""
import dataclasses


@dataclasses.dataclass
class Cell:
    """hog: arguments of hog.c ("flood" is traffic from outside); throttle: the
    kernel keeps 50 ms of each second from real-time tasks (its default).
    toc, silent: what must happen; usually nothing may.
    late: it is silent itself for a while and suspected meanwhile, and nothing else.
    rival_must_lose: TIPC must be seen to fail: nothing but the hog runs for long."""
    name: str
    hog: str
    throttle: bool = True
    toc: str = ""
    silent: bool = False
    late: bool = False
    safety_ms: int = 0
    rival_must_lose: bool = False


SAFETY_DEFAULT_MS = 5000        # CORE_SAFETY_TIMEOUT_NS_DEFAULT

CELLS = [
    Cell("nice0", "nice 8"),
    *(Cell(f"fifo{priority}{name}", f"fifo {priority} 1000 0", throttle,
           rival_must_lose=priority == 99)
      for priority in (1, 50, 99)
      for name, throttle in (("", True), ("-free", False))),
    Cell("fifo99-pulse-100-200", "fifo 99 100 200", False),
    Cell("fifo99-pulse-500-500", "fifo 99 500 500", False, rival_must_lose=True),
    Cell("fifo99-softirqs", "slow 20 fifo 99 1000 0", False),
    Cell("fork", "fork"),
    Cell("memory", "memory"),
    Cell("io", "io /dev/vda"),
    Cell("flood", "flood"),
    Cell("timers", "timers 16"),
    # Interrupts off on all CPUs for five intervals, longer than a peer may be silent.
    Cell("late", "late 5", late=True),
]

# What must not be survived all the same.
DEATHS = [
    Cell("death-interrupts-off", "stuck 1000", toc="TOC: quorum lease ran out", silent=True),
    Cell("death-cmcld-starved", "fifo 99 1000 0", False, toc="TOC: safety lease ran out",
         safety_ms=1500),
    # The cells that can be survived for SAFETY_TIMEOUT only, with its default.
    *(Cell(f"death-default-{name}", hog, False,
           toc="TOC: safety lease ran out", safety_ms=SAFETY_DEFAULT_MS)
      for name, hog in [*((f"fifo{priority}", f"fifo {priority} 1000 0")
                          for priority in (1, 50, 99)),
                        ("fifo99-softirqs", "slow 20 fifo 99 1000 0")]),
]

# What a commit is checked with.
WORST = "fifo99-free"
