# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the image that all nodes boot from, and finds it again.

In the cache:
  base/<key>.tar.zst      Debian, as mmdebstrap made it from PACKAGES
  image/<key>/root.img    the same with kernel modules, crash kernel, agent
  image/<key>/initrd      the initramfs of a node (guest/node-init)
  image/<key>/modules/    the kernel modules that the image holds
A key is a hash of everything that goes in.  What is being built has another
name until it is complete, and the tree is built on the sandbox's tmpfs.
"""
import hashlib
import os
import shutil
import subprocess
import sys
import time

from . import cpio, kmods, qemu, sandbox

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = "bookworm"
KEEP_DAYS = 14
IMAGE_SIZE = 1200 << 20

# One line a package: name, then the reason.
PACKAGES = """
systemd-sysv      process 1
udev              device nodes and links
kmod              modprobe
iproute2          addresses, tc netem
iputils-arping    gratuitous ARP
iputils-ping      network checks
procps            sysctl, ps, pkill
lvm2              volume groups
xfsprogs          file systems of packages
kexec-tools       loads the crash kernel
makedumpfile      saves the dump
python3           services and clients of the scenarios
busybox-static    crash initramfs, small services
strace            looking into a daemon
libmnl0           used by Tocsin
liburcu8          used by Tocsin
libgnutls30       used by Tocsin
libjansson4       used by Tocsin
libprotobuf-c1    used by Tocsin
libsystemd0       used by Tocsin
libkdumpfile10    used by Tocsin
"""
EXCLUDE = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*",
           "/usr/share/info/*")

# Directories of the kernel's module tree that the image holds.
MODULE_DIRS = (
    "block", "crypto", "fs", "lib", "mm", "net", "drivers/block",
    "drivers/char", "drivers/dax", "drivers/md", "drivers/net/bonding",
    "drivers/net/*.ko", "drivers/scsi/*.ko", "drivers/scsi/device_handler",
    "drivers/target", "drivers/virtio", "drivers/watchdog", "drivers/nvdimm")
NODE_MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_console",
                "virtio_rng", "crc32c_generic", "ext4", "overlay")
CRASH_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")

# Units that cost time at boot and serve nothing in a lab.
MASKED = """
apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
e2scrub_reap.service fstrim.timer getty.target console-getty.service
systemd-ask-password-console.path systemd-ask-password-wall.path
systemd-binfmt.service proc-sys-fs-binfmt_misc.automount
systemd-firstboot.service systemd-hwdb-update.service
systemd-journal-catalog-update.service systemd-journal-flush.service
systemd-machine-id-commit.service systemd-pstore.service
systemd-random-seed.service systemd-remount-fs.service
systemd-boot-system-token.service systemd-sysext.service
systemd-update-done.service systemd-update-utmp.service
systemd-update-utmp-runlevel.service systemd-user-sessions.service
systemd-networkd.service systemd-networkd.socket
systemd-network-generator.service systemd-rfkill.socket
systemd-pcrphase.service systemd-pcrphase-sysinit.service
systemd-repart.service systemd-sysusers.service systemd-tmpfiles-clean.timer
systemd-modules-load.service
ldconfig.service quotaon.service kmod-static-nodes.service
dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount
sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount
modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service
modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service
lvm2-monitor.service blk-availability.service
""".split()


class Image:
    """A finished image in the cache."""

    def __init__(self, path, kernel):
        self.path = path
        self.kernel = kernel
        self.root = os.path.join(path, "root.img")
        self.initrd = os.path.join(path, "initrd")
        self.modules = os.path.join(path, "modules")


def packages():
    return [line.split()[0] for line in PACKAGES.strip().splitlines()]


def base_key():
    return _hash([SUITE, *packages(), *EXCLUDE])


def image_key(kernel):
    parts = [base_key(), os.path.basename(kernel.dir)]
    guest = os.path.join(HERE, "guest")
    for top, dirs, files in os.walk(guest):
        dirs.sort()
        for name in sorted(files):
            path = os.path.join(top, name)
            with open(path, "rb") as src:
                parts += [os.path.relpath(path, guest), src.read()]
    with open(__file__, "rb") as src:
        parts.append(src.read())
    return _hash(parts)


def find():
    """Returns the Image that fits this tree, or None if it is not built."""
    kernel = kmods.Kernel()
    path = os.path.join(qemu.cache_dir(), "image", image_key(kernel))
    if not os.path.isdir(path):
        return None
    os.utime(path)
    return Image(path, kernel)


def get():
    """Returns the Image, building it first when needed.

    To be called outside the sandbox: building needs the host's network, and
    happens in a sandbox of its own.
    """
    image = find()
    if image is None:
        tool = os.path.join(HERE, "image")
        if subprocess.run([tool, "build"], check=False).returncode != 0:
            sys.exit("lab: the image could not be built (see above)")
        image = find()
    return image


def build():
    """Builds what is missing.  Runs inside a sandbox with the host's network."""
    kernel = kmods.Kernel()
    base = os.path.join(qemu.cache_dir(), "base")
    images = os.path.join(qemu.cache_dir(), "image")
    os.makedirs(base, exist_ok=True)
    os.makedirs(images, exist_ok=True)
    with qemu.Lock(os.path.join(qemu.cache_dir(), "image.lock")):
        path = os.path.join(images, image_key(kernel))
        if os.path.isdir(path):
            return
        begin = time.monotonic()
        tar = os.path.join(base, base_key() + ".tar.zst")
        if not os.path.exists(tar):
            _build_base(tar)
        _build_image(tar, path, kernel)
        _prune(images)
        _prune(base)
        _say(f"image ready after {time.monotonic() - begin:.0f} s")


