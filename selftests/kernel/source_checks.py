# SPDX-License-Identifier: GPL-2.0-or-later
"""What kernel people ask of source: checkpatch, sparse, and a place in their tree."""
import os
import re
import shutil
import subprocess

from lab import kmods, micro

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, "build", "kernel-test")
SPARSE_ON = "6.12"
NICE = ["nice", "make", "-s", f"-j{os.cpu_count()}"]

# What checkpatch says and is not followed: where, what, and the reason.
NOT_FOLLOWED = [
    ("kmod/compat.h", "LINUX_VERSION_CODE", "a module outside the tree meets many versions"),
    ("kmod/compat.h", "CONSTANT_COMPARISON", "takes KERNEL_VERSION() for a constant"),
    ("kmod/compat.h", "COMPLEX_MACRO", "an argument that older kernels do not have"),
    ("kmod/compat.h", "SPACING", "the same"),
    ("kmod/compat.h", "MACRO_ARG_UNUSED", "an initializer that older kernels do not have"),
    ("kmod/core/core_env.h", "PREFER_KERNEL_TYPES", "defines them for user space"),
    ("kmod/core/core_env.h", "PREFER_DEFINED_ATTRIBUTE_MACRO", "the half for user space"),
    ("kmod/core/core_env.h", "CAMELCASE", "_Static_assert, the half for user space"),
    ("kmod/core/core_env.h", "AVOID_BUG", "who has broken the protocol must not go on"),
    ("kmod/core/", "BIT_MACRO", "the core is for user space, too, which has none"),
    ("kmod/core/names.c", "MACRO_ARG_REUSE", "tables of names, made of constants"),
    ("kmod/trace.h", "OPEN_ENDED_LINE", "as all trace headers have it"),
    ("kmod/trace.h", "PARENTHESIS_ALIGNMENT", "the same"),
    ("kmod/recorder", "SPACING", "mistakes a compound literal of an array for a block"),
    ("", "TYPO_SPELLING", "acknowledgement is British"),
]


def kernel(*arguments):
    return kmods.output([os.path.join(TOP, "tools/lab/kernel"), *arguments])


