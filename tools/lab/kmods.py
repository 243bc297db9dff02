# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds kernel modules and what they depend on."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
KERNEL = os.path.join(HERE, "kernel")
NOT_BOOTED = "source"


class Kernel:
    """A kernel to boot: its image and its module tree.

    which is a flavour that tools/lab/kernel knows, or a directory with vmlinux,
    lib/modules/<release> and headers, as it makes it.
    """

    def __init__(self, which=None, image=None):
        check_flavour(which)
        if which and os.path.isdir(which):
            self.dir = os.path.abspath(which)
        else:
            self.dir = output([KERNEL, which or "6.1"])
        self.image = image or os.path.join(self.dir, "vmlinux")
        self.headers = os.path.join(self.dir, "headers")
        releases = os.listdir(os.path.join(self.dir, "lib/modules"))
        if len(releases) != 1:
            raise ValueError(f"{self.dir}/lib/modules: one release expected, "
                             f"found {' '.join(releases) or 'none'}")
        self.release = releases[0]
        self.modules = os.path.join(self.dir, "lib/modules", self.release)
        self._deps = self._read_deps()
        with open(os.path.join(self.dir, "config")) as file:
            self._config = file.read()

    def sets(self, option):
        """Is CONFIG_<option>=y?"""
        return f"\nCONFIG_{option}=y\n" in self._config

    def _read_deps(self):
        deps = {}
        with open(os.path.join(self.modules, "modules.dep")) as lines:
            for line in lines:
                path, _, needs = line.partition(":")
                # modules.dep lists the last to load first.
                deps[module_name(path)] = needs.split()[::-1] + [path]
        return deps

    def order(self, names):
        """Paths below self.modules of the named modules and all they need,
        in the order to load them."""
        paths = []
        for name in names:
            if module_name(name) not in self._deps:
                raise ValueError(f"kernel {self.release} has no module "
                                 f"'{name}' (or it is built in)")
            for path in self._deps[module_name(name)]:
                if path not in paths:
                    paths.append(path)
        return paths

    def has(self, name):
        return module_name(name) in self._deps

    def needs(self, path):
        """What a module file from outside needs of this kernel."""
        out = output(["/sbin/modinfo", "-F", "depends", path])
        return [n for n in out.split(",") if n and self.has(n)]

    def check(self, path):
        """Raises ValueError unless the module file was built for this."""
        magic = output(["/sbin/modinfo", "-F", "vermagic", path])
        if magic.split()[:1] != [self.release]:
            raise ValueError(f"{path} is built for {magic or 'no kernel'}, "
                             f"the lab boots {self.release}: rebuild it")


def flavours():
    """Those of tools/lab/kernel that boot."""
    return [name for name in output([KERNEL, "flavours"]).split() if name != NOT_BOOTED]


def check_flavour(which):
    """Raises ValueError unless it is one, a directory, or None: before anything is
    fetched or built for it."""
    if which and not os.path.isdir(which) and which not in flavours():
        raise ValueError(f"no flavour {which}; there are: {' '.join(flavours())} "
                         "(or a directory like that of tools/lab/kernel)")


def module_name(path):
    """tocsin for /some/where/tocsin.ko"""
    return os.path.basename(path).split(".ko")[0].replace("-", "_")


def output(argv):
    """What a program prints; ValueError if it fails."""
    out = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    if out.returncode != 0:
        raise ValueError(f"{' '.join(argv)} failed")
    return out.stdout.strip()
