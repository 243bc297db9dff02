# SPDX-License-Identifier: GPL-2.0-or-later
"""Watchdogs on full Debian nodes.  That of the hardware: fed by cmcld as long as it renews
its lease, stopped in order, and all that helps when each CPU has its interrupts off.
And what must not make the watchdogs kill a healthy node: a kernel that does not answer,
a driver that hangs."""
import os
import shutil
import subprocess
import time

from demo import demo as demos
from lab import kmods, testbed
import pair
from pair import WEB, check

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TIMEOUT_S = 30
DEVICE = "/dev/watchdog0"
OPTIONS_FILE = "/etc/tocsin/tocsin.conf"
# systemd's own is 60 s; here it would not have to wait so long.
SYSTEMD_S = 10
UNIT_FILE = "/etc/systemd/system/tocsin-cmcld.service.d/watchdog.conf"
UNIT = f"[Service]\nWatchdogSec={SYSTEMD_S}\n"
# Longer than the lease of 5 s, and than systemd waits.
STALL_S = 2.5 * SYSTEMD_S
NAP_S = 12
HOG_S = 2 * SYSTEMD_S
RESET = "the hardware watchdog reset this node"
STATE = "cat /sys/class/watchdog/watchdog0/state"


def options(device):
    return (f"AUTOSTART_CMCLD=1\nCMCLD_WATCHDOG={device}\n"
            f"CMCLD_WATCHDOG_TIMEOUT_S={TIMEOUT_S}\n")


