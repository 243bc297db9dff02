# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk that brings Tocsin into the nodes.

It is laid over the Debian image, so that a rebuild of Tocsin costs a second
and never a new image.
"""
import os
import shutil
import subprocess

from . import qemu, sandbox


def build(image, source, hosts, name="stage"):
    """Makes the disk from a directory that "make install DESTDIR=" filled
    (or None) and the text of /etc/hosts.  Returns its path."""
    tree = os.path.join(sandbox.scratch(), name)
    disk = tree + ".img"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(os.path.join(tree, "etc"))
    if source:
        if not os.path.isdir(source):
            raise ValueError(f"{source}: no such directory; fill it with "
                             f"make install DESTDIR={source}")
        subprocess.run(["cp", "-a", "--no-preserve=ownership", source + "/.",
                        tree], check=True)
    _merge_usr(tree)
    with open(os.path.join(tree, "etc/hosts"), "w") as dst:
        dst.write(hosts)
    _index_modules(image, tree)
    _enable_units(tree)
    qemu.make_ext4(disk, _size(tree) * 5 // 4 + (4 << 20),
                   "-O", "^has_journal", "-d", tree)
    shutil.rmtree(tree)
    return disk


def _merge_usr(tree):
    """Debian's /lib, /bin and /sbin are links into /usr: a directory of that
    name in an upper layer would hide them."""
    for name in ("lib", "bin", "sbin"):
        path = os.path.join(tree, name)
        if os.path.isdir(path) and not os.path.islink(path):
            target = os.path.join(tree, "usr", name)
            os.makedirs(target, exist_ok=True)
            subprocess.run(["cp", "-a", path + "/.", target], check=True)
            shutil.rmtree(path)


def _index_modules(image, tree):
    """Adds modules.dep and its kin for the image's modules and the tree's."""
    release = image.kernel.release
    ours = os.path.join(tree, "usr/lib/modules", release)
    if not os.path.isdir(ours):
        return
    both = os.path.join(sandbox.scratch(), "depmod")
    inside = os.path.join(both, "lib/modules", release)
    shutil.rmtree(both, ignore_errors=True)
    shutil.copytree(image.modules, inside)
    shutil.copytree(ours, inside, dirs_exist_ok=True)
    subprocess.run(["depmod", "-b", both, release], check=True)
    for name in os.listdir(inside):
        path = os.path.join(inside, name)
        if os.path.isfile(path) and name.startswith("modules."):
            shutil.copy(path, ours)
    shutil.rmtree(both)


def _enable_units(tree):
    """Enables the units that carry [Install], as a package's first
    installation does, unless etc/ says otherwise already."""
    units = os.path.join(tree, "usr/lib/systemd/system")
    if not os.path.isdir(units):
        return
    enabled = os.path.join(tree, "etc/systemd/system")
    for name in os.listdir(units):
        with open(os.path.join(units, name)) as src:
            words = [w for line in src if line.startswith("WantedBy=")
                     for w in line.strip().partition("=")[2].split()]
        for target in words:
            wants = os.path.join(enabled, target + ".wants")
            os.makedirs(wants, exist_ok=True)
            link = os.path.join(wants, name)
            if not os.path.lexists(link):
                os.symlink("/usr/lib/systemd/system/" + name, link)


def _size(tree):
    total = 0
    for top, dirs, files in os.walk(tree):
        for name in dirs + files:
            total += os.lstat(os.path.join(top, name)).st_size + 4096
    return total
