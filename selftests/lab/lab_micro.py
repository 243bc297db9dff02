#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A micro VM's verdict: what passes, and above all what must not."""
import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
from lab import micro  # noqa: E402
from lab.tap import Tap, equal, true  # noqa: E402

# The watchdog panics two seconds after it was last fed.
SOFTDOG = ("softdog", "soft_margin=2 soft_panic=1")
STARVE = "echo armed >$RESULT; exec 9>/dev/watchdog; echo 1 >&9; sleep 30"
PANIC = "Software Watchdog Timer expired"


def shell(text, **job):
    return micro.run(micro.Job(command=["sh", "-c", text], **job))


def fails_with(outcome, text):
    true(not outcome.passed, "passed")
    true(text in outcome.reason, f"reason is '{outcome.reason}'")


def main():
    tap = Tap()
    with tap.case("micro VM: a command that succeeds passes"):
        out = shell("echo $((6 * 7)); grep -c udp_tunnel /proc/modules",
                    modules=[("ip6_udp_tunnel", ""), ("udp_tunnel", "")],
                    unload=True)
        equal(out.reason, "")
        equal(out.output.split(), ["42", "2"])
        tap.note(f"boot to end in {out.seconds:.1f} s")
    with tap.case("micro VM: a command that fails does not pass"):
        fails_with(shell("exit 3"), "exit 3")
    with tap.case("micro VM: a script that calls what is not there does not pass"):
        fails_with(shell("no-such-command | cat; exit 0"), "no-such-command: not found")
    with tap.case("micro VM: a command that is nowhere is told without a boot"):
        for name in ("selftests/none.sh", "no-such-command", "/bin/none"):
            try:
                out = micro.run(micro.Job(command=[name]))
            except FileNotFoundError as err:
                true(name in str(err), err)
            else:
                raise AssertionError(f"{name}: ran: {out.reason}")
    with tap.case("micro VM: an expected panic passes"):
        out = shell(STARVE, modules=[SOFTDOG], expect_panic=PANIC,
                    expect_result=["armed"])
        equal(out.reason, "")
    with tap.case("micro VM: an unexpected panic does not pass"):
        fails_with(shell("echo c >/proc/sysrq-trigger"), "sysrq triggered")
    with tap.case("micro VM: another panic than the expected does not pass"):
        fails_with(shell("echo c >/proc/sysrq-trigger", expect_panic=PANIC),
                   "sysrq triggered")
    with tap.case("micro VM: surviving an expected panic does not pass"):
        fails_with(shell("true", expect_panic=PANIC), "survived")
    with tap.case("micro VM: a missing result line does not pass"):
        fails_with(shell("true", expect_result=["armed"]), "armed")
    with tap.case("micro VM: a kernel that dies booting is started once more, no oftener"):
        boots = []
        out = shell("true", append="rdinit=/none init=/none loglevel=7 ",
                    watch=lambda proc, line: boots.extend(["Linux version" in line]))
        fails_with(out, "console: ")
        equal(sum(boots), 2)
        true("Kernel panic" in out.first, "the first console is kept")
    with tap.case("micro VM: a breakpoint that is not there is the emulator's"):
        oops = "Oops: int3: 0000\nRIP: 0010:f+0x8d\nCode: 89 e2 %s 48 8b\nCode: c3 <90> 90\n"
        for code in ("eb <5a>", "0f <1f> 44 00 00"):
            true(micro.STALE.search(oops % code), code)
        true(not micro.STALE.search(oops % "cc <1f>"), "a real one")
        true(not micro.STALE.search("Oops: 0002\n" + oops % "cc <1f>"), "another oops")
    with tap.case("micro VM: a hang does not pass and is ended"):
        fails_with(shell("sleep 60", timeout_s=6), "within 6 s")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
