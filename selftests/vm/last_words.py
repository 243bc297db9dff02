# SPDX-License-Identifier: GPL-2.0-or-later
"""Last words on full Debian nodes: one of two panics and says so; the other takes over
at once; the dump is saved all the same."""
import json
import re
import subprocess

from demo import demo as demos
from lab import cluster, errors, testbed

WEB = "web"


def check(condition, text):
    if not condition:
        raise AssertionError(text)


class Pair:
    def __init__(self, lab):
        self.lab = lab
        self.first, self.second = lab.nodes
        self.cluster = cluster.Cluster(lab, demos.cluster_file(lab),
                                       {"web.pkg": demos.read("web.pkg")})

    def form(self):
        self.lab.start()
        self.cluster.configure()
        try:
            self.cluster.start()
        except errors.CommandFailed:
            pass    # too slow an answer on a busy host: the members tell
        self.cluster.wait_members(self.lab.nodes)
        check(self.cluster.wait_owner(WEB) is self.first, f"{WEB} does not run on node1")
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


STEPS = (
    ("two nodes have last words ready", Pair.form, True),
    ("one panics and says so, the other takes its package", Pair.survive, True),
    ("kdump has saved the dump all the same", Pair.dump, False),
    ("the first comes back", Pair.rejoin, False),
)


def run(steps, results, stage):
    config = testbed.Config(append="crash_kexec_post_notifiers")
    with testbed.Lab(results, nodes=2, stage=stage,
                     disks={demos.SHARED: demos.SHARED_MB}, config=config) as lab:
        pair = Pair(lab)
        for name, method, needed in STEPS:
            steps.run(name, lambda m=method: m(pair), needed)
