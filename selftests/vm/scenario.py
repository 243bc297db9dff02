# SPDX-License-Identifier: GPL-2.0-or-later
"""One cluster scenario on full Debian nodes: configuration, packages, errors,
loss of a node, leaving and halting."""
import json
import os
import re
import socket
import subprocess
import time

from demo import demo as demos
from demo import fencelog
from demo.client import Client
from lab import cluster, network, testbed

WEB = "web"


def check(condition, text):
    if not condition:
        raise AssertionError(text)


class Scenario:
    """The steps; each raises AssertionError with what was seen instead."""

    def __init__(self, lab):
        self.lab = lab
        self.client = Client(demos.ADDRESS, demos.PORT)
        self.cluster = cluster.Cluster(lab, demos.cluster_file(lab),
                                       {"web.pkg": demos.read("web.pkg")})
        self.first, self.second, self.third = lab.nodes

    # -- configuration ---------------------------------------------------

    def boot(self):
        self.lab.start()
        for machine in self.lab.machines.values():
            failed = machine.failed_units()
            check(not failed, f"{machine}: failed units {failed}")

    def configure(self):
        self.cluster.configure()
        sums = {n.run("sha256sum </etc/tocsin/cmclconfig").out for n in self.lab.nodes}
        check(len(sums) == 1, f"the nodes hold different configurations: {sums}")

    def broken_configuration(self):
        """A fault is named with file, line and column and changes nothing."""
        before = self._configurations()
        text = self.cluster.text.replace("NODE_NAME node2", "NODE_NAM node2")
        self.first.put(text.encode(), "/root/broken.ascii")
        done = self.first.run("cmapplyconf -f -C /root/broken.ascii", check=False)
        said = done.out + done.err
        line = 1 + self.cluster.text.splitlines().index("NODE_NAME node2")
        check(done.code == 1, f"exit status {done.code}, output {said}")
        check(re.search(rf"broken\.ascii:{line}:\d+", said),
              f"file, line {line} and column are not named: {said}")
        check("NODE_NAME" in said, f"the nearest keyword is not named: {said}")
        check(self._configurations() == before, "a broken file changed a configuration")

    def _configurations(self):
        return [n.run("sha256sum </etc/tocsin/cmclconfig").out for n in self.lab.nodes]

    def all_or_none(self):
        """A node that cannot be reached: no node gets the new configuration."""
        before = self._configurations()
        text = self.cluster.text.replace("AUTO_START_TIMEOUT", "# AUTO_START_TIMEOUT")
        self.first.put(text.encode(), "/root/other.ascii")
        self.lab.networks.cut("node1", "node3")
        try:
            done = self.first.run("cmapplyconf -f -C /root/other.ascii", timeout=120,
                                  check=False)
        finally:
            self.lab.networks.heal()
        check(done.code == 1, f"exit status {done.code}: {done.out}{done.err}")
        check("node3" in done.err + done.out, f"node3 is not named: {done.err}")
        check(self._configurations() == before, "some node has a new configuration")

    def get_configuration(self):
        """cmgetconf gives back what means the same."""
        self.first.run("cmgetconf -c /root/got.ascii 2>/dev/null || "
                       "cmgetconf /root/got.ascii")
        before = self._configurations()
        done = self.first.run("cmcheckconf -v -C /root/got.ascii")
        check(done.code == 0, done.err)
        check(self._configurations() == before, "cmcheckconf changed something")

    # -- running ---------------------------------------------------------

    def form(self):
        self.cluster.start()
        self.cluster.wait_members(self.lab.nodes)
        owner = self.cluster.wait_owner(WEB)
        check(owner is self.first, f"{WEB} runs on {owner}, its first node is node1")
        self.client.start()
        self.lab.wait("answers", lambda: self.client.up_since(0), 60)
        self._memory_stays()

    def _memory_stays(self):
        """No page of cmcld's is swapped or moved about."""
        said = self.first.run("cd /proc/$(pidof cmcld) && grep -E '^(VmLck|THP_enabled)' status"
                              " && head -n 1 numa_maps").out
        check(re.search(r"VmLck:\s+[1-9]\d+ kB\nTHP_enabled:\s+0\n\w+ local ", said), said)

    def formats(self):
        table = self.second.run("cmviewcl -v").out
        for word in ("CLUSTER", "NODE", "PACKAGE", "Quorum_Server_Status", "AUTO_RUN",
                     "Heartbeat timer of this node, late\n    by "):
            check(word in table, f"cmviewcl -v shows no {word}: {table}")
        lines = self.second.run("cmviewcl -f line").out
        check(f"package:{WEB}|status=up" in lines, lines)
        done = self.second.run("cmviewcl -n nobody", check=False)
        check(done.code == 1 and "nobody" in done.err, f"{done.code} {done.err}")

    def live(self):
        """cmcrash reads the recorder of a node that is well."""
        said = json.loads(self.first.run("cmcrash --live --json").out)
        check(said["armed"] and said["source"], f"armed {said['armed']}")
        check(len(said["installed"]["members"]) == len(self.lab.nodes), said["installed"])
        for lease in ("safety_lease_ns", "quorum_lease_ns"):
            check(said[lease] > said["at_ns"], f"{lease} {said[lease]} at {said['at_ns']}")
        check(all(peer["heard"] for peer in said["peers"]), said["peers"])
        text = self.first.run("cmcrash --live").out
        check(self.second.name in text, text)

    def strangers(self):
        """Datagrams without the key change nothing and are counted."""
        epoch = self.cluster.status(self.first)["cluster"]["epoch"]
        address = (network.address("hb0", self.first.index), 5300)
        before = self._drops(self.first)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for size in range(0, 400):
                sock.sendto(os.urandom(size), address)
        self.lab.wait("the datagrams to be counted",
                      lambda: self._drops(self.first) >= before + 300, 20)
        # A stranger's connection is closed and holds nobody up.
        with socket.create_connection(address, timeout=10) as conn:
            conn.sendall(b"GET / HTTP/1.0\r\n\r\n")
            conn.settimeout(30)
            check(not conn.recv(64).startswith(b"HTTP"), "a stranger got an answer")
        status = self.cluster.status(self.first)
        check(status["cluster"]["epoch"] == epoch, "strangers changed the view")

    def _drops(self, node):
        status = self.cluster.status(node)
        return sum(status["heartbeat"]["refused"].values())

    def service_failure(self):
        """A service that fails is restarted, then the package moves."""
        killed = 0
        while self.cluster.owner(WEB) is self.first:
            check(killed < 6, f"{WEB} is still on node1 after {killed} failures")
            done = self.first.run("pkill -KILL -x lockhttpd", check=False)
            killed += done.code == 0
            time.sleep(0.5)
        owner = self.cluster.wait_owner(WEB)
        check(owner is self.second, f"{WEB} moved to {owner}, next is node2")
        check(killed >= 2, "moved without having been restarted")
        package = self.cluster.package(self.second, WEB)
        switching = {n["name"]: n["switching"] for n in package["nodes"]}
        check(switching["node1"] is False, f"node1 may still run it: {switching}")
        self.first.run(f"cmmodpkg -e -n node1 {WEB}")

    def administer(self):
        """Halt, refuse, run elsewhere, switch."""
        self.third.run(f"cmhaltpkg -v {WEB}", timeout=90)
        package = self.cluster.package(self.third, WEB)
        check(package["status"] == "down", f"after cmhaltpkg: {package}")
        check(package["auto_run"] is False, "cmhaltpkg leaves AUTO_RUN enabled")
        done = self.third.run(f"cmrunpkg -n nobody {WEB}", check=False)
        check(done.code == 1 and done.err, "an unknown node is no error")
        self.third.run(f"cmrunpkg -v -n node3 {WEB}", timeout=90)
        check(self.cluster.owner(WEB) is self.third, "cmrunpkg -n node3 runs it elsewhere")
        done = self.third.run(f"cmrunpkg -n node1 {WEB}", check=False)
        check(done.code == 1 and done.err, "running it twice is no error")
        self.third.run(f"cmmodpkg -e {WEB}")
        done = self.first.run("cmhaltnode node3", check=False)
        check(done.code == 1 and WEB in done.err + done.out,
              f"cmhaltnode without -f: {done.code} {done.err}")

    # -- losing a node ---------------------------------------------------

    def lose_node(self):
        """cmcld is killed: TOC, takeover, dump, verdict, rejoin."""
        boot = self.third.boot()
        since_ms = time.monotonic() * 1000
        self.third.start("kill -KILL $(pidof cmcld)")
        heir = self.cluster.wait_owner(WEB, [self.first, self.second], self.third)
        self.lab.wait("answers", lambda: self.client.up_since(since_ms), 60)
        self.third.wait_boot(after=boot, timeout=240)
        self.third.wait_ready()
        path = self.third.fetch_dump()
        done = subprocess.run([demos.COMMAND, "cmcrash", "--json", path],
                              capture_output=True, text=True, check=False)
        check(done.returncode == 0, done.stderr)
        verdict = json.loads(done.stdout)["verdict"]
        check("went away" in verdict, f"cmcrash says '{verdict}'")
        self.cluster.wait_members(self.lab.nodes)
        check(self.cluster.owner(WEB) is heir, "the package moved when the node came back")

    def leave_and_return(self):
        """cmhaltnode -f moves the package and harms nobody; cmrunnode returns."""
        owner = self.cluster.owner(WEB)
        boot = owner.boot()
        owner.run(f"cmhaltnode -f -v {owner}", timeout=120)
        others = [n for n in self.lab.nodes if n is not owner]
        heir = self.cluster.wait_owner(WEB, others, owner)
        self.cluster.wait_members(others)
        check(owner.boot() == boot, f"{owner} went down though it left in order")
        heir.run(f"cmrunnode -v {owner}", timeout=180)
        self.cluster.wait_members(self.lab.nodes)

    def cut_off_at_its_start(self):
        """A node that tried to form a cluster alone starts over when it hears the
        running one, by itself and without a reboot; halted again it stays so."""
        boot = self.third.boot()
        self.third.run("cmhaltnode -f", timeout=120)
        self._ended(self.third)
        since = self.third.run("date +%s").out.strip()
        self.lab.networks.partition(("node1", "node2"), ("node3",))
        try:
            self.third.start("cmruncl -f -n node3")
            self.lab.wait("node3 to form in vain",
                          lambda: "Cannot form a cluster" in self._log(self.third, since),
                          120)
        finally:
            self.lab.networks.heal()
        self.cluster.wait_members(self.lab.nodes)
        said = self._log(self.third, since)
        check("cmcld starts again, to be let in as a new incarnation" in said, said)
        check("evicted" not in said, said)
        check(self.third.boot() == boot, "node3 went down")
        restarts = self.third.run("systemctl show -P NRestarts tocsin-cmcld").out.strip()
        check(restarts == "1", f"systemd has started cmcld again {restarts} times")
        self.third.run("cmhaltnode -f", timeout=120)
        self._ended(self.third)
        state = self.third.run("systemctl show -P ActiveState tocsin-cmcld").out.strip()
        check(state == "inactive", f"after cmhaltnode its unit is {state}")
        self.third.run("cmrunnode", timeout=180)
        self.cluster.wait_members(self.lab.nodes)

    def _ended(self, node):
        self.lab.wait(f"cmcld on {node} to end",
                      lambda: node.run("pidof cmcld", check=False).code == 1, 60)

    @staticmethod
    def _log(node, since):
        """What its cmcld has said since then, seconds of the epoch."""
        return node.run(f"journalctl -b -t cmcld -o cat --since @{since}").out

    def halt(self):
        """cmhaltcl -f ends everything in order and can be started again."""
        boots = [n.boot() for n in self.lab.nodes]
        self.second.run("cmhaltcl -f -v", timeout=120)
        for node in self.lab.nodes:
            self._ended(node)
        check([n.boot() for n in self.lab.nodes] == boots, "a node went down in cmhaltcl")
        self.cluster.start()
        self.cluster.wait_members(self.lab.nodes)
        self.cluster.wait_owner(WEB)

    def never_twice(self):
        log = fencelog.read(self.lab.disk_path(demos.SHARED))
        fault = fencelog.check(log)
        check(not fault, fault)
        check(len(log.runs) >= 5, f"only {len(log.runs)} runs are in the log")


