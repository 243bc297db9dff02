# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that is stopped, by its hypervisor or with it, and goes on later."""
import os
import re
import signal
import socket
import tempfile
import threading
import time

from lab import micro, qemu
from lab.qmp import Monitor

STOP_S = 8
# Longer than the tests wait for the battery clock, shorter than the stop.
MEMBER_MS = 6000
INTERVAL_MS = 100       # of the peer that speaks
CHECK_MS = 25           # of the leases, at most
PACKET_MS = 20          # from a packet that tells to the end, at most
READY = "ready for the stop"
# Of the emulator and its host, on top of what is promised.
LATE_MS = 1000
UP = re.compile(r"\[ *(\d+\.\d+)\]")
STOOD = "stood still for up to"
# Of a line of the console: the host's clock in ms, the guest's in s, a heartbeat's epoch.
LINE = re.compile(r"^ *(\d+) .*?\[ *(\d+\.\d+)\]")
HEARD = re.compile(r"tocsin_hb_rx: .* epoch=(\d+) ")
# Heartbeats go to the console as they are received.
TELLS_HEARTBEATS = "tp_printk "


class Stopper:
    """Stops the machine when it says that it is ready, and lets it go on."""

    def __init__(self, how, address):
        self.how = how
        self.address = address
        self.thread = None
        self.thaw_ms = None
        self.panic_ms = None

    def watch(self, proc, line):
        if "Kernel panic" in line:
            self.panic_ms = qemu.now_ms()
        if READY in line and not self.thread:
            self.thread = threading.Thread(target=self._stop, args=(proc.pid,), daemon=True)
            self.thread.start()

    def _stop(self, pid):
        if self.how == "host":
            os.kill(pid, signal.SIGSTOP)
            time.sleep(STOP_S)
            self.thaw_ms = qemu.now_ms()
            os.kill(pid, signal.SIGCONT)
            return
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self.address)
        monitor = Monitor(sock, lambda *_: None)
        monitor.command("stop")
        time.sleep(STOP_S)
        self.thaw_ms = qemu.now_ms()
        monitor.command("cont")


def run(case, make_job, cable_of):
    """Returns the outcome of the machine that was stopped."""
    with tempfile.TemporaryDirectory() as directory:
        stopper = Stopper(case.stop, os.path.join(directory, "qmp"))
        node = make_job(case.arguments, cable_of(directory, 1, 2))
        node.qemu_args += ["-qmp", f"unix:{stopper.address},server=on,wait=off"]
        node.watch = stopper.watch
        peer = make_job(case.pair, cable_of(directory, 2, 1))
        other = []
        peer.watch = lambda proc, line: other or other.append(proc)
        others = []
        thread = threading.Thread(target=lambda: others.append(micro.run(peer)), daemon=True)
        thread.start()
        outcome = micro.run(node)
        for proc in other:
            proc.kill()
        thread.join()
    splat = others and micro.SPLATS.search(others[0].console)
    if splat and outcome.passed:
        outcome.reason = f"the peer's console: {splat.group(0)}"
    if others and outcome.passed:
        outcome.reason = micro.lacking(others[0].output)
    if stopper.thaw_ms and stopper.panic_ms:
        down_ms = stopper.panic_ms - stopper.thaw_ms
        outcome.output += f"down {down_ms} ms after the host let it go on\n"
        if outcome.passed and down_ms > case.down_ms + LATE_MS:
            outcome.reason = f"down after {down_ms} ms, {case.down_ms} are allowed"
    if outcome.passed and TELLS_HEARTBEATS in case.append:
        judge_packets(outcome)
    return outcome


def after_packets(console):
    """(from the first packet after the stop, from the first that tells of the newer view)
    to the panic in ms of the guest's clock; None: not to be seen.  It holds what it takes
    to print the packets."""
    before_ms, begun, first, telling = None, False, None, None
    for line in console.splitlines():
        found, heard = LINE.match(line), HEARD.search(line)
        if not found:
            continue
        host_ms, guest_s = int(found.group(1)), float(found.group(2))
        begun = begun or before_ms is not None and host_ms - before_ms > STOP_S * 800
        before_ms = host_ms
        if begun and heard:
            first = first or guest_s
            telling = telling or heard.group(1) != "1" and guest_s
        if telling and "Kernel panic" in line:
            return (guest_s - first) * 1000, (guest_s - telling) * 1000
    return None


def judge_packets(outcome):
    took = after_packets(outcome.console)
    if not took:
        outcome.reason = "no heartbeat of the newer view is on the console before the panic"
        return
    outcome.output += (f"down {took[0]:.1f} ms after the first packet, {took[1]:.1f} ms after "
                       "the first that told of the newer view, by its clock\n")
    # What was sent before the peers gave it up, and waited, says nothing yet.
    if took[1] > PACKET_MS + LATE_MS:
        outcome.reason = f"down {took[1]:.0f} ms after a packet told of the newer view"


def remarks(outcome):
    """From the guest's own clock: notice of the stop to the panic."""
    times = {}
    for line in outcome.console.splitlines():
        found = UP.search(line)
        for word in (STOOD, "Kernel panic"):
            if found and word in line:
                times.setdefault(word, float(found.group(1)))
    told = [line for line in outcome.output.splitlines() if line.startswith("down")]
    if len(times) < 2:
        return told
    waited = (times["Kernel panic"] - times[STOOD]) * 1000
    return told + [f"down {waited:.0f} ms after it noticed, by its clock"]


def cases(case):
    node = ["node", str(MEMBER_MS)]
    peer = f"member={MEMBER_MS} silent=3000"
    return [
        case("thaw: clocks stood still, the first packet of a peer", "guest-thaw.sh", node,
             panic="tocsin: TOC: evicted by a newer view", pair=["peer", peer], stop="guest",
             down_ms=INTERVAL_MS + PACKET_MS, append=TELLS_HEARTBEATS,
             says="last heard: node 2 node2 "),
        case("thaw: clocks stood still, cut off, the battery clock", "guest-thaw.sh", node,
             panic="tocsin: TOC: stopped together with its clocks",
             pair=["peer", peer + " mute=1"], stop="guest", down_ms=2000),
        case("thaw: clocks jumped", "guest-thaw.sh", node,
             panic="tocsin: TOC: quorum lease ran out", pair=["peer", peer + " mute=1"],
             stop="host", late_ms=STOP_S * 1000, down_ms=CHECK_MS),
        # Whichever comes first: the check or what the packet tells.
        case("thaw: clocks jumped, the first packet of a peer", "guest-thaw.sh", node,
             panic="tocsin: TOC: ", says="TOC: (quorum lease ran out|evicted by a newer view)",
             pair=["peer", peer], stop="host", late_ms=STOP_S * 1000, down_ms=CHECK_MS,
             long=True),
    ]
