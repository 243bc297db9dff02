# SPDX-License-Identifier: GPL-2.0-or-later
"""The hangs that are staged: what nothing of may delay a TOC.

Each is (name, arguments of guest-hang.sh, other fields of a case).
"""
# Reserved for a crash kernel; the tests load one that resets the machine.
CRASH = {"append": "crashkernel=32M ", "memory_mb": 384}
ALL_BUT_3 = {"cpus": 4}
# A host with fewer CPUs to give than spin in the guest may stop one for long.
LATE_MS = 10000
VERDICT = "safety lease ran out"
PANIC = "tocsin: TOC: " + VERDICT
# In the middle of the memory: the initramfs is at its end.
PSTORE = 0x8000000
WATCHDOG = ["-device", "i6300esb", "-action", "watchdog=reset"]

# The last is that of PREEMPT_RT, where a thread prints.
IN_THE_CONSOLE = ["how=probe", "symbol=wait_for_lsr,serial8250_console_write,"
                  "serial8250_console_write_thread"]

PANICS = 0
RESTART = 1

HANGS = [
    ("one CPU of two, the owner's, with interrupts off", ["pinned", "mask=1"], {}),
    ("all CPUs but the last of four with interrupts off", ["pinned", "mask=7"], ALL_BUT_3),
    ("a CPU went away and came back, the other one hangs", ["hotplug", "mask=1"], {}),
    ("one CPU hangs and stop_machine() waits for it", ["pinned", "how=stop", "mask=1"], {}),
    ("the owner is stopped by a signal", ["stopped", "how=none"], {}),
    ("the owner's cgroup is frozen", ["frozen", "how=none"], {}),
    ("hogs of user space, SCHED_FIFO 99, no throttle", ["hogs", "how=none"], {}),
    ("hogs of the kernel, SCHED_FIFO 99, no throttle", ["fifo", "how=fifo"], {}),
    ("the memory is exhausted, reserves included", ["unpetted:12000", "how=memory"], {}),
    ("a flood of softirqs on each CPU", ["unpetted:3000", "how=softirq"], {}),
    ("the console is locked for ever", ["unpetted:3000", "how=console"], {}),
    ("CPU 0 hangs inside of the console's driver", ["console0:3000", *IN_THE_CONSOLE], {}),
    ("CPU 1 hangs inside of the console's driver", ["console1:3000", *IN_THE_CONSOLE], {}),
    ("a CPU hangs holding the module's own lock",
     ["together", "how=probe", "symbol=core_tick"], {}),
    ("a service hangs while it loads a crash kernel", ["kdump", "how=none"], CRASH),
    ("with a crash kernel, one CPU with interrupts off",
     ["pinned", "mask=1", "--", "kdump"], CRASH),
]


def with_action(how, action, ms=1000):
    """The first argument of guest-hang.sh: how[:SAFETY_TIMEOUT in ms], with an action."""
    return f"{how if ':' in how else f'{how}:{ms}'}:{action}"


def hung_cpus(arguments):
    """Those that must hang with interrupts off; empty: none, or whichever comes."""
    printer = arguments[0].partition(":")[0].removeprefix("console")
    if printer.isdigit():
        return {int(printer)}
    masks = [int(a[5:], 0) for a in arguments if a.startswith("mask=")]
    return {cpu for cpu in range(64) if masks and masks[0] >> cpu & 1}


def deeds(arguments, cpus):
    """How much stuck.ko must have done of what it was told to."""
    each = {"how=fifo", "how=softirq"} & set(arguments)
    return cpus if each else max(1, len(hung_cpus(arguments)) + ("how=stop" in arguments))


def unstaged(case, seen):
    """What stuck.ko did not do, by its stamps, of what it was told to; or ""."""
    wanted = deeds(case.arguments, case.cpus)
    if not seen or seen.deeds < wanted:
        return f"{seen.deeds if seen else 0} of {wanted} things it was told to"
    if not hung_cpus(case.arguments) <= seen.hung:
        return f"hang CPUs {seen.hung} only"
    return ""


def cases(case):
    """As cases of selftests/kernel/run."""
    found = [case("hang: " + name, "guest-hang.sh", arguments, panic=PANIC,
                  late_ms=LATE_MS, hangs=True, **more)
             for name, arguments, more in HANGS]
    # Where the console hangs, the restart's own line is not seen.
    found += [case("hang, then a restart: " + name, "guest-hang.sh",
                   [with_action(arguments[0], RESTART), *arguments[1:]],
                   console="stuck: ", hangs=True, recorded=VERDICT, long=True, **more)
              for name, arguments, more in HANGS]
    found.append(case("watchdog", "guest-watchdog.sh", qemu_args=WATCHDOG,
                      modules=["i6300esb"]))
    found.append(case("pstore", "guest-pstore.sh", ["fall"], again=["read"],
                      append=f"memmap=1M${PSTORE:#x} ",
                      modules=[f"ramoops mem_address={PSTORE:#x} mem_size=0x100000 "
                               "record_size=0x10000"]))
    # Only hardware helps here; without it the machine hangs for good.
    every = ["watchdog", "mask=3"]
    found.append(case("hang: every CPU, the hardware watchdog resets the machine",
                      "guest-hang.sh", every, console="stuck: irq, CPUs 0x3",
                      qemu_args=WATCHDOG, modules=["i6300esb"]))
    return found
