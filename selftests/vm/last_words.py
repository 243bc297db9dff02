# SPDX-License-Identifier: GPL-2.0-or-later
"""Last words on full Debian nodes: one of two panics and says so; the other takes over
at once; the dump is saved all the same.  Then the other one hangs and says nothing."""
import json
import re
import subprocess
import time

from demo import demo as demos
from lab import testbed
import pair
from pair import WEB, check


class Dying(pair.Pair):
    def form(self):
        self.begin()
        said = self.first.run("dmesg | grep 'last words'").out
        check(re.search(r"last words at a panic: ready on (\d+) of \1 paths", said), said)

    def survive(self):
        survivor, boot = self.second.boot(), self.first.boot()
        self.first.start("echo c >/proc/sysrq-trigger")
        heir = self.cluster.wait_owner(WEB, [self.second], self.first)
        check(heir is self.second, f"{WEB} runs on {heir}")
        check(self.second.boot() == survivor, "node2 went down, too")
        said = self.second.run("dmesg | grep 'goes down'").out
        check("node1 says that it goes down" in said, said)
        self.first.wait_boot(after=boot, timeout=240)

    def dump(self):
        self.first.wait_ready()
        path = self.first.fetch_dump()
        done = subprocess.run([demos.COMMAND, "cmcrash", path],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, done.stderr)
        check("last words sent" in done.stdout, done.stdout)
        done = subprocess.run([demos.COMMAND, "cmcrash", "--json", path],
                              capture_output=True, text=True, check=False)
        check(json.loads(done.stdout), done.stderr)

    def rejoin(self):
        self.cluster.wait_members(self.lab.nodes)

    def hang(self):
        """All CPUs, interrupts off: nothing checks, and the first takes over."""
        self.second.run("echo N >/sys/module/kernel/parameters/crash_kexec_post_notifiers")
        self._boot = self.second.boot()
        self.second.start("insmod /usr/lib/lab/hang.ko keep=0 delay_ms=1000")
        heir = self.cluster.wait_owner(WEB, [self.first], self.second)
        check(heir is self.first, f"{WEB} runs on {heir}")
        time.sleep(5)   # the kernel's log must go on for a second longer than the lease
        self.second.nmi()

    def unseen(self):
        """No verdict, and nothing recorded since: it must not be called good."""
        self.second.wait_boot(after=self._boot, timeout=240)
        self.second.wait_ready()
        path = self.second.fetch_dump()
        done = subprocess.run([demos.COMMAND, "cmcrash", "--json", path],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, done.stderr)
        said = json.loads(done.stdout)
        check(said["verdict_code"] == "none" and said["boot"] == "this", done.stdout)
        check(said["lease_ended"] or said["lease_ended_unseen"], done.stdout)
        check("ended" in said["verdict"], said["verdict"])


STEPS = (
    ("two nodes have last words ready", Dying.form, True),
    ("one panics and says so, the other takes its package", Dying.survive, True),
    ("kdump has saved the dump all the same", Dying.dump, False),
    ("the first comes back", Dying.rejoin, True),
    ("the other one hangs with all CPUs, and the first takes over", Dying.hang, True),
    ("an NMI ends it, and the dump says that a lease may have ended", Dying.unseen, False),
)


def run(steps, results, stage):
    config = testbed.Config(append="crash_kexec_post_notifiers")
    with testbed.Lab(results, nodes=2, stage=stage,
                     disks={demos.SHARED: demos.SHARED_MB}, config=config) as lab:
        dying = Dying(lab)
        for name, method, needed in STEPS:
            steps.run(name, lambda m=method: m(dying), needed)
