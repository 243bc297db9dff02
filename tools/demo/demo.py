# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs scenes on a cluster and says what happened."""
import contextlib
import json
import os
import subprocess
import time

from lab import cluster, network, testbed
from lab.errors import LabError

from . import client, fencelog, host, outage, scenes, timeline

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))
ADDRESS = network.address("data", 80)
PORT = 80
SHARED = "shared"
SHARED_MB = 16
MEMBER_TIMEOUT_MS = 4000
BOUND_MS = MEMBER_TIMEOUT_MS * 1.1 + 1000
BEFORE_MS = 2000
COMMAND = os.path.join(TOP, "build", "release", "sbin", "tocsin")
CLIENT_LOG = "client.log"


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
        self.client = client.Client(ADDRESS, PORT)
        self.results = []
        self.failures = []
        self.dumps = []
        self.struck_ms = 0.0
        self.gap = None
        self._load = self._spent = None
        self.deed = ""
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

    def fail(self, text):
        """Something did not hold; what can still be shown is shown."""
        self.say(f"FAILED: {text}")
        self.failures.append(text)

    def attempt(self, play, *args):
        """Plays a scene; False when the cluster is in no state for another."""
        try:
            play(*args)
        except Failed as err:
            self.fail(str(err))
        except LabError as err:
            self.fail(str(err))
            return False
        return True

    @contextlib.contextmanager
    def recorded(self):
        """The client's record is kept, however the demo ends."""
        try:
            yield
        finally:
            self.client.save(self.lab.result_path(CLIENT_LOG), self.lab.epoch_ms)

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
        self.deed = text
        self._load = host.Load()
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
        self.say(self.deed)
        heir = self.cluster.wait_owner(scenes.PACKAGE, survivors, owner)
        self.say(f"{scenes.PACKAGE} runs on {heir}")
        self.measure(heir)
        self.come_back(scene, owner, boot)
        report = self.read_dump(scene, owner)
        self.tell(scene, owner, heir, report)

    def measure(self, heir):
        """The outage that the deed has made: now, before a machine that boots
        makes others."""
        def settled():
            return outage.settled_ms(self.client.answers(self.struck_ms), heir.name)
        self.lab.wait(f"the client to get answers of {heir}", settled, 60)
        self._spent = self._load.spent()
        # Requests that are under way may still fail; they have ended by then.
        time.sleep(2 * client.TIMEOUT_S + client.INTERVAL_S)
        self.lab.wait(f"the client to get answers of {heir}", settled, 60)
        self.gap = outage.failover(self.client.answers(), self.struck_ms, heir.name)
        self.say(f"the client gets answers of {heir}"
                 + (f", after {self.gap.length_ms:.0f} ms without" if self.gap else ""))

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
            self.fail(f"scene {scene.key}: cmcrash: {done.stderr.strip()}")
            return {}
        report = json.loads(done.stdout)
        if not any(text in report["verdict"] for text in scene.dump):
            self.fail(f"scene {scene.key}: the dump says '{report['verdict']}', "
                      f"expected: {' or '.join(scene.dump)}")
        self.dumps.append((scene, owner, path))
        return report

    def tell(self, scene, owner, heir, report):
        """Prints the time line and checks what must hold."""
        since = self.struck_ms - 50
        epoch = self.lab.epoch_ms
        events = [timeline.Event(self.struck_ms, "demo", self.deed)]
        for node in self.lab.nodes:
            events += timeline.from_journal(node, self.clocks, since, epoch)
        events += timeline.from_dump(owner, self.clocks, report, since, self.struck_ms)
        until = self.struck_ms + 12000
        events = [e for e in events if e.ms < until]
        events += timeline.from_client(self.gap, self.struck_ms, heir)
        self.say(f"time line, milliseconds after the deed, clocks known to "
                 f"{self.clocks.error_ms:.1f} ms (see Documentation/TIMING):")
        for line in timeline.show(events, self.struck_ms):
            self.say(line)
        length_ms = self.gap.length_ms if self.gap else 0.0
        self.results.append((scene, owner.name, length_ms))
        self.say(f"the client was without answer for {length_ms:.0f} ms")
        answers = self.client.answers(self.struck_ms - BEFORE_MS)
        earlier, later = outage.others(answers, self.struck_ms, self.gap)
        if earlier:
            self.say(f"earlier, while {owner} went down: "
                     + outage.words(earlier, self.struck_ms))
        if later:
            self.say(f"later, while {owner} booted: " + outage.words(later, self.struck_ms))
        fault = outage.two_at_a_time(answers)
        if fault:
            self.fail(f"scene {scene.key}: {fault}")
        if scene.key == "b" and length_ms > BOUND_MS:
            self.fail(f"scene b: outage {length_ms:.0f} ms, allowed are "
                      f"MEMBER_TIMEOUT x 1.1 + 1 s = {BOUND_MS:.0f} ms")
            self.say(self.hint(answers))

    def hint(self, answers):
        """Whether the host may be why something took too long."""
        until = self.gap.end_ms
        words = []
        late = max((a.late_ms for a in answers if a.sent_ms <= until), default=0)
        words.append(f"the client was up to {late:.0f} ms late")
        for node in self.lab.nodes:
            late = timeline.lateness_ms(node, self.clocks, self.struck_ms, until,
                                        self.lab.epoch_ms)
            if late:
                words.append(f"cmcld on {node} up to {late:.0f} ms")
        ours, theirs, all_of_them = self._spent
        words.append(f"of {all_of_them} processors other programs had {theirs:.1f}, "
                     f"the demo {ours:.1f}")
        return f"hint: {', '.join(words)}: {host.judge(*self._spent)}"

    # -- end -------------------------------------------------------------

    def conclude(self):
        """Reads dumps and the shared disk; prints the summary."""
        # That of scene d is much like the others; it is shown when it is the only one.
        for scene, owner, path in ([d for d in self.dumps if d[0].key != "d"] or self.dumps):
            self.head(f"why did {owner} go down in scene {scene.key}?")
            self.say(f"$ {os.path.relpath(COMMAND, TOP)} cmcrash {os.path.relpath(path, TOP)}")
            done = subprocess.run([COMMAND, "cmcrash", path], capture_output=True,
                                  text=True, check=False)
            self.say(done.stdout + done.stderr)
            if done.returncode:
                self.fail(f"cmcrash {path} failed")
        self.head("who ran the package when, from the shared disk")
        log = fencelog.read(self.lab.disk_path(SHARED))
        for line in fencelog.show(log):
            self.say(line)
        fault = fencelog.check(log)
        if fault:
            self.fail(fault)
        else:
            self.say(fencelog.PROOF)
        self.head("summary")
        for scene, owner, length_ms in self.results:
            self.say(f"scene {scene.key}: {scene.title} ({owner}): "
                     f"client outage {length_ms:.0f} ms")
        self.say(f"MEMBER_TIMEOUT is {MEMBER_TIMEOUT_MS} ms")


