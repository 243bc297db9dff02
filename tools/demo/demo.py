# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs scenes on a cluster and says what happened."""
import json
import os
import subprocess
import time

from lab import cluster, network, testbed
from lab.errors import LabError

from . import fencelog, scenes, timeline
from .client import Client

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))
ADDRESS = network.address("data", 80)
PORT = 80
SHARED = "shared"
SHARED_MB = 16
MEMBER_TIMEOUT_MS = 4000
COMMAND = os.path.join(TOP, "build", "release", "sbin", "tocsin")


def read(name):
    """Text of a file beside this one."""
    with open(os.path.join(HERE, name), encoding="utf-8") as src:
        return src.read()


def cluster_file(lab):
    """The cluster file for a lab: its nodes and their addresses."""
    lines = [read("cluster.head").replace("@TIMEOUT@", str(MEMBER_TIMEOUT_MS))]
    if testbed.QS in lab.machines:
        lines.append(f"QS_HOST {network.address('data', testbed.QS_INDEX)}")
    for node in lab.nodes:
        lines += ["", f"NODE_NAME {node}"]
        for number, net in enumerate(network.NETWORKS):
            keyword = "STATIONARY_IP" if net == "data" else "HEARTBEAT_IP"
            lines.append(f"  NETWORK_INTERFACE eth{number}")
            lines.append(f"    {keyword} {network.address(net, node.index)}")
    return "\n".join(lines) + "\n"


class Failed(Exception):
    """Something that must hold did not."""


class Demo:
    """A lab with a cluster, a package and a client."""

    def __init__(self, lab):
        self.lab = lab
        self.begin = time.monotonic()
        self.clocks = timeline.Clocks()
        self.client = Client(ADDRESS, PORT)
        self.results = []
        self.dumps = []
        self.struck_ms = 0.0
        self._deed = ""
        self.cluster = cluster.Cluster(lab, cluster_file(lab),
                                       {"web.pkg": read("web.pkg")})

    # -- talking ---------------------------------------------------------

    def say(self, text=""):
        stamp = time.monotonic() - self.begin
        for line in (text or "").splitlines() or [""]:
            print(f"{stamp:7.1f}  {line}".rstrip(), flush=True)

    def head(self, text):
        self.say()
        self.say("=" * 72)
        self.say(text)
        self.say("=" * 72)

    # -- bringing up -----------------------------------------------------

    def bring_up(self):
        self.say(f"booting {len(self.lab.machines)} machines")
        self.lab.start()
        self.say("all machines are up")
        self.cluster.configure(self.say)
        self.cluster.start(self.say)
        self.cluster.wait_owner(scenes.PACKAGE)
        self.clocks.measure(self.lab.nodes)
        self.client.start()
        self.lab.wait("the client to get answers",
                      lambda: self.client.up_since(0), 60)
        self.say(self.lab.nodes[0].run("cmviewcl -v").out)

    # -- scenes ----------------------------------------------------------

    def mark(self, text):
        """The moment of the deed."""
        self._deed = text
        self.struck_ms = time.monotonic() * 1000

    def play(self, scene):
        self.head(f"scene {scene.key}: {scene.title}")
        owner = self.cluster.owner(scenes.PACKAGE)
        if owner is None:
            raise Failed(f"scene {scene.key}: nobody runs {scenes.PACKAGE} before it")
        survivors = [n for n in self.lab.nodes if n is not owner]
        self.say(f"{scenes.PACKAGE} runs on {owner}")
        boot = owner.boot()
        scene.strike(self, owner)
        self.say(self._deed)
        heir = self.cluster.wait_owner(scenes.PACKAGE, survivors, owner)
        self.say(f"{scenes.PACKAGE} runs on {heir}")
        self.lab.wait("the client to get answers again",
                      lambda: self.client.up_since(self.struck_ms), 60)
        self.come_back(scene, owner, boot)
        report = self.read_dump(scene, owner)
        self.tell(scene, owner, report)

    def come_back(self, scene, owner, boot):
        """The failed node boots and rejoins by itself."""
        self.say(f"waiting for {owner} to boot and to rejoin by itself")
        if scene.key == "d":
            self.lab.wait(f"{owner} to take itself down",
                          lambda: owner.console.find("Kernel panic"), 60)
            self.lab.networks.heal()
        if scene.restart:
            owner.power_on()
        owner.wait_boot(after=boot, timeout=240)
        owner.wait_ready()
        self.clocks.measure([owner])
        self.cluster.wait_members(self.lab.nodes)
        self.say(f"{owner} is a member again")
        self.say(self.lab.nodes[0].run("cmviewcl").out)

    def read_dump(self, scene, owner):
        """What the flight recorder in the crash dump says; {} without one."""
        if not scene.dump:
            return {}
        path = owner.fetch_dump()
        done = subprocess.run([COMMAND, "cmcrash", "--json", path],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"scene {scene.key}: cmcrash: {done.stderr.strip()}")
        report = json.loads(done.stdout)
        if not any(text in report["verdict"] for text in scene.dump):
            raise Failed(f"scene {scene.key}: the dump says '{report['verdict']}', "
                         f"expected: {' or '.join(scene.dump)}")
        self.dumps.append((scene, path))
        return report

    def tell(self, scene, owner, report):
        """Prints the time line and checks what must hold."""
        since = self.struck_ms - 50
        epoch = self.lab.epoch_ms
        events = [timeline.Event(self.struck_ms, "demo", self._deed)]
        for node in self.lab.nodes:
            events += timeline.from_journal(node, self.clocks, since, epoch)
        events += timeline.from_dump(owner, self.clocks, report, since, self.struck_ms)
        events += timeline.from_client(self.client, since)
        first_ms = self.struck_ms + 12000
        self.say(f"time line, milliseconds after the deed "
                 f"(clocks known to {self.clocks.error_ms:.1f} ms):")
        for line in timeline.show([e for e in events if e.ms < first_ms], self.struck_ms):
            self.say(line)
        gap = self.client.outage(since)
        outage = gap[1] - gap[0] if gap else 0.0
        bound = MEMBER_TIMEOUT_MS * 1.1 + 1000
        self.results.append((scene, owner.name, outage))
        self.say(f"the client was without answer for {outage:.0f} ms")
        if scene.key == "b" and outage > bound:
            raise Failed(f"scene b: outage {outage:.0f} ms, allowed are "
                         f"MEMBER_TIMEOUT x 1.1 + 1 s = {bound:.0f} ms")

    # -- end -------------------------------------------------------------

    def conclude(self):
        """Reads dumps and the shared disk; prints the summary."""
        for scene, path in self.dumps:
            if scene.key not in ("a", "c"):
                continue
            self.head(f"why did the node of scene {scene.key} go down?  cmcrash {path}")
            done = subprocess.run([COMMAND, "cmcrash", path], capture_output=True,
                                  text=True, check=False)
            self.say(done.stdout + done.stderr)
            if done.returncode:
                raise Failed(f"cmcrash {path} failed")
        self.head("who ran the package when, from the shared disk")
        log = fencelog.read(self.lab.disk_path(SHARED))
        for line in fencelog.show(log):
            self.say(line)
        fault = fencelog.check(log)
        if fault:
            raise Failed(fault)
        self.say("never two nodes at a time")
        self.head("summary")
        for scene, owner, outage in self.results:
            self.say(f"scene {scene.key}: {scene.title} ({owner}): "
                     f"client outage {outage:.0f} ms")
        self.say(f"MEMBER_TIMEOUT is {MEMBER_TIMEOUT_MS} ms")


