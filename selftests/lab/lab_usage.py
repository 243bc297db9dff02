#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is started by hand says how, and refuses what it does not know, before it
begins anything: a word that is overlooked starts the wrong thing, some for an hour."""
import glob
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
from lab.tap import Tap, equal, true  # noqa: E402

PROGRAMS = ("selftests/*/run", "selftests/kernel/measure*", "tools/check", "tools/setup",
            "tools/kernel-*", "tools/tidy/tidy", "tools/gen/*", "tools/demo/demo",
            "tools/demo/check-scene", "tools/lab/image", "tools/lab/kernel", "tools/lab/lab",
            "tools/lab/microvm")
# Far longer than the answer takes, far shorter than what would be started.
PATIENCE_S = 30
UNKNOWN = "--no-such-option"
SURPLUS = "no-such-word"
# A name of what there is not, and a word of the answer that lists what there is.
NAMES = (
    (["tools/check", SURPLUS], "unit"),
    (["tools/tidy/tidy", SURPLUS], "purity"),
    (["tools/lab/kernel", "5.99"], "6.12-rt"),
    (["tools/lab/microvm", "-K", "5.99", "true"], "6.12-rt"),
    (["selftests/conf/run", SURPLUS], "create_on_all"),
    (["selftests/fuzz/run", SURPLUS], "conf_text"),
    (["selftests/sim/run", "--mutant", SURPLUS], "no-wait"),
    (["selftests/starve/run", SURPLUS], "fifo"),
    (["selftests/starve/run", "--kernel", "5.99"], "6.12-rt"),
    (["selftests/kernel/run", SURPLUS], "unpetted"),
    (["selftests/kernel/run", "beat", SURPLUS], "unpetted"),
    (["selftests/kernel/run", "--kernel", "5.99", "frame"], "6.12-rt"),
    (["selftests/kernel/run", "--kernel", "6.1", "kunit"], "debug"),
    (["selftests/kernel/run", "hang, then a restart: one CPU of two"], "--full"),
    (["selftests/kernel/measure", SURPLUS], "softirqs"),
    (["selftests/kernel/measure", "--kernel", "5.99"], "6.12-rt"),
    (["selftests/kernel/measure-gasp", "--kernel", "5.99"], "6.12-rt"),
)
# That take one word, whatever it is called, so that two are one too many.
TAKES_A_WORD = ("tools/gen/regen", "tools/kernel-tree")
# Anything else is the beginning of a command for another machine, or of a verb.
PASSES_ON = ("tools/lab/microvm", "tools/lab/lab")


def ask(*argv):
    """(exit status, what it says)"""
    done = subprocess.run([os.path.join(TOP, argv[0]), *argv[1:]], cwd=TOP, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=PATIENCE_S)
    return done.returncode, done.stdout


def refuses(said, *argv):
    status, out = ask(*argv)
    equal((argv, status), (argv, 2))
    true(said in out, f"{' '.join(argv)}: '{said}' is not in: {out}")


def check_program(tap, program):
    with tap.case(f"usage: {program}"):
        status, out = ask(program, "--help")
        equal((program, status), (program, 0))
        true("usage: " in out, out)
        if program != "tools/lab/lab":      # that is for the lab that is up to say
            refuses("", program, UNKNOWN)
        if program in PASSES_ON:
            return
        refuses("", program, "--full", UNKNOWN)
        refuses("", program, *[SURPLUS] * (2 if program in TAKES_A_WORD else 1))


def main():
    tap = Tap()
    for pattern in PROGRAMS:
        found = sorted(glob.glob(os.path.join(TOP, pattern)))
        if not found:
            raise SystemExit(f"lab_usage: there is no {pattern}")
        for path in found:
            check_program(tap, os.path.relpath(path, TOP))
    with tap.case("usage: names that there are not, and those that there are"):
        for argv, said in NAMES:
            refuses(said, *argv)
    with tap.case("usage: tools/lab/lab up"):
        refuses("unrecognized", "tools/lab/lab", "up", UNKNOWN)
        equal(ask("tools/lab/lab", "up", "--help")[0], 0)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
