# SPDX-License-Identifier: GPL-2.0-or-later
"""One machine of the lab."""
import os
import signal
import socket
import subprocess
import time

from . import network, qemu, sandbox, tsc
from .channel import Channel
from .console import Log
from .errors import CommandFailed, LabError, NodeOff, NodeTimeout
from .qmp import Monitor

CRASHKERNEL = "160M"
CMDLINE = ("console=ttyS0 loglevel=4 panic=1 mitigations=off no_timer_check "
           "tsc=reliable net.ifnames=0 cryptomgr.notests "
           "random.trust_cpu=on systemd.show_status=0")
NODE_DISK = 4 << 30
CRASH_DISK = 2 << 30
BOOT_S = 180


class Node:
    """A virtual machine with Debian; made by Lab, not directly.

    run() and its kin speak through a virtio port, so they work whatever
    happens to the networks.  All times are seconds.
    """

    def __init__(self, lab, name, index, config):
        self.lab = lab
        self.name = name
        self.index = index
        self.config = config
        self.console = Log(lab.result_path(name + ".console"), lab.epoch_ms)
        self.journal = Log(lab.result_path(name + ".journal"), lab.epoch_ms)
        self.events = []
        self._disks = [("node", self._make_disk("node", NODE_DISK))]
        if config.kdump:
            self._disks.append(("crash", self._make_disk("crash", CRASH_DISK)))
        self._proc = None
        self._channel = None
        self._monitor = None
        self._offsets = {}
        lab.networks.attach(name, config.networks)

    def __str__(self):
        return self.name

    # -- power -----------------------------------------------------------

    def power_on(self):
        """Starts the machine; returns at once (see wait_ready)."""
        if self.is_on():
            raise LabError(f"{self.name} is on already")
        # By the number of its descriptor QEMU gets its end of each socket.
        ours, theirs = {}, {}
        for name in ("console", "journal", "control", "qmp"):
            ours[name], theirs[name] = socket.socketpair()
        argv = self._argv({n: s.fileno() for n, s in theirs.items()})
        log = open(self.lab.result_path(self.name + ".qemu"), "a")
        self._proc = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            pass_fds=[s.fileno() for s in theirs.values()],
            start_new_session=True)
        log.close()
        for sock in theirs.values():
            sock.close()
        self.console.note("power on")
        self.console.attach(ours["console"])
        self.journal.attach(ours["journal"])
        self._channel = Channel(self.name, ours["control"])
        self._monitor = Monitor(ours["qmp"], self._take_event)
        self.lab.note(f"{self.name}: power on")

    def power_off(self):
        """Pulls the plug: nothing is flushed, nobody is told."""
        if self._proc is None:
            return
        self.lab.note(f"{self.name}: power off")
        self.console.note("power off")
        self._proc.kill()
        self._proc.wait()
        self._channel.close()
        self._proc = None

    def shutdown(self, timeout=60):
        """Shuts the system down in order and waits for the power to go."""
        self.start("systemctl poweroff --no-block")
        try:
            self._proc.wait(timeout)
        except subprocess.TimeoutExpired:
            raise NodeTimeout(f"{self.name} did not shut down within "
                              f"{timeout:g} s") from None
        self.power_off()

    def reset(self):
        """Presses the reset button."""
        self.lab.note(f"{self.name}: reset")
        self._qmp("system_reset")

    def is_on(self):
        return self._proc is not None and self._proc.poll() is None

    def freeze(self, how="guest"):
        """Stops the machine.  how="guest" stops its clock with it; "host"
        stops the process (SIGSTOP), so that on thaw the guest sees the time
        that went by."""
        self.lab.note(f"{self.name}: freeze ({how})")
        if how == "guest":
            self._qmp("stop")
        elif how == "host":
            os.kill(self._pid(), signal.SIGSTOP)
        else:
            raise ValueError(f"freeze '{how}': guest and host are allowed")

    def thaw(self):
        """Lets it go on after either kind of freeze."""
        self.lab.note(f"{self.name}: thaw")
        os.kill(self._pid(), signal.SIGCONT)
        self._qmp("cont")

    def nmi(self):
        """Injects a non-maskable interrupt; nodes panic on it."""
        self.lab.note(f"{self.name}: NMI")
        self._qmp("inject-nmi")

    def hang(self, keep=1, delay_ms=100):
        """Hangs all processors but the first keep, interrupts off."""
        self.lab.note(f"{self.name}: hang all processors but {keep}")
        self.run(f"insmod /usr/lib/lab/hang.ko keep={keep} "
                 f"delay_ms={delay_ms}")

    def link(self, net, is_up):
        """Plugs a network cable in or out, as the node's driver sees it."""
        self.lab.note(f"{self.name}: {net} {'up' if is_up else 'down'}")
        self._qmp("set_link", name="nic-" + net, up=is_up)

    # -- commands --------------------------------------------------------

    def run(self, command, timeout=60, check=True, stdin=b""):
        """Runs a shell command as root and returns its Result.

        Raises CommandFailed if it fails (unless check is False),
        NodeTimeout, NodeRebooted or NodeOff.  Waits for the agent first.
        """
        result = self.start(command, stdin, timeout).wait(timeout)
        if check and not result:
            raise CommandFailed(self.name, command, result)
        return result

    def start(self, command, stdin=b"", timeout=60):
        """Starts a shell command; returns a Command to wait for."""
        self._alive().wait_agent(timeout)
        return self._channel.start(command, stdin)

    def put(self, source, path, mode=None):
        """Writes bytes, or a file of the host, to a file of the node."""
        if isinstance(source, str):
            with open(source, "rb") as src:
                source = src.read()
        text = f"mkdir -p $(dirname '{path}') && cat >'{path}'"
        if mode is not None:
            text += f" && chmod {mode:o} '{path}'"
        self.run(text, stdin=source)

    def get(self, path, timeout=60):
        """Returns the bytes of a file of the node."""
        command = self.start(f"cat '{path}'")
        result = command.wait(timeout)
        if not result:
            raise CommandFailed(self.name, f"cat '{path}'", result)
        return command.stdout()

    def clock(self):
        """Returns (offset_ns, error_ns): add the offset to the node's raw
        clock plus time suspended (what leases are measured with) to get the
        host's CLOCK_MONOTONIC; the error is half the round trip."""
        token = self.wait_boot()
        best = None
        for _ in range(5):
            node, before, after = self._alive().ping(10)
            offset, error = (before + after) // 2 - node, (after - before) // 2
            if best is None or error < best[1]:
                best = offset, error
        self._offsets[token] = best[0]
        return best

    def lab_ms(self, clock_ns, boot=None):
        """Lab time of a time stamp of this node's kernel, in milliseconds.
        boot: the boot it is from (default: the one that is up); clock() must
        have been called during that boot, so that this also works for the
        stamps in a dump."""
        token = boot or self.boot()
        if token not in self._offsets:
            raise LabError(f"{self.name}: clock() was not called in boot "
                           f"{token}")
        return ((clock_ns + self._offsets[token]) / 1e6
                - self.lab.epoch_ms)

    # -- waiting ---------------------------------------------------------

    def boot(self):
        """A token for the boot that is up (None before the first), for
        wait_boot() and to notice reboots."""
        return self._channel.token if self._channel else None

    def wait_boot(self, after=None, timeout=BOOT_S):
        """Waits for the agent of a boot other than after; returns the
        token of that boot."""
        try:
            return self._alive().wait_agent(timeout, after)
        except NodeTimeout as err:
            raise NodeTimeout(f"{err}; console:\n{self.console.tail(15)}"
                              ) from None

    def wait_ready(self, timeout=BOOT_S):
        """Waits until the boot is complete and the crash kernel loaded."""
        begin = time.monotonic()
        self.wait_boot(timeout=timeout)
        left = max(1, timeout - (time.monotonic() - begin))
        result = self.run("systemctl is-system-running --wait", left,
                          check=False)
        if result.out.strip() not in ("running", "degraded"):
            raise LabError(f"{self.name} did not come up: {result.out} "
                           f"{result.err}")
        if self.config.kdump:
            self.run("grep -q 1 /sys/kernel/kexec_crash_loaded")

    def failed_units(self):
        """Names of the systemd units that failed."""
        out = self.run("systemctl --failed --plain --no-legend").out
        return [line.split()[0] for line in out.splitlines() if line.strip()]

    # -- crash dumps -----------------------------------------------------

    def dumps(self):
        """Names of the complete dumps on the node, oldest first; works with
        the node on or off."""
        if self.is_on():
            out = self.run("cd /var/crash && ls -d */vmcore 2>/dev/null; "
                           "true").out
            return sorted(line.split("/")[0] for line in out.splitlines())
        names = []
        for line in self._debugfs("ls -p /").splitlines():
            name = line.split("/")[5] if line.count("/") > 5 else ""
            if name.isdigit() and "vmcore/" in self._debugfs(f"ls -p {name}"):
                names.append(name)
        return sorted(names)

    def fetch_dump(self, name=None):
        """Copies a dump (the newest) to the results; returns the path of
        the vmcore."""
        name = name or (self.dumps() or [None])[-1]
        if name is None:
            raise LabError(f"{self.name} has no dump in /var/crash")
        path = self.lab.result_path(f"{self.name}-{name}")
        os.makedirs(path, exist_ok=True)
        for item in ("vmcore", "dmesg"):
            inside, target = f"{name}/{item}", os.path.join(path, item)
            if self.is_on():
                with open(target, "wb") as dst:
                    dst.write(self.get("/var/crash/" + inside, 120))
            else:
                self._debugfs(f"dump {inside} {target}")
        return os.path.join(path, "vmcore")

    # -- inside ----------------------------------------------------------

    def disk(self, serial):
        """Path of one of the machine's own disk images: node or crash."""
        return dict(self._disks)[serial]

    def _debugfs(self, request):
        done = subprocess.run(["debugfs", "-R", request, self.disk("crash")],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise LabError(f"debugfs {request}: {done.stderr}")
        return done.stdout

    def _alive(self):
        if not self.is_on():
            raise NodeOff(f"{self.name} is powered off")
        return self._channel

    def _pid(self):
        self._alive()
        return self._proc.pid

    def _qmp(self, execute, **arguments):
        self._alive()
        return self._monitor.command(execute, **arguments)

    def _take_event(self, name, data, ms):
        self.events.append((ms - self.lab.epoch_ms, name, data))
        if name in ("RESET", "SHUTDOWN", "WATCHDOG", "GUEST_PANICKED"):
            self.console.note(f"QEMU: {name} {data.get('reason', '')}")

    def _make_disk(self, serial, size):
        path = os.path.join(sandbox.scratch(), f"{self.name}.{serial}")
        qemu.make_ext4(path, size, "-J", "size=8", "-E", "lazy_itable_init=1")
        return path

    def _cmdline(self):
        words = [CMDLINE, qemu.ONE_CPU_FIRST.strip(), tsc.options().strip(),
                 f"lab.name={self.name}"]
        for number, net in enumerate(self.config.networks):
            words.append(f"lab.net=eth{number},"
                         f"{network.address(net, self.index)}/24,"
                         f"{network.address6(net, self.index)}/64")
        if self.config.kdump:
            words.append(f"crashkernel={CRASHKERNEL}")
        return " ".join([*words, self.config.append])

    def _argv(self, fds):
        config, image = self.config, self.lab.image
        kernel = image.kernel.image
        if config.kaslr:
            kernel = os.path.join(image.kernel.dir, "vmlinuz")
        argv = [qemu.QEMU, *qemu.accel(), "-nodefaults", "-no-user-config",
                "-display", "none", "-machine", "q35", "-name", self.name,
                "-smp", str(config.cpus), "-m", str(config.memory_mb),
                "-kernel", kernel, "-initrd", image.initrd,
                "-append", self._cmdline(),
                "-device", "virtio-rng-pci", "-device", "virtio-serial-pci"]
        for name, fd in fds.items():
            argv += ["-chardev", f"socket,id={name},fd={fd}"]
        argv += ["-serial", "chardev:console", "-mon",
                 "chardev=qmp,mode=control",
                 "-device", "virtconsole,chardev=journal",
                 "-device", "virtserialport,chardev=control,name=control"]
        if config.watchdog:
            argv += ["-device", "i6300esb", "-action", "watchdog=reset"]
        for serial, path, options in self._all_disks():
            argv += ["-drive", f"if=none,id={serial},file={path},format=raw,"
                     + options,
                     "-device", f"virtio-blk-pci,drive={serial},"
                     f"serial={serial}"]
        for net in config.networks:
            argv += ["-netdev", f"tap,id={net},ifname="
                     f"{network.tap(self.name, net)},script=no,downscript=no",
                     "-device", f"virtio-net-pci,netdev={net},id=nic-{net},"
                     f"mac={network.mac(net, self.index)}"]
        return argv + list(config.qemu_args)

    def _all_disks(self):
        """(serial, path, options) of each disk.  The host does not crash with
        the guest, so flushing its own page cache buys nothing; shared disks
        are coherent because all go through that one page cache."""
        shared = "readonly=on,file.locking=off"
        yield "base", self.lab.image.root, shared
        yield "stage", self.lab.stage, shared
        for serial, path in self._disks:
            yield serial, path, "cache=unsafe"
        for serial in self.config.disks:
            yield (serial, self.lab.disk_path(serial),
                   "cache=writeback,file.locking=off")
