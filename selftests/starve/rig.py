# SPDX-License-Identifier: GPL-2.0-or-later
"""Two micro VMs and a cable: one starves, the other observes it.

Time stamps are the host's monotonic clock in milliseconds; what a guest says is
mapped to it by the lines "kctl: clock" on its console.

Two things keep a pause of the machine below from being taken for a fault of the
one above.  A witness on the host tells when QEMU had to wait for a CPU.  And time
in the guests runs several times slower than outside (slow.c), so that a pause is
that much shorter there.
"""
import contextlib
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tools"))
from lab import kmods, micro, qemu, tsc  # noqa: E402

OUT = os.path.join(TOP, "build", "starve")
CLIENT = os.path.join(TOP, "build", "kernel-test", "kctl")
SAFETY_MS = 300_000     # the most that can be set
ROUND_S = 240           # a hog's longest run: less than that
FLOOD_MAC = "52:54:00:00:00:09"
BOOT_S = 90
# A processor that spins must not hold up the threads of its devices.
OBSERVER_PRIORITY = 40
DEVICES_PRIORITY = 45
# More than an equal share, and something left for the rest of the host.
STARVED_NICE = "-5"
WATCHES = "kctl: clock"
CONSOLE = re.compile(r"^ *(\d+) .*?(kctl: clock (\d+)|starve: (\w+)|Kernel panic.*)", re.M)
LOST = "watch: lost"
SUMS = "watch: silent="
SUSPECT = re.compile(r"watch: silent node=(\w+) path=\d+ at=(\d+)")


@dataclasses.dataclass
class Setting:
    """What is the same for all cells of a run."""
    built: object
    rival: str = "tocsin"
    cpus: int = 1
    interval_ms: int = 12
    member_ms: int = 100
    seconds: int = 60
    armed_safety_ms: int = SAFETY_MS
    slow: int = 2
    host_cpu: int = 0       # where the first CPU of the starved one runs


@dataclasses.dataclass
class Result:
    """One run of a cell. false: at the observer, by the starved; disturbed:
    those that a pause of the host may have made."""
    seconds: float = 0
    observed: int = 0
    own: int = 0
    disturbed: int = 0
    gaps: int = 0
    gap_max_ms: int = 0
    toc: str = ""
    toc_disturbed: bool = False
    broken: str = ""
    remarks: list = dataclasses.field(default_factory=list)


class Built:
    """Programs and the module, for one kernel."""

    def __init__(self, which=None):
        self.kernel = kmods.Kernel(which)
        name = "kmod" if not which else "kmod-" + self.kernel.release
        self.module = os.path.join(TOP, "build", name, "tocsin.ko")
        self._run("make", "-s", "-C", "kmod", "-f", "Makefile", f"O={os.path.dirname(self.module)}",
                  f"KERNEL={self.kernel.headers}")
        self._run("selftests/kernel/build-client")
        os.makedirs(OUT, exist_ok=True)
        stuck = os.path.join(OUT, "stuck-" + self.kernel.release)
        shutil.rmtree(stuck, ignore_errors=True)
        shutil.copytree(os.path.join(TOP, "selftests/kernel/kmod"), stuck)
        self._run("make", "-s", "-C", self.kernel.headers, f"M={stuck}", "modules")
        self.stuck = os.path.join(stuck, "stuck.ko")
        for program, *options in (("hog", "-static"), ("topology", "-static"),
                                  ("flood", "-static"), ("witness", "-pthread"),
                                  ("slow", "-shared", "-fPIC")):
            suffix = ".so" if "-shared" in options else ""
            self._run("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE",
                      *options, f"{HERE}/{program}.c", "-o", f"{OUT}/{program}{suffix}")

    @staticmethod
    def _run(*command):
        subprocess.run(command, cwd=TOP, check=True, stdout=sys.stderr)