def output_of(command, **more):
    """Returns (exit status, what it printed)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, errors="replace", **more)
    return done.returncode, done.stdout


def sources():
    listed = kmods.output(["git", "-C", TOP, "ls-files", "kmod", "include/uapi",
                           "selftests/kernel"]).splitlines()
    return [os.path.join(TOP, f) for f in listed if f.endswith((".c", ".h")) and
            f.startswith(("kmod/", "include/", "selftests/kernel/kmod/"))]


def checkpatch(_full):
    """checkpatch --strict has nothing to say"""
    script = os.path.join(kernel("source"), "scripts/checkpatch.pl")
    os.makedirs(OUT, exist_ok=True)
    # Not in the top directory: it would leave a file there.
    _, said = output_of([script, "--no-tree", "--strict", "--terse", "--show-types",
                         "--max-line-length=100", "-f", *sources()], cwd=OUT)
    said = said.replace(TOP + "/", "")
    lines = [line for line in said.splitlines() if re.search(r": (ERROR|WARNING|CHECK):", line)
             and not any(line.startswith(where) and f":{what}:" in line
                         for where, what, _ in NOT_FOLLOWED)]
    if not re.search(r"^total: \d+ errors", said, re.M):
        lines.append("checkpatch did not run: " + said[-300:])
    return lines


def sparse(_full):
    """sparse has nothing to say"""
    out = os.path.join(OUT, "sparse")
    # Sparse looks at what is compiled, so nothing may be left of the last time.
    shutil.rmtree(out, ignore_errors=True)
    status, said = output_of(["nice", "make", "-s", "-C", "kmod", "-f", "Makefile", "sparse",
                              f"O={out}", f"KERNEL={kmods.Kernel(SPARSE_ON).headers}"], cwd=TOP)
    lines = [line for line in said.splitlines()
             if line.startswith(out) and re.search(r": (warning|error):", line)]
    if status or not os.path.exists(os.path.join(out, "src/tocsin.ko")):
        lines.append("make sparse failed: " + said[-500:])
    return lines


class Tree:
    """An unpacked kernel tree with the module in drivers/tocsin.

    A tree of links to the cache's source, where only what is changed is real.
    """

    def __init__(self):
        self.source = kernel("source")
        self.top = os.path.join(OUT, "in-tree/tree")
        self.objects = os.path.join(OUT, "in-tree/objects")
        mark = os.path.join(self.top, "made-of")
        if not os.path.exists(mark) or os.readlink(mark) != self.source:
            self._make(mark)
        kmods.output([os.path.join(TOP, "tools/kernel-tree"), self.top])

    def _make(self, mark):
        shutil.rmtree(os.path.dirname(self.top), ignore_errors=True)
        os.makedirs(self.objects)
        subprocess.run(["cp", "-as", self.source, self.top], check=True)
        os.symlink(self.source, mark)

    def configure(self, tocsin):
        """The debug kernel's configuration without what finds mistakes."""
        with open(os.path.join(TOP, "tools/lab/kernels/debug.config")) as file:
            text = file.read().split("# What finds mistakes")[0]
        fragment = os.path.join(self.objects, "fragment")
        with open(fragment, "w") as file:
            file.write(text + f"CONFIG_TOCSIN={tocsin}\n")
        status, said = self.make(f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig")
        with open(os.path.join(self.objects, ".config")) as file:
            taken = f"CONFIG_TOCSIN={tocsin}\n" in file.read()
        return said if status or not taken else ""

    def make(self, *arguments):
        return output_of([*NICE, f"O={self.objects}", "W=1", *arguments], cwd=self.top)

    def build(self, tocsin, target, made):
        """Returns what is wrong with it, as lines."""
        wrong = self.configure(tocsin)
        if wrong:
            return [f"CONFIG_TOCSIN={tocsin} is not taken", *wrong.splitlines()[-20:]]
        status, said = self.make(*target)
        lines = [line for line in said.splitlines()
                 if "drivers/tocsin" in line and re.search(r"(warning|error):", line)]
        if status or not os.path.exists(os.path.join(self.objects, made)):
            lines += [f"make {target[0]} failed", *said.splitlines()[-20:]]
        return lines


    def boot(self, command):
        """Returns why the kernel that was built does not come up and run a command."""
        there = os.path.join(OUT, "in-tree/boot")
        shutil.rmtree(there, ignore_errors=True)
        with open(os.path.join(self.objects, "include/config/kernel.release")) as file:
            modules = os.path.join(there, "lib/modules", file.read().strip())
        os.makedirs(modules)
        open(os.path.join(modules, "modules.dep"), "w").close()
        os.symlink(os.path.join(self.objects, "vmlinux"), os.path.join(there, "vmlinux"))
        os.symlink(os.path.join(self.objects, ".config"), os.path.join(there, "config"))
        outcome = micro.run(micro.Job(command=command, modules=[], kernel=kmods.Kernel(there)))
        return [] if outcome.passed else [outcome.reason, *outcome.console.splitlines()[-40:]]


def built_in(full):
    """a kernel tree takes it in: CONFIG_TOCSIN=y"""
    if full:
        tree = Tree()
        return tree.build("y", ["vmlinux"], "vmlinux") or \
            tree.boot(["grep", "tocsin$", "/proc/misc"])
    return Tree().build("y", ["drivers/tocsin/"], "drivers/tocsin/built-in.a")


def in_tree_module(_full):
    """a kernel tree takes it in: CONFIG_TOCSIN=m"""
    # What it needs of a kernel that is not built is proven outside the tree.
    return Tree().build("m", ["drivers/tocsin/tocsin.ko", "KBUILD_MODPOST_WARN=1"],
                        "drivers/tocsin/tocsin.ko")


CHECKS = [checkpatch, sparse, built_in, in_tree_module]


def names():
    """Lines for a list of cases."""
    return [f"{'':22} source: {check.__doc__}" for check in CHECKS]


def run(full):
    """Yields (good, name, remarks) for each."""
    for check in CHECKS:
        try:
            lines = check(full)
        except (OSError, ValueError, subprocess.CalledProcessError) as err:
            lines = [str(err)]
        yield not lines, "source: " + check.__doc__, lines
