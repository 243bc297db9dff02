#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab's nodes: commands, networks and their faults, power, crash dumps."""
import os
import re
import shutil
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
from lab import errors, kmods, network, sandbox, testbed  # noqa: E402
from lab.tap import Tap, equal, true  # noqa: E402


def raises(kind, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except kind as err:
        return err
    raise AssertionError(f"no {kind.__name__}")


def echo_requests(node):
    """How many ICMP echo requests the node received so far."""
    out = node.run("cat /proc/net/snmp").out
    names, values = [line.split() for line in out.splitlines()
                     if line.startswith("Icmp:")]
    return int(values[names.index("InEchos")])


def pings(source, target, net, count=5):
    """Sends requests; returns (replies received, requests that arrived)."""
    before = echo_requests(target)
    address = network.address(net, target.index)
    out = source.run(f"ping -q -i 0.05 -W 1 -c {count} {address}",
                     check=False).out
    replies = int(re.search(r"(\d+) received", out).group(1))
    return replies, echo_requests(target) - before


HELLO_UNIT = """[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/lab-hello

[Install]
WantedBy=multi-user.target
"""


def make_stage():
    """A stand-in for what make install lays out: program, unit, module."""
    stage = os.path.join(sandbox.scratch(), "hello")
    kernel = kmods.Kernel()
    modules = os.path.join(stage, "lib/modules", kernel.release, "updates")
    units = os.path.join(stage, "lib/systemd/system")
    for path in (modules, units, os.path.join(stage, "usr/sbin")):
        os.makedirs(path)
    shutil.copy(os.path.join(kernel.modules, *kernel.order(["softdog"])[-1:]),
                modules)
    with open(os.path.join(units, "lab-hello.service"), "w") as dst:
        dst.write(HELLO_UNIT)
    program = os.path.join(stage, "usr/sbin/lab-hello")
    with open(program, "w") as dst:
        dst.write("#!/bin/sh\necho hello from the stage\n")
    os.chmod(program, 0o755)
    return stage


def test_stage(one):
    one.run("systemctl is-active lab-hello.service")
    true(one.journal.find("hello from the stage"), "the unit did not run")
    path = one.run("modinfo -n softdog").out
    true("/updates/softdog.ko" in path, path)
    one.run("modprobe softdog && modprobe -r softdog && modprobe loop")
    # The base is still below.
    one.run("test -e /lib/systemd/system/multi-user.target")


def test_commands(tap, one):
    with tap.case("node: status, output and errors of a command"):
        out = one.run("echo out; echo err >&2; exit 7", check=False)
        equal((out.code, out.out, out.err), (7, "out\n", "err\n"))
        raises(errors.CommandFailed, one.run, "false")
        equal(one.run("kill -9 $$", check=False).signal, 9)
        equal(one.run("uname -n").out, "node1\n")
    with tap.case("node: input and output of a megabyte arrive whole"):
        data = os.urandom(1 << 20)
        one.put(data, "/tmp/dir/data", 0o640)
        true(one.get("/tmp/dir/data") == data, "the data differ")
        equal(one.run("stat -c %a /tmp/dir/data").out, "640\n")
    with tap.case("node: a command that does not end is killed"):
        raises(errors.NodeTimeout, one.run, "exec sleep 1234", 1)
        equal(one.run("pgrep -fx 'sleep 1234'", check=False).code, 1)
    with tap.case("node: a child in the background does not hold a command"):
        begin = time.monotonic()
        equal(one.run("sleep 20 & echo started").out, "started\n")
        true(time.monotonic() - begin < 10, "waited for the child")
    with tap.case("node: the journal reaches the host"):
        mark = one.journal.mark()
        one.run("echo a-message | systemd-cat -t labtest")
        true(one.journal.wait(r"labtest.*a-message", 10, mark), "no message")


def pin_neighbours(one, two):
    """Without this a cut in one direction soon ends ARP, thereby all."""
    for node, peer in ((one, two), (two, one)):
        for number, net in enumerate(network.NETWORKS):
            node.run(f"ip neigh replace {network.address(net, peer.index)} "
                     f"lladdr {network.mac(net, peer.index)} dev eth{number} "
                     "nud permanent")


def test_networks(tap, lab, one, two):
    faults = lab.networks
    pin_neighbours(one, two)
    with tap.case("networks: every machine reaches every other"):
        for net in network.NETWORKS:
            equal(pings(one, two, net, 2), (2, 2))
            equal(pings(two, lab["qs"], net, 2), (2, 2))
        one.run(f"ping -c 1 -W 2 {network.address6('hb1', 2)}")
        one.run("ping -c 1 -W 2 client")
    with tap.case("networks: a cut in one direction cuts that one only"):
        faults.heal()
        cut = faults.cut("node1", "node2", ["hb0"], both=False)
        equal(pings(one, two, "hb0"), (0, 0))
        equal(pings(two, one, "hb0"), (0, 5))
        equal(pings(one, two, "hb1"), (5, 5))
        faults.remove(*cut)
        equal(pings(one, two, "hb0"), (5, 5))
    with tap.case("networks: a share of the frames is lost"):
        faults.heal()
        faults.cut("node1", "node2", ["hb0"], both=False, share=0.3)
        _, arrived = pings(one, two, "hb0", 200)
        tap.note(f"{arrived} of 200 arrived")
        true(105 < arrived < 175, f"{arrived} of 200 arrived at 30 % loss")
    with tap.case("networks: only the frames meant are lost"):
        faults.heal()
        faults.cut("node1", "node2", ["hb0"], match="ip protocol icmp")
        equal(pings(one, two, "hb0", 2), (0, 0))
        one.run(f"arping -I eth1 -c 1 -w 3 {network.address('hb0', 2)}")
    with tap.case("networks: a partition spares those in no group"):
        faults.heal()
        faults.partition(["node1"], ["node2"])
        for net in network.NETWORKS:
            equal(pings(one, two, net, 2), (0, 0))
        equal(pings(one, lab["qs"], "data", 2), (2, 2))
        equal(pings(two, lab["qs"], "data", 2), (2, 2))
        faults.heal()
        equal(pings(one, two, "data", 2), (2, 2))
    with tap.case("networks: an unplugged cable shows in the node"):
        one.link("hb1", False)
        lab.wait("no carrier on eth2", lambda: "NO-CARRIER" in
                 one.run("ip link show eth2").out, 10)
        one.link("hb1", True)
        lab.wait("carrier on eth2", lambda: "NO-CARRIER" not in
                 one.run("ip link show eth2").out, 10)
    with tap.case("networks: a fault on nobody is refused"):
        raises(errors.LabError, faults.cut, "node1", "node9")


def test_freeze(tap, lab, one):
    with tap.case("freeze: the guest's clock stops with it"):
        before, _ = one.clock()
        one.freeze()
        time.sleep(2)
        one.thaw()
        late = (one.clock()[0] - before) / 1e9
        true(1.5 < late < 4, f"clock late by {late:.2f} s after 2 s")
    with tap.case("freeze: with its process the guest's clock goes on"):
        before, _ = one.clock()
        one.freeze("host")
        time.sleep(2)
        one.thaw()
        late = (one.clock()[0] - before) / 1e9
        true(abs(late) < 0.5, f"clock late by {late:.2f} s")
    with tap.case("clock: the node's time stamps in lab time"):
        one.clock()
        before = lab.now_ms()
        stamp = one.run("cut -d ' ' -f 1 /proc/uptime").out
        ms = one.lab_ms(float(stamp) * 1e9)
        # /proc/uptime counts hundredths.
        true(before - 11 <= ms <= lab.now_ms() + 1,
             f"{ms:.0f} is not in {before} to {lab.now_ms()}")


def test_disks(tap, lab, one, two):
    with tap.case("disks: what a node writes the others and the host see"):
        disk = "/dev/disk/by-id/virtio-lock"
        for text in ("first", "again"):
            one.run(f"echo {text} | dd of={disk} bs=512 conv=sync,notrunc "
                    "oflag=direct")
            out = two.run(f"dd if={disk} bs=512 count=1 iflag=direct").out
            equal(out.strip("\0\n"), text)
            with open(lab.disk_path("lock"), "rb") as src:
                equal(src.read(6), text.encode() + b"\n")
    with tap.case("power: what was synced survives a power cycle"):
        one.run("echo kept >/var/kept && sync")
        before = one.boot()
        one.power_off()
        raises(errors.NodeOff, one.run, "true")
        equal(pings(two, lab["qs"], "data", 2), (2, 2))
        one.power_on()
        true(one.wait_boot() != before, "the same boot")
        equal(one.run("cat /var/kept").out, "kept\n")
        one.wait_ready()


def test_dumps(tap, lab, one, two):
    with tap.case("dump: an injected NMI panics the node"):
        mark = two.console.mark()
        second = two.boot()
        two.nmi()
        true(two.console.wait("crash-init: saving", 60, mark),
             "no crash kernel:\n" + two.console.tail())
    with tap.case("dump: a panic interrupts the command and reboots the node"):
        one.run("echo before >/var/before; sync")
        mark = one.console.mark()
        raises(errors.NodeRebooted, one.run,
               "echo c >/proc/sysrq-trigger; sleep 100", 120)
        panic = one.console.find("sysrq triggered crash", mark)
        crash_up = one.console.find("crash-init: saving", mark)
        saved = one.console.find("crash-init: saved", mark)
        true(panic and crash_up and saved, "no dump saved:\n"
             + one.console.tail())
        tap.note(f"panic to crash kernel {crash_up[0] - panic[0]} ms, "
                 f"dump {saved[0] - crash_up[0]} ms")
        one.wait_ready()
        tap.note(f"panic to ready again {lab.now_ms() - panic[0]} ms")
        equal(one.run("cat /var/before").out, "before\n")
    with tap.case("dump: the vmcore arrives on the host"):
        check_dump(one.fetch_dump(), "sysrq triggered crash")
    with tap.case("dump: a node that is off gives up its dump, too"):
        two.wait_boot(second)
        two.power_off()
        equal(len(two.dumps()), 1)
        check_dump(two.fetch_dump(), "Kernel panic - not syncing: NMI")
    with tap.case("hang: the kept processor goes on, the other does not"):
        one.run("taskset -c 1 true", 10)
        one.hang()
        time.sleep(1)
        raises(errors.NodeTimeout, one.run, "exec taskset -c 1 true", 3)
        mark = one.console.mark()
        one.nmi()
        true(one.console.wait("crash-init: saved", 60, mark),
             "no dump:\n" + one.console.tail())
    with tap.case("power: a node without crash kernel reboots on panic"):
        raises(errors.NodeRebooted, lab["qs"].run,
               "echo c >/proc/sysrq-trigger; sleep 100", 60)


def check_dump(path, text):
    with open(path, "rb") as src:
        equal(src.read(8), b"KDUMP   ")
    with open(os.path.join(os.path.dirname(path), "dmesg"),
              errors="replace") as src:
        true(text in src.read(), f"'{text}' is not in the dump's dmesg")


def main():
    testbed.enter()
    tap = Tap()
    results = os.path.join(TOP, "build/lab/selftest")
    with testbed.Lab(results, nodes=2, disks={"lock": 1},
                     stage=make_stage()) as lab:
        one, two = lab.nodes
        with tap.case("nodes: two and a quorum host boot"):
            lab.start()
            tap.note(f"ready after {lab.now_ms()} ms")
            equal([m.failed_units() for m in lab.machines.values()],
                  [[], [], []])
        with tap.case("stage: program, unit and module are there"):
            test_stage(one)
        test_commands(tap, one)
        test_networks(tap, lab, one, two)
        test_freeze(tap, lab, one)
        test_disks(tap, lab, one, two)
        test_dumps(tap, lab, one, two)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
