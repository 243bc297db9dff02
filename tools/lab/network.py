# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's networks: a bridge each, a tap for each machine on it.

They live in the sandbox's network namespace, where nftables can take away
what it likes.  The host itself stands on each bridge as "client".
"""
import dataclasses
import itertools
import subprocess

from .errors import LabError

NETWORKS = ("data", "hb0", "hb1")
CLIENT = "client"
CLIENT_INDEX = 254


@dataclasses.dataclass(frozen=True)
class Fault:
    """Something wrong with the traffic from one machine to another.

    share: which part of the frames is lost, 1.0 for all
    match: nftables expression for the frames meant, such as
           "ether type ip udp dport 5300"; empty for all
    """
    source: str
    target: str
    net: str
    share: float = 1.0
    match: str = ""


def address(net, index):
    """IPv4 address of the machine with this index."""
    return f"192.168.{10 + NETWORKS.index(net)}.{index}"


def address6(net, index):
    return f"fd00:{10 + NETWORKS.index(net)}::{index:x}"


def mac(net, index):
    return f"52:54:00:{NETWORKS.index(net):02x}:00:{index:02x}"


def tap(name, net):
    """Name of the interface; Linux allows fifteen characters."""
    return f"{name}.{net}"


class Networks:
    """All networks of a lab and the faults on them."""

    def __init__(self):
        self._faults = set()
        self._machines = []
        lines = []
        for net in NETWORKS:
            lines += [f"link add {net} type bridge mcast_snooping 0 "
                      "forward_delay 0",
                      f"link set {net} up",
                      f"address add {address(net, CLIENT_INDEX)}/24 dev {net}",
                      f"address add {address6(net, CLIENT_INDEX)}/64 dev {net}"
                      " nodad"]
        _batch(lines)

    def attach(self, name, nets):
        """Makes the taps of a machine."""
        if len(tap(name, "data")) > 15:
            raise LabError(f"node name '{name}' is too long: ten characters "
                           "are allowed")
        self._machines.append(name)
        lines = []
        for net in nets:
            dev = tap(name, net)
            lines += [f"tuntap add dev {dev} mode tap",
                      f"link set {dev} master {net} up"]
        _batch(lines)

    @property
    def faults(self):
        return frozenset(self._faults)

    def add(self, *faults):
        self._check(faults)
        self._apply(self._faults | set(faults))

    def remove(self, *faults):
        self._apply(self._faults - set(faults))

    def heal(self):
        """Removes all faults."""
        self._apply(set())

    def cut(self, source, target, nets=NETWORKS, both=True, share=1.0,
            match=""):
        """Takes traffic away between two machines; returns the faults."""
        pairs = [(source, target)] + ([(target, source)] if both else [])
        faults = [Fault(a, b, net, share, match)
                  for a, b in pairs for net in nets]
        self.add(*faults)
        return faults

    def partition(self, *groups, nets=NETWORKS):
        """Separates groups of machines from each other, both directions, all
        at the same moment; machines in no group keep all their links."""
        faults = [Fault(a, b, net, 1.0, "")
                  for one, two in itertools.permutations(groups, 2)
                  for a in one for b in two for net in nets]
        self.add(*faults)
        return faults

    def _check(self, faults):
        for fault in faults:
            for name in (fault.source, fault.target):
                if name not in self._machines + [CLIENT]:
                    raise LabError(f"no machine '{name}': there are "
                                   f"{' '.join(self._machines)} {CLIENT}")
            if fault.net not in NETWORKS:
                raise LabError(f"no network '{fault.net}': there are "
                               f"{' '.join(NETWORKS)}")
            if not 0 < fault.share <= 1:
                raise LabError(f"share {fault.share}: more than 0, at most 1")

    def _apply(self, faults):
        """Replaces the whole rule set in one transaction."""
        rules = {"forward": [], "input": [], "output": []}
        for fault in sorted(faults, key=str):
            chain, text = _rule(fault)
            rules[chain].append(text)
        script = "table bridge lab {}\ndelete table bridge lab\n"
        if faults:
            script += "table bridge lab {\n"
            for chain, lines in rules.items():
                script += (f"chain {chain} {{ type filter hook {chain} "
                           "priority 0;\n" + "".join(lines) + "}\n")
            script += "}\n"
        done = subprocess.run(["nft", "-f", "-"], input=script, text=True,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise LabError(f"nft refused the faults: {done.stderr.strip()}")
        self._faults = faults


def _rule(fault):
    """Chain and text of the nftables rule that makes the fault."""
    chain, where = "forward", []
    if fault.source == CLIENT:
        chain = "output"
    else:
        where.append(f'iifname "{tap(fault.source, fault.net)}"')
    if fault.target == CLIENT:
        chain = "input"
    else:
        where.append(f'oifname "{tap(fault.target, fault.net)}"')
    if fault.match:
        where.append(fault.match)
    if fault.share < 1:
        where.append(f"numgen random mod 10000 < {int(fault.share * 10000)}")
    return chain, " ".join(where) + " counter drop\n"


def _batch(lines):
    done = subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n",
                          text=True, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise LabError(f"cannot set up the networks: {done.stderr.strip()}")
