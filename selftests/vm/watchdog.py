# SPDX-License-Identifier: GPL-2.0-or-later
"""A hardware watchdog on full Debian nodes: fed by cmcld as long as it renews its
lease, stopped in order, and all that helps when each CPU has its interrupts off."""
import time

from demo import demo as demos
from lab import testbed
import pair
from pair import WEB, check

TIMEOUT_S = 30
DEVICE = "/dev/watchdog0"
OPTIONS = (f"AUTOSTART_CMCLD=1\nCMCLD_WATCHDOG={DEVICE}\n"
           f"CMCLD_WATCHDOG_TIMEOUT_S={TIMEOUT_S}\n")
RESET = "the hardware watchdog reset this node"
STATE = "cat /sys/class/watchdog/watchdog0/state"


class Guarded(pair.Pair):
    def form(self):
        self.begin(OPTIONS)
        said = self.cluster.status(self.first)["watchdog_s"]
        check(said == TIMEOUT_S, f"the status says {said} s")

    def _lives(self, state):
        """Longer than the watchdog's time, and there was no reset."""
        boot = self.first.boot()
        said = self.first.run(STATE).out.strip()
        check(said == state, f"the watchdog is {said}")
        time.sleep(1.5 * TIMEOUT_S)
        check(self.first.boot() == boot, "node1 was reset")

    def fed(self):
        self._lives("active")

    def halted(self):
        self.first.run("cmhaltnode -f", timeout=120)
        self._lives("inactive")
        self.first.run("cmrunnode", timeout=120)
        self.cluster.wait_members(self.lab.nodes)

    def hung(self):
        boot = self.first.boot()
        self.first.start("insmod /usr/lib/lab/hang.ko keep=0 delay_ms=1000")
        heir = self.cluster.wait_owner(WEB, [self.second])
        check(heir is self.second, f"{WEB} runs on {heir}")
        self.first.wait_boot(after=boot, timeout=TIMEOUT_S + 240)
        self.first.wait_ready()
        self.cluster.wait_members(self.lab.nodes)
        check(not self.first.dumps(), "there is a dump: it was not the watchdog")
        self.lab.wait("cmcld to say what reset its node",
                      lambda: RESET in self.first.run("journalctl -b").out,
                      60)


STEPS = (
    ("each node's cmcld has started its watchdog", Guarded.form, True),
    ("fed, it resets nobody", Guarded.fed, False),
    ("a node that leaves in order stops it", Guarded.halted, False),
    ("all CPUs with interrupts off: the other takes over, the watchdog resets the node",
     Guarded.hung, False),
)


def run(steps, results, stage):
    config = testbed.Config(watchdog=True)
    with testbed.Lab(results, nodes=2, stage=stage,
                     disks={demos.SHARED: demos.SHARED_MB}, config=config) as lab:
        guarded = Guarded(lab)
        for name, method, needed in STEPS:
            steps.run(name, lambda m=method: m(guarded), needed)