def build(out):
    """The modules and the client of the tests, for the kernel that the nodes boot."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(os.path.join(TOP, "selftests/vm/kmod"), out)
    shutil.copy(os.path.join(TOP, "selftests/kernel/kmod/slowfamily.c"), out)
    headers = kmods.output([os.path.join(TOP, "tools/kernel-headers")]).strip()
    for command in (["make", "-s", "-C", headers, "M=" + out, "modules"],
                    [os.path.join(TOP, "selftests/kernel/build-client")]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        check(not done.returncode, f"{command[0]}: {done.stdout}")
    return [os.path.join(out, "nap.ko"), os.path.join(out, "slowfamily.ko"),
            os.path.join(TOP, "build/kernel-test/kctl")]


class Guarded(pair.Pair):
    def __init__(self, lab, built):
        super().__init__(lab)
        self.built = built

    def form(self):
        self.begin({OPTIONS_FILE: options(DEVICE), UNIT_FILE: UNIT})
        said = self.cluster.status(self.first)["watchdog_s"]
        check(said == TIMEOUT_S, f"the status says {said} s")
        for node in self.lab.nodes:
            said = node.run("systemctl show -p WatchdogUSec tocsin-cmcld").out.strip()
            check(said == f"WatchdogUSec={SYSTEMD_S}s", f"{node}: {said}")
            for path in self.built:
                node.put(path, "/tmp/" + os.path.basename(path), 0o755)

    def _cmcld(self, node):
        """Another one would be another life of the node, or of its cmcld."""
        return node.boot(), node.run("systemctl show -p MainPID tocsin-cmcld").out

    @staticmethod
    def _parameter(node, module, name):
        return node.run(f"cat /sys/module/{module}/parameters/{name}").out.strip()

    def stalled(self):
        """A request of one family is slow, and somebody waits to remove that family: the
        requests of all wait behind him."""
        node = self.first
        life = self._cmcld(node)
        node.run("insmod /tmp/slowfamily.ko")
        family = self._parameter(node, "slowfamily", "family")
        node.start(f"exec /tmp/kctl 'slow family={family}'")
        self.lab.wait("a request to be slow", lambda:
                      self._parameter(node, "slowfamily", "asked") == "Y", 60)
        node.start("exec rmmod slowfamily")
        self.lab.wait("rmmod to wait for it", lambda:
                      "D" in node.run("ps -o stat= -C rmmod", check=False).out, 60)
        until = time.monotonic() + STALL_S
        while time.monotonic() < until:
            status = self.cluster.status(node)
            check(status, "cmviewcl gets no answer")
            paths = [p for n in status["nodes"] for p in n["paths"]]
            check(not paths, "the kernel answers: nothing stalls")
            check(status["armed"], "node1 is not armed")
            time.sleep(1)
        node.run("pkill -9 -x kctl")
        self.lab.wait("the kernel to answer again", lambda:
                      any(n["paths"] for n in self.cluster.status(node)["nodes"]), 60)
        check(self._cmcld(node) == life, "node1 or its cmcld went down")

    def starved(self):
        """Nothing is left for cmcld's main thread, nor for systemd itself."""
        node = self.first
        life = self._cmcld(node)
        node.put(os.path.join(TOP, "selftests/vm/hog.py"), "/tmp/hog.py", 0o755)
        free = node.run("cat /proc/sys/kernel/sched_rt_runtime_us").out.strip()
        node.run("echo -1 >/proc/sys/kernel/sched_rt_runtime_us")
        longest = float(node.run(f"/tmp/hog.py {HOG_S}", timeout=HOG_S + 120).out)
        node.run(f"echo {free} >/proc/sys/kernel/sched_rt_runtime_us")
        check(longest > SYSTEMD_S, f"ordinary processes had to wait for {longest:.1f} s only")
        time.sleep(SYSTEMD_S)
        check(self._cmcld(node) == life, "node1 or its cmcld went down")
        check(self.cluster.status(node)["armed"], "node1 is not armed")

    def napped(self):
        """Each feeding takes longer than the lease lasts; so the renewals go on."""
        node = self.second
        node.run("cmhaltnode -f", timeout=120)
        node.run("insmod /tmp/nap.ko")
        device = node.run("grep -lx nap /sys/class/watchdog/*/identity").out.split("/")[4]
        node.put(options("/dev/" + device).encode(), OPTIONS_FILE)
        node.run("cmrunnode", timeout=120)
        self.cluster.wait_members(self.lab.nodes)
        life = self._cmcld(node)
        node.run(f"echo {NAP_S * 1000} >/sys/module/nap/parameters/sleep_ms")
        before = int(self._parameter(node, "nap", "feedings"))
        time.sleep(2.5 * NAP_S)
        check(self._parameter(node, "nap", "asleep") == "Y" and
              int(self._parameter(node, "nap", "feedings")) > before,
              "the driver does not sleep")
        check(self._cmcld(node) == life, "node2 or its cmcld went down")
        check(self.cluster.status(node)["armed"], "node2 is not armed")
        node.run("cmhaltnode -f", timeout=120)
        state = f"cat /sys/class/watchdog/{device}/state"
        self.lab.wait("the watchdog to be stopped", lambda:
                      node.run(state).out.strip() == "inactive", 120)
        node.run("echo 0 >/sys/module/nap/parameters/sleep_ms")
        node.run("cmrunnode", timeout=120)
        self.cluster.wait_members(self.lab.nodes)

    def _lives(self, state):
        """Longer than the watchdog's time, and there was no reset."""
        boot = self.first.boot()
        said = self.first.run(STATE).out.strip()
        check(said == state, f"the watchdog is {said}")
        time.sleep(1.5 * TIMEOUT_S)
        check(self.first.boot() == boot, "node1 was reset")

    def fed(self):
        self._lives("active")

    def halted(self):
        self.first.run("cmhaltnode -f", timeout=120)
        self._lives("inactive")
        self.first.run("cmrunnode", timeout=120)
        self.cluster.wait_members(self.lab.nodes)

    def hung(self):
        boot = self.first.boot()
        self.first.start("insmod /usr/lib/lab/hang.ko keep=0 delay_ms=1000")
        heir = self.cluster.wait_owner(WEB, [self.second], other_than=self.first)
        check(heir is self.second, f"{WEB} runs on {heir}")
        self.first.wait_boot(after=boot, timeout=TIMEOUT_S + 240)
        self.first.wait_ready()
        self.cluster.wait_members(self.lab.nodes)
        check(not self.first.dumps(), "there is a dump: it was not the watchdog")
        self.lab.wait("cmcld to say what reset its node",
                      lambda: RESET in self.first.run("journalctl -b").out,
                      60)


STEPS = (
    ("each node's cmcld has started its watchdog", Guarded.form, True),
    ("fed, it resets nobody", Guarded.fed, False),
    ("a node that leaves in order stops it", Guarded.halted, False),
    ("netlink stalls for longer than systemd waits: the status is told, nobody is killed",
     Guarded.stalled, False),
    ("hogs of low priority leave nothing to systemd for longer than it waits: the same",
     Guarded.starved, False),
    ("a driver that hangs for longer than the lease, again and again, kills nobody",
     Guarded.napped, False),
    ("all CPUs with interrupts off: the other takes over, the watchdog resets the node",
     Guarded.hung, False),
)


def run(steps, results, stage):
    config = testbed.Config(watchdog=True)
    built = build(os.path.join(TOP, "build/vm/kmod"))
    with testbed.Lab(results, nodes=2, stage=stage,
                     disks={demos.SHARED: demos.SHARED_MB}, config=config) as lab:
        guarded = Guarded(lab, built)
        for name, method, needed in STEPS:
            steps.run(name, lambda m=method: m(guarded), needed)