def _say(text):
    print(f"lab/image: {text}", file=sys.stderr, flush=True)


def _hash(parts):
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:24]


def _prune(directory):
    """Removes what no lab used for KEEP_DAYS."""
    limit = time.time() - KEEP_DAYS * 86400
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        if os.stat(path).st_mtime > limit:
            continue
        if os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)


def _build_base(tar):
    _say(f"making a Debian {SUITE} with {len(packages())} packages "
         "(about a minute)")
    argv = ["mmdebstrap", "--quiet", "--variant=minbase",
            "--include=" + ",".join(packages())]
    argv += [f"--dpkgopt=path-exclude={p}" for p in EXCLUDE]
    env = dict(os.environ, TMPDIR=sandbox.scratch())
    part = tar + ".part"
    with open(part, "wb") as dst:
        make = subprocess.Popen([*argv, SUITE, "-"], stdout=subprocess.PIPE,
                                env=env)
        pack = subprocess.run(["zstd", "-q", "-3"], stdin=make.stdout,
                              stdout=dst, check=False)
        if make.wait() != 0 or pack.returncode != 0:
            raise RuntimeError("mmdebstrap failed: is the Debian mirror "
                               "reachable? (messages above)")
    os.rename(part, tar)


def _build_image(tar, path, kernel):
    _say("making the image")
    tmp = os.path.join(sandbox.scratch(), "image")
    root = os.path.join(tmp, "root")
    os.makedirs(root)
    subprocess.run(["tar", "--zstd", "-xf", tar, "-C", root], check=True)
    os.utime(tar)
    _install_guest(root)
    _install_modules(root, kernel)
    _install_hang(root)
    _crash_initrd(root, kernel)
    new = path + ".part"
    shutil.rmtree(new, ignore_errors=True)
    os.makedirs(new)
    shutil.copytree(os.path.join(root, "usr/lib/modules", kernel.release),
                    os.path.join(new, "modules"))
    with open(os.path.join(new, "initrd"), "wb") as dst:
        _boot_archive("node-init", NODE_MODULES, kernel).save(dst)
    qemu.make_ext4(os.path.join(new, "root.img"), IMAGE_SIZE,
                   "-O", "^has_journal", "-d", root)
    os.rename(new, path)


