# SPDX-License-Identifier: GPL-2.0-or-later
"""A Tocsin cluster in a lab: key, quorum server, configuration, start.

Everything is done with the administrator's own commands on the nodes; only
what an administrator would do with ssh (copying the key) goes through the
lab's channel.
"""
import json

from . import testbed
from .errors import CommandFailed, LabError, NodeOff, NodeRebooted, NodeTimeout

HOME = "/root/cluster"
GONE = (CommandFailed, NodeOff, NodeRebooted, NodeTimeout)


class Cluster:
    """The cluster of all nodes of a lab.

    text:     the cluster file
    packages: {file name: text} of the package files
    """

    def __init__(self, lab, text, packages):
        self.lab = lab
        self.text = text
        self.packages = packages
        self.has_quorum = testbed.QS in lab.machines

    # -- bringing up -----------------------------------------------------

    def configure(self, say=lambda text: None):
        """Makes the key, sets the quorum server up, checks and applies the
        configuration."""
        first = self.lab.nodes[0]
        say(f"{first}: cmkeygen")
        first.run("cmkeygen")
        key = first.get("/etc/tocsin/key")
        for machine in self.lab.nodes[1:]:
            machine.put(key, "/etc/tocsin/key", 0o600)
        for node in self.lab.nodes:
            node.put(b"AUTOSTART_CMCLD=1\n", "/etc/tocsin/tocsin.conf")
        if self.has_quorum:
            self._start_quorum_server(say)
        first.put(self.text.encode(), f"{HOME}/cluster.ascii")
        files = ["-C", f"{HOME}/cluster.ascii"]
        for name, text in self.packages.items():
            first.put(text.encode(), f"{HOME}/{name}")
            files += ["-P", f"{HOME}/{name}"]
        arguments = " ".join(files)
        for command in ("cmcheckconf -v", "cmapplyconf -f -v"):
            say(f"{first}: {command} {arguments}")
            say(first.run(f"{command} {arguments}", timeout=120).out.rstrip())

    def _start_quorum_server(self, say):
        """The server gets a key that serves for nothing else."""
        server, first = self.lab[testbed.QS], self.lab.nodes[0]
        name = next(line.split()[1] for line in self.text.splitlines()
                    if line.startswith("CLUSTER_NAME"))
        say(f"{first}: qs -key")
        key = first.run("qs -key").out.strip()
        server.put(f"{name} {key}\n".encode(), "/etc/tocsin/qs_authfile", 0o600)
        say(f"{server}: systemctl restart tocsin-qs")
        server.run("systemctl restart tocsin-qs")

    def start(self, say=lambda text: None):
        first = self.lab.nodes[0]
        say(f"{first}: cmruncl -v")
        say(first.run("cmruncl -v", timeout=180).out.rstrip())

    # -- looking ---------------------------------------------------------

    def status(self, node):
        """The status document as this node's cmcld gives it; None when it
        does not answer."""
        try:
            done = node.run("cmviewcl -f json", timeout=20)
            return json.loads(done.out)
        except GONE:
            return None
        except ValueError as err:
            raise LabError(f"{node}: cmviewcl -f json printed no JSON: "
                           f"{err}") from None

    def members(self, node):
        """Names of the running members as this node sees them."""
        status = self.status(node)
        if not status:
            return []
        return [n["name"] for n in status["nodes"] if n["state"] == "running"]

    def package(self, node, name):
        status = self.status(node) or {"packages": []}
        for package in status["packages"]:
            if package["name"] == name:
                return package
        return None

    def owner(self, name, among=None):
        """The machine that runs a package, by the word of any of these
        nodes; None when nobody does."""
        for node in among or self.lab.nodes:
            package = self.package(node, name) if node.is_on() else None
            if package and package["state"] == "running":
                return self.lab[package["node"]]
        return None

    # -- waiting ---------------------------------------------------------

    def wait_owner(self, name, among=None, other_than=None, timeout=90):
        """Waits until the package runs (on another node), returns where."""
        def runs():
            owner = self.owner(name, among)
            return owner if owner is not other_than else None
        return self.lab.wait(f"package {name} running", runs, timeout)

    def wait_members(self, nodes, timeout=240):
        """Waits until all these nodes say that all of them are members."""
        names = sorted(str(n) for n in nodes)
        for node in nodes:
            self.lab.wait(f"{node} to see {' '.join(names)} as members",
                          lambda n=node: n.is_on() and sorted(self.members(n)) == names,
                          timeout, every=0.5)