def run_three_nodes(results, stage, keys):
    """The main demo; keys chooses scenes."""
    wanted = [s for s in scenes.SCENES if s.key in keys]
    with testbed.Lab(results, nodes=3, stage=stage, disks={SHARED: SHARED_MB}) as lab:
        demo = Demo(lab)
        demo.bring_up()
        for scene in wanted:
            demo.play(scene)
        demo.conclude()


def run_two_nodes(results, stage):
    """Two nodes and qs, network cut: exactly one side lives."""
    with testbed.Lab(results, nodes=2, stage=stage, disks={SHARED: SHARED_MB}) as lab:
        demo = Demo(lab)
        demo.bring_up()
        demo.head("scene two-node: the network between the two nodes is cut")
        one, two = lab.nodes
        boots = {node: node.boot() for node in lab.nodes}
        demo.mark(f"network cut: {one} | {two}; both reach qs and the client")
        lab.networks.cut(str(one), str(two))
        demo.say(demo._deed)
        dead = lab.wait("one of the nodes to take itself down",
                        lambda: next((n for n in lab.nodes
                                      if n.console.find("Kernel panic")), None), 60)
        heir = two if dead is one else one
        demo.cluster.wait_owner(scenes.PACKAGE, [heir])
        lab.wait("the client to get answers again",
                 lambda: demo.client.up_since(demo.struck_ms), 60)
        if heir.boot() != boots[heir] or heir.console.find("Kernel panic"):
            raise Failed("two-node: both nodes went down")
        demo.say(f"{dead} took itself down, {heir} lives and runs {scenes.PACKAGE}")
        lab.networks.heal()
        scene = scenes.Scene("two-node", "network cut between two nodes", None,
                             dump=("quorum lease", "out of the committed view"))
        demo.come_back(scene, dead, boots[dead])
        demo.tell(scene, dead, demo.read_dump(scene, dead))
        demo.conclude()


def main(results, stage, scene):
    """Exit status of the demo."""
    try:
        if scene == "two-node":
            run_two_nodes(results, stage)
        else:
            run_three_nodes(results, stage, scene or "abcd")
    except (Failed, LabError) as err:
        print(f"demo: FAILED: {err}\ndemo: consoles, journals and dumps are in {results}",
              flush=True)
        return 1
    print(f"demo: all scenes held; consoles, journals and dumps are in {results}")
    return 0