def _install_guest(root):
    """The agent, the lab's units and settings; everything else is masked."""
    subprocess.run(["cp", "-a", "--no-preserve=ownership",
                    os.path.join(HERE, "guest/root") + "/.", root], check=True)
    agent = os.path.join(root, "usr/lib/lab/agent")
    subprocess.run(["gcc", "-O2", "-static", "-Wall", "-Wextra", "-Werror",
                    "-D_GNU_SOURCE", "-o", agent,
                    os.path.join(HERE, "guest/agent.c")], check=True)
    units = os.path.join(root, "etc/systemd/system")
    for name in MASKED:
        _relink(os.path.join(units, name), "/dev/null")
    _relink(os.path.join(units, "default.target"),
            "/lib/systemd/system/multi-user.target")
    for name, target in (("lab-agent.service", "sysinit.target"),
                         ("kdump-tools.service", "multi-user.target")):
        os.makedirs(os.path.join(units, target + ".wants"), exist_ok=True)
        _relink(os.path.join(units, target + ".wants", name), "../" + name)
    generators = os.path.join(root, "etc/systemd/system-generators")
    os.makedirs(generators, exist_ok=True)
    for name in os.listdir(os.path.join(
            root, "usr/lib/systemd/system-generators")):
        _relink(os.path.join(generators, name), "/dev/null")
    for name in ("fstab", "hostname", "machine-id", "resolv.conf"):
        with open(os.path.join(root, "etc", name), "w"):
            pass


def _relink(path, target):
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)


def _install_modules(root, kernel):
    dst = os.path.join(root, "usr/lib/modules", kernel.release)
    os.makedirs(dst)
    sources = " ".join("kernel/" + d for d in MODULE_DIRS)
    subprocess.run(f"cp -a --parents {sources} modules.order modules.builtin "
                   f"modules.builtin.modinfo {dst}", shell=True,
                   cwd=kernel.modules, check=True)
    subprocess.run(["depmod", "-b", root, kernel.release], check=True)
    shutil.copy(os.path.join(kernel.dir, "vmlinuz"),
                os.path.join(root, "boot/vmlinuz"))


def _install_hang(root):
    """The module with which a test hangs processors."""
    build = os.path.join(sandbox.scratch(), "hang")
    shutil.copytree(os.path.join(HERE, "guest/hang"), build)
    headers = kmods.output([os.path.join(HERE, "../kernel-headers")])
    subprocess.run(["make", "-s", "-C", headers, "M=" + build, "modules"],
                   check=True)
    shutil.copy(os.path.join(build, "hang.ko"),
                os.path.join(root, "usr/lib/lab/hang.ko"))


def _boot_archive(init, modules, kernel):
    archive = cpio.Archive()
    archive.file("/bin/busybox", "/bin/busybox", 0o755)
    archive.file(os.path.join(HERE, "guest", init), "/init", 0o755)
    for path in ("/proc", "/sys", "/dev"):
        archive.dir(path)
    order = kernel.order(m for m in modules if kernel.has(m))
    for path in order:
        archive.file(os.path.join(kernel.modules, path),
                     "/lib/modules/" + os.path.basename(path))
    archive.write("/etc/boot-modules",
                  "".join(os.path.basename(p) + "\n" for p in order))
    return archive


def _crash_initrd(root, kernel):
    """makedumpfile comes from the image: its libraries must fit it."""
    archive = _boot_archive("crash-init", CRASH_MODULES, kernel)
    out = subprocess.run(["chroot", root, "ldd", "/usr/bin/makedumpfile"],
                         stdout=subprocess.PIPE, text=True, check=True)
    wanted = ["/usr/bin/makedumpfile"]
    wanted += [w for line in out.stdout.splitlines() for w in line.split()
               if w.startswith("/")]
    for path in wanted:
        archive.file(root + path, path, 0o755)
    archive.link("/bin/makedumpfile", "/usr/bin/makedumpfile")
    with open(os.path.join(root, "boot/crash-initrd"), "wb") as dst:
        archive.save(dst)
