# SPDX-License-Identifier: GPL-2.0-or-later
"""Starting QEMU: accelerator, common options, console with time stamps."""
import ctypes
import fcntl
import os
import signal
import subprocess
import time

from . import cpio, kmods

QEMU = "qemu-system-x86_64"
PROBE_SECONDS = 10
PR_SET_PDEATHSIG = 1
TCG = ("-accel", "tcg,thread=multi", "-cpu", "max")
KVM = ("-accel", "kvm", "-cpu", "host")
# For the kernel's command line: the first process brings the other CPUs online.
# While the kernel boots, it rewrites code that each CPU runs at each tick (the static key
# of sched_clock_stable). QEMU 7.2 can keep the translation of a breakpoint that stood
# there meanwhile: a CPU that comes by then goes round for ever, with interrupts off. Seen
# in one boot of 150 with two CPUs; with one CPU at that time there is no race.
ONE_CPU_FIRST = "maxcpus=1 "

_libc = ctypes.CDLL(None, use_errno=True)


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.path.join(base, "tocsin")
    os.makedirs(path, exist_ok=True)
    return path


def die_with_parent():
    """For preexec_fn: the kernel kills the child when its parent ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(argv, **kwargs):
    return subprocess.Popen(argv, preexec_fn=die_with_parent,
                            stdin=subprocess.DEVNULL, **kwargs)


def memory_file(name):
    """A file without a name: nothing to remove, whatever happens."""
    return open(os.memfd_create("tocsin-" + name, 0), "w+b")


def fd_path(file):
    """Path of an open file for a child that inherits it (pass_fds)."""
    return f"/proc/self/fd/{file.fileno()}"


def now_ms():
    """The lab's clock: the host's monotonic clock in milliseconds."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000_000


def make_ext4(path, size, *options):
    """Makes a file with an ext4 file system of size bytes, sparse."""
    with open(path, "wb") as dst:
        dst.truncate(size)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", *options,
                    path], check=True)


class Lock:
    """An exclusive lock on a file, held within a with statement."""

    def __init__(self, path):
        self._file = open(path, "w")

    def __enter__(self):
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self._file.close()


def accel():
    """The options for the fastest accelerator that works here.

    /dev/kvm may exist and yet hang the guest, so only a boot that ends in
    time counts.  The answer is kept until the host boots again;
    TOCSIN_ACCEL=tcg or =kvm decides without a trial.
    """
    choice = os.environ.get("TOCSIN_ACCEL")
    if not choice:
        choice = _probed()
    if choice not in ("tcg", "kvm"):
        raise ValueError(f"TOCSIN_ACCEL={choice}: tcg and kvm are allowed")
    return list(KVM if choice == "kvm" else TCG)


def _probed():
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    with open("/proc/sys/kernel/random/boot_id") as src:
        boot_id = src.read().strip()
    cache = os.path.join(cache_dir(), "accel")
    with Lock(cache + ".lock"):
        try:
            with open(cache) as src:
                boot, choice = src.read().split()
            if boot == boot_id:
                return choice
        except (OSError, ValueError):
            pass
        choice = "kvm" if _kvm_works() else "tcg"
        with open(cache, "w") as dst:
            dst.write(f"{boot_id} {choice}\n")
    return choice


def _kvm_works():
    """Boots the lab's kernel under KVM, twice, with two processors."""
    root = cpio.Archive()
    root.file("/bin/busybox", "/bin/busybox")
    root.write("/init", "#!/bin/busybox sh\n"
               "echo probe-alive\n"
               "exec /bin/busybox reboot -f\n", 0o755)
    with memory_file("probe") as initrd:
        root.save(initrd)
        argv = [QEMU, *KVM, "-machine", "q35", "-smp", "2", "-m", "256",
                *BARE, "-serial", "stdio", "-kernel", kmods.Kernel().image,
                "-initrd", fd_path(initrd), "-append",
                "console=ttyS0 panic=-1 quiet"]
        return all(_trial(argv, initrd.fileno()) for _ in range(2))


def _trial(argv, initrd):
    proc = spawn(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                 pass_fds=[initrd])
    try:
        out, _ = proc.communicate(timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        proc.kill()
        proc.communicate()
        return False
    return proc.returncode == 0 and b"probe-alive" in out


# No default devices, no display, and a reboot ends QEMU.
BARE = ("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot")
