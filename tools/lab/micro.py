# SPDX-License-Identifier: GPL-2.0-or-later
"""Micro VMs: the stock kernel with an initramfs, for tests of the module.

A micro VM boots in about three seconds, loads modules, runs one command and
ends.  The verdict comes through a virtio port, never from the console.
"""
import contextlib
import dataclasses
import os
import re
import shlex
import subprocess
import threading

from . import cpio, kmods, qemu, tsc

HERE = os.path.dirname(os.path.abspath(__file__))
KASAN_MEMORY_MB = 768   # its shadow, and what is freed rests for a while
BUSYBOX = "/bin/busybox"
GUEST_PATH = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")     # as in guest/micro-init
BOOT_MODULES = ("virtio_pci", "virtio_console")
# A quarter of what a boot costs under emulation: the self-tests of algorithms, and the
# lock prefixes that are taken out while there is one CPU, and put back for the second.
BOOT_QUICKLY = "cryptomgr.notests noreplace-smp "
# What fails a test wherever it shows up on the console.
SPLATS = re.compile(
    r"WARNING: (?!Spectre)|BUG: |INFO: (task|rcu|trying|suspicious)|UBSAN: |KASAN: |Oops|"
    r"general protection fault|Unable to handle|DEBUG_LOCKS_WARN_ON|ODEBUG: |ref_tracker: |"
    r"unregister_netdevice: waiting|Kernel panic - not syncing|kmemleak: [1-9]")
# Of a shell; what follows such a line is not what was meant.
LACKING = re.compile(r"sh: (?:line \d+: )?\S+: not found$", re.M)
# A breakpoint was executed where the memory holds none (cc).  A static branch was switched by
# one CPU while another translated that page, and QEMU 7.2 kept the translation of the
# breakpoint that stood there between.  Seen at nops and jumps, where they are switched often.
STALE = re.compile(r"Oops: int3:(?:(?!Oops: |Code: ).)*Code: [^\n]* (?!cc)[0-9a-f]{2} <", re.S)
FIRST_PROCESS = "micro: the first process runs"
PANIC = re.compile(r"Kernel panic - not syncing: (.*)")


@dataclasses.dataclass
class Job:
    """What a micro VM is to do.

    command:      argv to run in the guest; a first element that is a file of
                  the host is copied in, with the libraries it needs
    modules:      (module, parameters) pairs, loaded in this order with all
                  they depend on; a module is a .ko file or the name of one
                  of the kernel's own
    available:    modules of the kernel to copy but not to load
    files:        (path on the host, path in the guest) pairs; directories
                  are copied whole
    programs:     programs of the host to copy with their libraries
    expect_panic: the test passes if the kernel panics with this string
    expect_result: lines the test must have written to $RESULT
    memory:       an open file that becomes the guest's memory; it can be read
                  when the guest has ended, whatever ended it
    watch:        called with the process and each line of the console
    started:      called with QEMU's process, which then is in a session of
                  its own, so that its share of the CPUs can be set
    env:          more environment variables for QEMU
    pass_files:   open files that QEMU inherits under their numbers
    """
    command: list
    modules: list = dataclasses.field(default_factory=list)
    available: list = dataclasses.field(default_factory=list)
    files: list = dataclasses.field(default_factory=list)
    programs: list = dataclasses.field(default_factory=list)
    append: str = ""
    timeout_s: float = 60
    cpus: int = 2
    memory_mb: int = 256
    unload: bool = False
    expect_panic: str = None
    expect_result: list = dataclasses.field(default_factory=list)
    kernel: kmods.Kernel = None
    qemu_args: list = dataclasses.field(default_factory=list)
    memory: object = None
    watch: object = None
    started: object = None
    env: dict = dataclasses.field(default_factory=dict)
    pass_files: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Outcome:
    """What came of it.  reason is empty when the test passed; first is the console of a
    former start in which the emulator failed, or empty."""
    reason: str
    output: str
    console: str
    result: list
    seconds: float
    first: str = ""

    @property
    def passed(self):
        return not self.reason


