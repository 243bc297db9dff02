# SPDX-License-Identifier: GPL-2.0-or-later
"""Namespaces that end with the process that asked for them.

enter() forks.  The caller goes on in the child, as process 1 of a new process
namespace with its own mounts and network; the parent only waits.  When the
parent ends, however it ends, the kernel kills the child, with it everything in
the namespace, and with the last process go the network and the mounts, the
scratch tmpfs with the disks included.  So nothing has to be cleaned up, and
nothing can be forgotten.
"""
import ctypes
import errno
import os
import select
import signal
import subprocess
import sys

from . import qemu

CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MS_NOSUID_NODEV = 2 | 4
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
GRACE_S = 60

_libc = ctypes.CDLL(None, use_errno=True)
_inside = False


def inside():
    return _inside


def scratch():
    """Where the tmpfs of the sandbox is mounted; an empty directory outside."""
    path = os.path.join(qemu.cache_dir(), "scratch")
    os.makedirs(path, exist_ok=True)
    return path


def enter(net=True, tied=True):
    """Returns in the sandbox; the calling process waits outside and exits
    with the status of what runs inside.

    net:  with a network of its own (with loopback up)
    tied: the sandbox also ends (SIGTERM) when the parent of the calling
          process does, so that a lab never outlives the make that started it
    """
    global _inside
    if _inside:
        return
    if os.geteuid() != 0:
        sys.exit("lab: must run as root (namespaces, taps, mounts)")
    if tied:
        parent = os.getppid()
        _libc.prctl(qemu.PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit("lab: the parent process is gone")
    sys.stdout.flush()
    sys.stderr.flush()
    alive, keep = os.pipe()
    _unshare(CLONE_NEWPID)
    pid = os.fork()
    if pid:
        os.close(alive)
        sys.exit(_wait(pid))
    os.close(keep)
    qemu.die_with_parent()
    # Nothing is ever written to the pipe: readable means that it is closed.
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)
    # Process 1 ignores signals that have no handler.
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(signum, _stop)
    _unshare(CLONE_NEWNS | (CLONE_NEWNET if net else 0))
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "proc", 0)
    _mount("tocsin-lab", scratch(), "tmpfs", MS_NOSUID_NODEV)
    if net:
        _mount("sysfs", "/sys", "sysfs", 0)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    _inside = True


def _stop(signum, _frame):
    # A second signal must not interrupt the cleaning up; Ctrl-C arrives
    # twice, from the terminal and from the parent.
    for other in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + signum)


def _wait(pid):
    """Waits for the sandbox, passing on the signals that ask it to end."""
    def pass_on(signum, _frame):
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            pass
        signal.alarm(GRACE_S)

    def give_up(_signum, _frame):
        os.kill(pid, signal.SIGKILL)

    for signum in PASSED_ON:
        signal.signal(signum, pass_on)
    signal.signal(signal.SIGALRM, give_up)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _unshare(flags):
    if _libc.unshare(flags) != 0:
        err = ctypes.get_errno()
        sys.exit(f"lab: unshare: {os.strerror(err)}: namespaces are needed")


def _mount(source, target, kind, flags):
    args = [s.encode() if s else None for s in (source, target, kind)]
    if _libc.mount(*args, ctypes.c_ulong(flags), None) != 0:
        err = ctypes.get_errno()
        if target == "/" and err == errno.EINVAL:
            sys.exit("lab: / is not a mount point (a chroot?): "
                     "mount --bind DIR DIR before chroot")
        sys.exit(f"lab: mount {target}: {os.strerror(err)}")