class Machine:
    """One end of the cable, in a thread."""

    def __init__(self, rig, role, number, cpus, hog):
        self.rig = rig
        self.role = role
        self.cpus = cpus
        self.proc = None
        self.begin_ms = 0
        self.outcome = None
        self.there = threading.Event()
        self.watches = threading.Event()
        self.job = self._job(number, hog)
        self.thread = threading.Thread(target=self._work)

    def _job(self, number, hog):
        s, d = self.rig.setting, self.rig.directory
        # Its battery clock, too, runs on slow time.
        args = ["-name", f"{self.role},debug-threads=on", "-rtc", "clock=vm",
                *_card("hb", d, number, 3 - number, f"52:54:00:00:00:0{number}")]
        modules = ["virtio_net"]
        if self.role == "starved":
            args += _card("flood", d, 9, 8, FLOOD_MAC)
        if self.role == "starved" and hog.startswith("io"):
            modules.append("virtio_blk")
            args += ["-drive", "if=none,id=io,format=raw,file.driver=null-co,file.size=1G",
                     "-device", "virtio-blk-pci,drive=io"]
        files = [(f"{OUT}/hog", "/test/hog"), (s.built.stuck, "/test/stuck.ko"),
                 (os.path.join(TOP, "selftests/kernel/guest-lib.sh"), "/test/guest-lib.sh")]
        programs = []
        if s.rival == "tocsin":
            modules += ["algif_hash", s.built.module]
            files.append((CLIENT, "/bin/kctl"))
            programs.append(CLIENT)
        else:
            modules.append("tipc")
            programs += ["/usr/sbin/tipc"]
            files.append((f"{OUT}/topology", "/bin/topology"))
        rounds = -(-s.seconds // ROUND_S)
        command = [os.path.join(HERE, "guest.sh"), self.role, s.rival, s.interval_ms, s.member_ms,
                   s.armed_safety_ms, rounds, -(-s.seconds // rounds), self.rig.runtime_us,
                   *hog.split()]
        return micro.Job(command=[str(c) for c in command], modules=[(m, "") for m in modules],
                         files=files, programs=programs, cpus=self.cpus, kernel=s.built.kernel,
                         timeout_s=(BOOT_S + s.seconds * 1.5) * s.slow, qemu_args=args,
                         append=f"tsc_early_khz={tsc.khz() * s.slow}", started=self._started,
                         watch=self._reads,
                         env={"LD_PRELOAD": f"{OUT}/slow.so", "SLOW": str(s.slow)})

    def _started(self, proc):
        self.begin_ms = qemu.now_ms()
        self.proc = proc
        self.there.set()
        threading.Thread(target=self._favour, daemon=True).start()

    def _reads(self, _proc, text):
        if WATCHES in text:
            self.watches.set()

    def _favour(self):
        """Before all else on this host, without taking it from all else: the
        starved CPUs, which may be busy all the time, by weight; the rest, which
        needs little, in real time.  Not while it boots, which takes all of a CPU
        that may be another cell's."""
        self.watches.wait()
        with contextlib.suppress(FileNotFoundError):
            self._favour_now()

    def _favour_now(self):
        with open(f"/proc/{self.proc.pid}/autogroup", "w") as dst:
            dst.write(STARVED_NICE)
        for _ in range(20):
            for tid in _threads(self.proc.pid):
                self._favour_thread(tid, _comm(self.proc.pid, tid))
            time.sleep(0.1)

    def _favour_thread(self, tid, name):
        with contextlib.suppress(ProcessLookupError):
            if not name.startswith("CPU "):
                os.sched_setscheduler(tid, os.SCHED_FIFO, os.sched_param(DEVICES_PRIORITY))
            elif self.role == "starved":
                os.sched_setscheduler(tid, os.SCHED_OTHER, os.sched_param(0))
                os.sched_setaffinity(tid, {self._host_cpu(int(name[4]))})
            else:
                os.sched_setscheduler(tid, os.SCHED_FIFO, os.sched_param(OBSERVER_PRIORITY))
                os.sched_setaffinity(tid, {self._host_cpu(-1)})

    def _host_cpu(self, number):
        return (self.rig.setting.host_cpu + number) % os.cpu_count()

    def _work(self):
        try:
            self.outcome = micro.run(self.job)
        finally:
            self.there.set()
            self.watches.set()

    def console(self):
        """(host ms, text) of what matters."""
        return [(self.begin_ms + int(m.group(1)), m)
                for m in CONSOLE.finditer(self.outcome.console)]

    def offset_ms(self):
        """Host's clock minus this guest's."""
        slow = self.rig.setting.slow
        pairs = [at - int(m.group(3)) / 1e6 * slow for at, m in self.console() if m.group(3)]
        return min(pairs) if pairs else None


def _threads(pid):
    try:
        return [int(t) for t in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def _comm(pid, tid):
    try:
        with open(f"/proc/{pid}/task/{tid}/comm") as src:
            return src.read().strip()
    except OSError:
        return ""


def _card(name, directory, mine, other, mac):
    return ["-netdev", f"dgram,id={name},local.type=unix,local.path={directory}/{mine},"
            f"remote.type=unix,remote.path={directory}/{other}",
            "-device", f"virtio-net-pci,netdev={name},mac={mac}"]


class Rig:
    """One cell, once."""

    def __init__(self, setting, hog, throttle):
        self.setting = setting
        self.hog = hog
        self.runtime_us = 950_000 if throttle else -1

    def run(self):
        with tempfile.TemporaryDirectory() as self.directory:
            starved = Machine(self, "starved", 1, self.setting.cpus, self.hog)
            observer = Machine(self, "observer", 2, 1, "")
            for machine in (observer, starved):
                machine.thread.start()
                machine.there.wait()
            witness = self._helper("witness", str(self.limit_ms()), str(starved.proc.pid),
                                   str(observer.proc.pid))
            flood = self._helper("flood", f"{self.directory}/9", FLOOD_MAC, "10.9.0.1",
                                 *(str(ms * self.setting.slow) for ms in self._traffic()))
            try:
                starved.thread.join()
                traffic = flood.poll() is None
            finally:
                observer.proc.kill()
                flood.kill()
                witness.terminate()
            observer.thread.join()
            gaps = [self._gap(line) for line in witness.stdout if line[0].isdigit()]
        result = self._judge(starved, observer, gaps)
        if not traffic:
            result.broken = f"flood ended with {flood.returncode} before the starved one"
        return result

    def _traffic(self):
        """On and off, in ms of the guest. No server is without traffic on some
        other network; its bursts are what wakes ksoftirqd."""
        return (1000, 0) if self.hog.startswith("flood") else (20, 180)

    def limit_ms(self):
        """A pause of a quarter of the detection time may disturb."""
        return self.setting.member_ms // 8 * self.setting.slow

    @staticmethod
    def _helper(name, *args):
        return subprocess.Popen([f"{OUT}/{name}", *args], stdout=subprocess.PIPE, text=True,
                                preexec_fn=qemu.die_with_parent, stdin=subprocess.DEVNULL)

    @staticmethod
    def _gap(line):
        end, waited, who = line.split(" ", 2)
        return int(end) - int(waited), int(end), who.strip()

    def _judge(self, starved, observer, gaps):
        result = Result()
        said = {m.group(4): at for at, m in starved.console() if m.group(4)}
        toc = [(at, m.group(2)) for at, m in starved.console() if "panic" in m.group(2)]
        begin, end = said.get("begin"), said.get("end") or (toc[0][0] if toc else None)
        self._keep(starved, observer, gaps)
        if not begin or not end:
            result.broken = starved.outcome.reason or "did not begin"
            result.remarks = starved.outcome.output.splitlines()
            return result
        result.seconds = (end - begin) / 1000 / self.setting.slow
        within = [g for g in gaps if g[1] >= begin and g[0] <= end]
        result.gaps = len(within)
        result.gap_max_ms = max((g[1] - g[0] for g in within), default=0)
        self._count(result, "observed", observer, begin, end, within)
        self._count(result, "own", starved, begin, end, within)
        if toc:
            result.toc_disturbed = self._disturbed(toc[0][0], within)
            result.disturbed += result.toc_disturbed
            result.toc = toc[0][1]
        elif starved.outcome.reason:
            result.broken = starved.outcome.reason
        elif self.setting.rival == "tocsin" and SUMS not in starved.outcome.output:
            result.broken = "the starved one's watch did not end"
        failure = re.search(r"^not ok .*", starved.outcome.output, re.M)
        if failure:
            result.broken = failure.group()      # without a hog all is well
        result.remarks += [line for line in starved.outcome.output.splitlines()
                           if re.match(r"received=|late below|dropped|node \d", line)]
        return result

    def _count(self, result, field, machine, begin, end, gaps):
        offset = machine.offset_ms()
        if offset is None:
            result.broken = f"{machine.role} does not watch"
            return
        if LOST in machine.outcome.output:
            result.broken = f"{machine.role} lost events: it may have suspected more"
        for _, at in SUSPECT.findall(machine.outcome.output):
            at_ms = int(at) / 1e6 * self.setting.slow + offset
            if not begin <= at_ms <= end:
                continue
            if self._disturbed(at_ms, gaps):
                result.disturbed += 1
            else:
                setattr(result, field, getattr(result, field) + 1)

    def _disturbed(self, at_ms, gaps):
        window_ms = 2 * self.setting.member_ms * self.setting.slow
        return any(g[0] <= at_ms and g[1] >= at_ms - window_ms for g in gaps)

    def _keep(self, starved, observer, gaps):
        with open(f"{OUT}/last-{self.setting.host_cpu}", "w") as dst:
            for machine in (starved, observer):
                dst.write(f"== {machine.role} {machine.begin_ms} {machine.outcome.reason}\n"
                          f"{machine.outcome.console}\n{machine.outcome.output}\n")
            dst.writelines(f"{g}\n" for g in gaps)