STEPS = (
    # name, method, do the following need it?
    ("all machines boot, no unit fails", Scenario.boot, True),
    ("the configuration is installed on all nodes", Scenario.configure, True),
    ("a broken configuration is explained and changes nothing",
     Scenario.broken_configuration, False),
    ("with a node out of reach no node is changed", Scenario.all_or_none, False),
    ("cmgetconf gives back an acceptable file", Scenario.get_configuration, False),
    ("the cluster forms and runs its package", Scenario.form, True),
    ("cmviewcl shows it as table, lines and JSON", Scenario.formats, False),
    ("cmcrash --live reads the recorder of a node that is well", Scenario.live, False),
    ("strangers change nothing and are counted", Scenario.strangers, False),
    ("a failing service is restarted, then its package moves",
     Scenario.service_failure, False),
    ("packages are halted, run and switched by command", Scenario.administer, True),
    ("a lost node: TOC, takeover, crash dump that says why, rejoin",
     Scenario.lose_node, False),
    ("a node leaves in order and returns", Scenario.leave_and_return, False),
    ("a node that was cut off at its start comes in by itself",
     Scenario.cut_off_at_its_start, False),
    ("the cluster is halted in order and started again", Scenario.halt, False),
    ("the package never ran twice", Scenario.never_twice, False),
)


def run(steps, results, stage):
    config = testbed.Config()
    with testbed.Lab(results, nodes=3, stage=stage,
                     disks={demos.SHARED: demos.SHARED_MB}, config=config) as lab:
        scenario = Scenario(lab)
        for name, method, needed in STEPS:
            steps.run(name, lambda m=method: m(scenario), needed)