def run(job):
    """Boots a micro VM for the job and judges it.  Returns an Outcome."""
    job.kernel = job.kernel or kmods.Kernel()
    if job.kernel.sets("KASAN"):
        job.memory_mb = max(job.memory_mb, KASAN_MEMORY_MB)
    with qemu.memory_file("initrd") as initrd:
        initramfs(job).save(initrd)
        outcome = run_with(job, initrd)
        if not _emulators_fault(outcome):
            return outcome
        again = run_with(job, initrd)
        again.first = outcome.console
        return again


def _emulators_fault(outcome):
    """Of a stock kernel that died before anything of the test was there (a double fault,
    seen once), or of a breakpoint that is not there any more (once).  Twice in succession
    it counts."""
    booted = FIRST_PROCESS in outcome.console
    return bool((STALE if booted else SPLATS).search(outcome.console))


def run_with(job, initrd, more=()):
    """The same with an initramfs that is there, and more arguments of QEMU."""
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context(qemu.memory_file(name))
                 for name in ("output", "result")}
        files["initrd"] = initrd
        begin = qemu.now_ms()
        console, ended = boot(job, files, argv_of(job, files) + list(more))
        seconds = (qemu.now_ms() - begin) / 1000
        output = _read(files["output"])
        result = _read(files["result"]).splitlines()
    reason = _judge(job, console, result, ended) or lacking(output)
    return Outcome(reason, output, console, result, seconds)


def initramfs(job):
    root = cpio.Archive()
    root.file(BUSYBOX, "/bin/busybox", 0o755)
    root.file(os.path.join(HERE, "guest/micro-init"), "/init", 0o755)
    for path in ("/proc", "/sys", "/sbin", "/usr/bin", "/usr/sbin", "/var"):
        root.dir(path)
    _add_modules(root, job)
    for source, path in job.files:
        (root.tree if os.path.isdir(source) else root.file)(source, path)
    for program in job.programs:
        root.program(program)
    argv = list(job.command)
    if os.path.isfile(argv[0]):
        inside = "/test/" + os.path.basename(argv[0])
        root.program(argv[0], inside)
        argv[0] = inside
    elif not _in_guest(root, argv[0]):
        raise FileNotFoundError(f"{argv[0]}: no such file here, and none in the machine")
    root.write("/etc/micro/command", f"exec {shlex.join(argv)}\n")
    return root


def _in_guest(root, name):
    """Whether it will be found there: copied, or one of busybox's commands."""
    paths = [name] if "/" in name else [f"{where}/{name}" for where in GUEST_PATH]
    if any(path in root for path in paths):
        return True
    commands = kmods.output([BUSYBOX, "--list"]).split()
    return os.path.dirname(name) in ("", "/bin") and os.path.basename(name) in commands


def _add_modules(root, job):
    """Copies modules and writes the lists that micro-init reads."""
    kernel = job.kernel
    base = "/lib/modules/" + kernel.release
    boot = kernel.order(n for n in BOOT_MODULES if kernel.has(n))
    copy, load = list(boot), []
    for module, params in job.modules:
        if module.endswith(".ko"):
            kernel.check(module)
            needs = kernel.order(kernel.needs(module))
            path = "extra/" + os.path.basename(module)
            root.file(module, f"{base}/{path}")
        else:
            needs = kernel.order([module])
            path = needs.pop()
        copy += needs if path.startswith("extra/") else [*needs, path]
        load += [(p, "") for p in needs if p not in boot]
        load.append((path, params))
    copy += kernel.order(job.available)
    for path in copy:
        root.file(os.path.join(kernel.modules, path), f"{base}/{path}")
    # Each where it is needed first, with the parameters wherever they are given.
    once = {}
    for path, params in load:
        once[path] = once.get(path) or params
    root.write("/etc/micro/modules",
               "".join(f"{kernel.release}/{path} {params}\n" for path, params in once.items()))
    root.write("/etc/micro/boot-modules",
               "".join(f"{kernel.release}/{p}\n" for p in boot))
    if job.unload:
        names = [kmods.module_name(m) for m, _ in job.modules]
        root.write("/etc/micro/unload", "".join(n + "\n" for n in names[::-1]))


