# SPDX-License-Identifier: GPL-2.0-or-later
"""Which cases run on which kernels, and what is built for each kernel."""
import functools
import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys

from lab import kmods

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(TOP, "build", "kernel-test")

EVERY = re.compile("")
# Flavours of tools/lab/kernel, and the cases that are not left for --full.  6.1 is
# what the nodes run; the others see what differs between kernels, the debug kernel
# what comes and goes: there it is noticed what is touched or kept too long.
BY_DEFAULT = {
    "6.1": EVERY,
    "6.12": re.compile("door|alone|evicted|stuck: CPU 1|restart"),
    "6.12-rt": re.compile("door|beat|threads|hog.*RCU|killed|alone|stuck: CPU 1|shutdown"),
    "debug": re.compile("kunit|brief life"),
    "kasan": EVERY,
}
DEBUG = "debug"
# Runs the cases that are for it only.
KASAN = "kasan"


def chosen(cases, flavour, wanted, full):
    """The cases for a kernel.  wanted: beginnings of names, none for all."""
    allowed = EVERY if full else BY_DEFAULT.get(flavour, EVERY)
    return [c for c in cases
            if (bool(c.suites) <= (flavour == DEBUG)) and
            (c.only == flavour or not c.only and flavour != KASAN) and
            (full or not c.long) and
            (any(c.name.startswith(w) for w in wanted) if wanted else allowed.match(c.name))]


def matrix(cases, wanted, full):
    """(flavour, cases) pairs.  Who names cases gets them on the first kernel that has
    them, and with full on each."""
    pairs, seen = [], set()
    for flavour in BY_DEFAULT:
        here = [c for c in chosen(cases, flavour, wanted, full)
                if full or not wanted or c.name not in seen]
        seen |= {c.name for c in here}
        if here:
            pairs.append((flavour, here))
    # The slowest first, or it runs alone at the end.
    return sorted(pairs, key=lambda pair: pair[0] != DEBUG)


def refusal(cases, kernel, wanted, full):
    """Why some of the names that were given stand for nothing here, or ""."""
    firsts = dict.fromkeys(re.split("[:,]", c.name)[0] for c in cases)
    here = [c for flavour in ([kernel] if kernel else BY_DEFAULT)
            for c in chosen(cases, flavour, wanted, full)]
    for word in wanted:
        if any(c.name.startswith(word) for c in here):
            continue
        named = [c for c in cases if c.name.startswith(word)]
        if not named:
            return (f"no case '{word}'; there are: {', '.join(firsts)} "
                    "(--list: the whole names)")
        if not full and any(c in chosen(cases, kernel or c.only or "6.1", [word], True)
                            for c in named):
            return f"case '{named[0].name}' is long: with --full only"
        fit = [f for f in BY_DEFAULT if chosen(cases, f, [word], True)]
        return f"case '{named[0].name}' is not for kernel {kernel}, only for: {' '.join(fit)}"
    return ""


def listing(cases):
    """A line for each case: its name, and on which kernels it runs without being named."""
    for case in cases:
        usual, full = ([f for f in BY_DEFAULT if case in chosen(cases, f, [], long)]
                       for long in (False, True))
        yield f"{' '.join(usual) or '--full: ' + ' '.join(full):22} {case.name}"


def kunit_suites():
    """The suites that there are, so that a missing one is noticed."""
    names = []
    for directory in ("kmod/tests", "selftests/kernel/kmod-core"):
        for name in sorted(os.listdir(os.path.join(TOP, directory))):
            if name.endswith(".c"):
                with open(os.path.join(TOP, directory, name)) as file:
                    names += re.findall(r'^\t\.name = "(\w+)",$', file.read(), re.M)
    return names


@functools.lru_cache(maxsize=None)
def build_client():
    """What runs in the machines and reads their memory, once for all kernels."""
    run([os.path.join(HERE, "build-client")])


def run(command):
    subprocess.run(command, cwd=TOP, check=True, stdout=sys.stderr)


class Built:
    """Module, client and the modules of the tests, for one kernel."""

    def __init__(self, which):
        self.kernel = kmods.Kernel(which)
        self.flavour = which
        self.has_kunit = self.kernel.sets("KUNIT")
        self.module = self._module()
        self.stuck = self._extra("stuck", ["selftests/kernel/kmod"])
        self.slow = os.path.join(os.path.dirname(self.stuck), "slowfamily.ko")
        self.core = self._extra("core_kunit", ["kmod/core", "selftests/unit/core",
                                               "selftests/kernel/kmod-core"]) \
            if self.has_kunit else None
        build_client()

    def _module(self):
        """With all warnings, and any of them is an error."""
        out = os.path.join(TOP, "build", "kmod-" + self.kernel.release)
        flags = "W=1" + (" CONFIG_TOCSIN_KUNIT_TEST=y" if self.has_kunit else "")
        self._make("-C", "kmod", "-f", "Makefile", f"KERNEL={self.kernel.headers}", f"O={out}",
                   f"KFLAGS={flags}")
        return os.path.join(out, "tocsin.ko")

    def _extra(self, name, sources):
        """A module of the tests, whose files are brought together first."""
        out = os.path.join(OUT, f"{name}-{self.kernel.release}")
        shutil.rmtree(out, ignore_errors=True)
        for source in sources:
            shutil.copytree(os.path.join(TOP, source), out, dirs_exist_ok=True)
        with open(os.path.join(out, "files.h"), "w") as file:
            file.writelines(f"TEST_FILE({f[:-2]})\n" for f in sorted(os.listdir(out))
                            if f.endswith("_test.c"))
        self._make("-C", self.kernel.headers, f"M={out}", "modules")
        return os.path.join(out, name + ".ko")

    @staticmethod
    def _make(*arguments):
        run(["nice", "make", "-s", f"-j{os.cpu_count()}", *arguments])


def load_run():
    """selftests/kernel/run as a module: its cases and how they become machines."""
    loader = importlib.machinery.SourceFileLoader("kernel_run", os.path.join(HERE, "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("kernel_run", loader))
    sys.modules["kernel_run"] = module
    loader.exec_module(module)
    return module
