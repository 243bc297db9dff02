# SPDX-License-Identifier: GPL-2.0-or-later
"""A lab: nodes, networks, shared disks.

    from lab import testbed
    testbed.enter()                       # first thing in the program
    with testbed.Lab("build/lab/mine", nodes=3, stage="build/stage") as lab:
        lab.start()
        lab["node1"].run("cmruncl")
        lab.networks.partition(["node1"], ["node2", "node3"])
"""
import dataclasses
import os
import time

from . import image as images
from . import network, qemu, sandbox
from . import stage as stages
from .errors import LabError, NodeTimeout
from .node import BOOT_S, Node

QS = "qs"
QS_INDEX = 100
_image = None


@dataclasses.dataclass
class Config:
    """How a machine is made."""
    cpus: int = 2
    memory_mb: int = 640
    networks: tuple = network.NETWORKS
    disks: tuple = ()
    kdump: bool = True
    kaslr: bool = False
    watchdog: bool = False
    append: str = ""
    qemu_args: tuple = ()


def enter():
    """Makes sure of the image, then goes on inside the sandbox.

    To be called before anything is open or running: it forks, see
    sandbox.enter().
    """
    global _image
    _image = images.get()
    qemu.accel()
    sandbox.enter()


class Lab:
    """The machines of one run.  Leaving the with statement powers all off.

    results: directory for consoles, journals and dumps
    nodes:   how many; they are called node1, node2 ...
    quorum:  with a small host called qs, without crash kernel
    stage:   directory that "make install DESTDIR=" filled, or None
    disks:   {name: size in MiB} of disks that all nodes share; a node finds
             one as /dev/disk/by-id/virtio-<name>
    config:  Config of the nodes
    """

    def __init__(self, results, nodes=3, quorum=True, stage=None, disks=None,
                 config=None):
        if not sandbox.inside():
            raise LabError("call testbed.enter() first")
        self.results = os.path.abspath(results)
        os.makedirs(self.results, exist_ok=True)
        self.epoch_ms = qemu.now_ms()
        self._log = open(self.result_path("lab.log"), "w")
        self.image = _image
        self.networks = network.Networks()
        self._disks = dict(disks or {})
        for name, size_mb in self._disks.items():
            with open(self.disk_path(name), "wb") as dst:
                dst.truncate(size_mb << 20)
        config = dataclasses.replace(config or Config(),
                                     disks=tuple(self._disks))
        index = {f"node{i}": i for i in range(1, nodes + 1)}
        if quorum:
            index[QS] = QS_INDEX
        self.stage = stages.build(self.image, stage, _hosts(index))
        self.machines = {}
        for name, number in index.items():
            mine = config
            if name == QS:
                mine = dataclasses.replace(config, memory_mb=256, cpus=1,
                                           kdump=False, disks=())
            self.machines[name] = Node(self, name, number, mine)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def __getitem__(self, name):
        try:
            return self.machines[name]
        except KeyError:
            raise LabError(f"no machine '{name}': there are "
                           f"{' '.join(self.machines)}") from None

    @property
    def nodes(self):
        """The nodes without qs, in order."""
        return [m for name, m in self.machines.items() if name != QS]

    def start(self, timeout=BOOT_S):
        """Powers all machines on and waits until they are ready."""
        for machine in self.machines.values():
            if not machine.is_on():
                machine.power_on()
        self.wait_ready(timeout)

    def wait_ready(self, timeout=BOOT_S):
        deadline = time.monotonic() + timeout
        for machine in self.machines.values():
            machine.wait_ready(max(1, deadline - time.monotonic()))
        self.note("all machines are ready")

    def stop(self):
        """Powers everything off."""
        for machine in self.machines.values():
            machine.power_off()

    def wait(self, what, condition, timeout, every=0.2):
        """Polls condition() until it is true; returns its value.  what says
        in words what is waited for."""
        deadline = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise NodeTimeout(f"waited {timeout:g} s in vain: {what}")
            time.sleep(every)

    def disk_path(self, name):
        """Image of a shared disk, for looking into it from the host."""
        return os.path.join(sandbox.scratch(), "shared." + name)

    def result_path(self, name):
        return os.path.join(self.results, name)

    def now_ms(self):
        """The lab's time, as in all its logs."""
        return qemu.now_ms() - self.epoch_ms

    def note(self, text):
        """Adds a line to lab.log."""
        self._log.write(f"{self.now_ms():8d} {text}\n")
        self._log.flush()


def _hosts(index):
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    index = dict(index, **{network.CLIENT: network.CLIENT_INDEX})
    for name, number in index.items():
        for net in network.NETWORKS:
            # The plain name is the address on the data network.
            alias = f" {name}" if net == "data" else ""
            lines.append(f"{network.address(net, number)} {name}-{net}{alias}")
            lines.append(f"{network.address6(net, number)} {name}-{net}6")
    return "\n".join(lines) + "\n"