def argv_of(job, files):
    """QEMU's command line."""
    argv = [qemu.QEMU, *qemu.accel(), *qemu.BARE, "-machine", "q35",
            "-smp", str(job.cpus), "-m", str(job.memory_mb),
            "-kernel", job.kernel.image,
            "-initrd", qemu.fd_path(files["initrd"]), "-append",
            "console=ttyS0 loglevel=5 panic=-1 panic_on_warn=1 oops=panic "
            "no_timer_check tsc=reliable " + BOOT_QUICKLY + qemu.ONE_CPU_FIRST +
            tsc.options() + job.append,
            "-serial", "stdio", "-device", "virtio-serial-pci"]
    for name in ("output", "result"):
        path = qemu.fd_path(files[name])
        argv += ["-chardev", f"file,id={name},path={path}",
                 "-device", f"virtserialport,chardev={name},name={name}"]
    if job.memory:
        argv += ["-object", f"memory-backend-file,id=ram,size={job.memory_mb}M,share=on,"
                 f"mem-path={_fd_of_this_process(job.memory)}",
                 "-machine", "memory-backend=ram"]
    return argv + job.qemu_args


def boot(job, files, argv):
    """Runs QEMU to its end.  Returns the console and whether it ended by
    itself in time."""
    begin = qemu.now_ms()
    proc = qemu.spawn(argv, stdout=subprocess.PIPE,
                      stderr=subprocess.STDOUT,
                      start_new_session=bool(job.started),
                      env={**os.environ, **job.env},
                      pass_fds=[f.fileno() for f in [*files.values(), *job.pass_files]])
    if job.started:
        job.started(proc)
    timer = threading.Timer(job.timeout_s, proc.kill)
    timer.start()
    lines = []
    try:
        for line in proc.stdout:
            text = line.decode(errors="replace").rstrip("\r\n")
            lines.append(f"{qemu.now_ms() - begin:6d} {text}\n")
            if job.watch:
                job.watch(proc, text)
        ended = proc.wait() == 0
    finally:
        timer.cancel()
        proc.kill()
        proc.wait()
    return "".join(lines), ended


def _fd_of_this_process(file):
    return f"/proc/{os.getpid()}/fd/{file.fileno()}"


def lacking(output):
    """Why a test whose scripts found all they call has not run, or ""."""
    found = LACKING.search(output)
    return f"a command is not there: {_line_at(output, found.start())}" if found else ""


def _judge(job, console, result, ended):
    """Returns why the test failed, or "" when it passed."""
    missing = [line for line in job.expect_result if line not in result]
    exits = [line for line in result if line.startswith(("exit", "broken"))]
    if missing:
        return f"$RESULT lacks '{missing[0]}' (it holds {result})"
    if not ended:
        return f"QEMU did not end by itself within {job.timeout_s:g} s"
    if job.expect_panic is not None:
        return _judge_panic(job, console, exits)
    splat = SPLATS.search(console)
    if splat:
        return "console: " + _line_at(console, splat.start())
    if exits != ["exit 0"]:
        return f"verdict {exits or 'missing'}"
    return ""


def _judge_panic(job, console, exits):
    if exits:
        return f"survived ({exits[0]}) instead of '{job.expect_panic}'"
    panic = PANIC.search(console)
    if not panic:
        return f"no panic on the console, '{job.expect_panic}' expected"
    if job.expect_panic not in panic.group(1):
        return f"panic '{panic.group(1)}', '{job.expect_panic}' expected"
    # What runs on the way down counts, too.
    for when, begin, end in (("before", 0, panic.start()), ("after", panic.end(), len(console))):
        splat = SPLATS.search(console, begin, end)
        if splat:
            return f"{when} the panic: {_line_at(console, splat.start())}"
    return ""


def _line_at(text, position):
    begin = text.rfind("\n", 0, position) + 1
    return text[begin:text.find("\n", position)].strip()


def _read(file):
    file.seek(0)
    return file.read().decode(errors="replace")
