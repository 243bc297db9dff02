# SPDX-License-Identifier: GPL-2.0-or-later
"""The failures that the demo stages, each with what must hold after it."""
import dataclasses

PACKAGE = "web"


@dataclasses.dataclass(frozen=True)
class Scene:
    """One failure.

    strike(demo, owner): makes it happen; returns in the moment of the deed
    dump: the owner's kernel leaves a crash dump, whose verdict holds one of these
    restart: the owner must be powered on again (else it comes back by itself)
    """
    key: str
    title: str
    strike: object
    dump: tuple = ()
    restart: bool = False


def kill_cmcld(demo, owner):
    demo.mark(f"kill -KILL cmcld on {owner}")
    owner.start("kill -KILL $(pidof cmcld)")


def power_off(demo, owner):
    demo.mark(f"power cord of {owner} pulled")
    owner.power_off()


def hang(demo, owner):
    """All CPUs but one spin with interrupts off.  cmcld's threads are put on
    the CPUs that hang, because a node whose cluster manager still runs on the
    remaining CPU is slow, not dead.  What ends the node first depends on which
    CPU the network's interrupts go to: the safety lease, the quorum lease, or
    the first heartbeat of the others' next view."""
    owner.run("for task in /proc/$(pidof cmcld)/task/*; do "
              "taskset -p -c 1-$(($(nproc) - 1)) ${task##*/} >/dev/null; done")
    demo.mark(f"interrupts off on all CPUs of {owner} but CPU 0")
    owner.hang()


def split(demo, owner):
    others = [str(n) for n in demo.lab.machines.values() if n is not owner]
    demo.mark(f"network split: {owner} | {' '.join(others)} client")
    demo.lab.networks.partition([str(owner)], others + ["client"])


SCENES = (
    Scene("a", "cmcld on the owning node is killed with SIGKILL", kill_cmcld,
          dump=("went away",)),
    Scene("b", "the owning node is powered off", power_off, restart=True),
    Scene("c", "the owning node's kernel hangs, interrupts off on all CPUs but one",
          hang, dump=("safety lease", "quorum lease", "evicted")),
    Scene("d", "the network splits, one against two", split, dump=("quorum lease",)),
)