def run_three_nodes(results, stage, keys):
    """The main demo; keys chooses scenes.  Returns what failed."""
    wanted = [s for s in scenes.SCENES if s.key in keys]
    with testbed.Lab(results, nodes=3, stage=stage, disks={SHARED: SHARED_MB}) as lab:
        demo = Demo(lab)
        with demo.recorded():
            demo.bring_up()
            for scene in wanted:
                if not demo.attempt(demo.play, scene):
                    demo.say("the remaining scenes are not played")
                    break
            demo.conclude()
        return demo.failures


def run_two_nodes(results, stage):
    """Two nodes and qs, network cut: exactly one side lives.  Returns what failed."""
    with testbed.Lab(results, nodes=2, stage=stage, disks={SHARED: SHARED_MB}) as lab:
        demo = Demo(lab)
        with demo.recorded():
            demo.bring_up()
            demo.attempt(play_two_nodes, demo)
            demo.conclude()
        return demo.failures


def play_two_nodes(demo):
    """Cuts the network and looks who lives."""
    lab = demo.lab
    demo.head("scene two-node: the network between the two nodes is cut")
    one, two = lab.nodes
    boots = {node: node.boot() for node in lab.nodes}
    demo.mark(f"network cut: {one} | {two}; both reach qs and the client")
    lab.networks.cut(str(one), str(two))
    demo.say(demo.deed)
    dead = lab.wait("one of the nodes to take itself down",
                    lambda: next((n for n in lab.nodes
                                  if n.console.find("Kernel panic")), None), 60)
    heir = two if dead is one else one
    demo.cluster.wait_owner(scenes.PACKAGE, [heir])
    demo.measure(heir)
    if heir.boot() != boots[heir] or heir.console.find("Kernel panic"):
        raise Failed("two-node: both nodes went down")
    demo.say(f"{dead} took itself down, {heir} lives and runs {scenes.PACKAGE}")
    lab.networks.heal()
    scene = scenes.Scene("two-node", "network cut between two nodes", None,
                         dump=("quorum lease", "out of the committed view"))
    demo.come_back(scene, dead, boots[dead])
    demo.tell(scene, dead, heir, demo.read_dump(scene, dead))


def main(results, stage, scene):
    """Exit status of the demo."""
    kept = f"consoles, journals, dumps and what the client saw ({CLIENT_LOG}) are in {results}"
    try:
        if scene == "two-node":
            failures = run_two_nodes(results, stage)
        else:
            failures = run_three_nodes(results, stage, scene or "abcd")
    except (Failed, LabError) as err:
        failures = [str(err)]
    for text in failures:
        print(f"demo: FAILED: {text}", flush=True)
    print(f"demo: {kept}" if failures else f"demo: all scenes held; {kept}", flush=True)
    return 1 if failures else 0
