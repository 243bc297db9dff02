#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Killing a lab at any moment leaves no process, namespace, mount or file."""
import glob
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tools"))
from lab import image, sandbox  # noqa: E402
from lab.tap import Tap, equal, true  # noqa: E402

VICTIM = """
import sys
sys.path.insert(0, %r)
from lab import testbed
testbed.enter()
with testbed.Lab(sys.argv[1], nodes=1, disks={"one": 1}) as lab:
    print("made", flush=True)
    lab.start()
    lab.wait("the end of time", lambda: False, 3600)
"""
MARK = "TOCSIN_TEST_MARK"


def marked(mark):
    """Processes that carry the mark in their environment."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as src:
                if f"{MARK}={mark}\0".encode() in src.read():
                    found.append(int(path.split("/")[2]))
        except OSError:
            pass
    return found


def namespaces(pids):
    """Namespaces of these processes that are not our own."""
    found = set()
    for pid in pids:
        for kind in ("pid", "net", "mnt"):
            try:
                name = os.readlink(f"/proc/{pid}/ns/{kind}")
            except OSError:
                continue
            if name != os.readlink(f"/proc/self/ns/{kind}"):
                found.add(name)
    return found


def holders(names):
    """Processes that are still in one of the namespaces."""
    pids = [int(p.split("/")[2]) for p in glob.glob("/proc/[0-9]*/ns")]
    return [p for p in pids if namespaces([p]) & names]


def run_victim(tmp, moment, signum, whom):
    """Starts a lab, ends it after moment seconds; returns what it had."""
    mark = os.path.basename(tmp)
    env = dict(os.environ, TMPDIR=tmp, **{MARK: mark})
    results = os.path.join(tmp, "results")
    lab = subprocess.Popen(
        [sys.executable, "-c", VICTIM % os.path.join(TOP, "tools"), results],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lab.stdout.readline()
    time.sleep(moment)
    had = marked(mark)
    names = namespaces(had)
    pid = lab.pid if whom == "outer" else max(had)
    os.kill(pid, signum)
    lab.wait(30)
    return mark, had, names


def check_gone(mark, names):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (marked(mark) or holders(names)):
        time.sleep(0.1)
    equal(marked(mark), [])
    equal(holders(names), [])
    with open("/proc/self/mountinfo") as src:
        equal([line for line in src if "tocsin-lab" in line], [])
    equal(os.listdir(sandbox.scratch()), [])


def one_round(moment, signum, whom="outer"):
    with tempfile.TemporaryDirectory(prefix="tocsin-left.") as tmp:
        mark, had, names = run_victim(tmp, moment, signum, whom)
        true(len(had) >= 2, f"the lab had {len(had)} processes")
        equal(len(names), 3)
        check_gone(mark, names)
        # Only what the user asked for: the results.
        equal(os.listdir(tmp), ["results"])


def tied_round():
    """The parent of the lab is killed: the lab must notice."""
    with tempfile.TemporaryDirectory(prefix="tocsin-left.") as tmp:
        mark = os.path.basename(tmp)
        env = dict(os.environ, TMPDIR=tmp, **{MARK: mark})
        code = VICTIM % os.path.join(TOP, "tools")
        parent = subprocess.Popen(
            [sys.executable, "-c", "import subprocess, sys; subprocess.run("
             "[sys.executable, '-c'] + sys.argv[1:])", code, tmp + "/results"],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        parent.stdout.readline()
        time.sleep(1)
        names = namespaces(marked(mark))
        equal(len(names), 3)
        parent.kill()
        parent.wait()
        check_gone(mark, names)


def main():
    image.get()
    tap = Tap()
    seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
    tap.note(f"SEED={seed}")
    rng = random.Random(seed)
    for _ in range(3):
        moment = rng.uniform(0, 3)
        with tap.case(f"lab: SIGKILL after {moment:.2f} s leaves nothing"):
            one_round(moment, signal.SIGKILL)
    with tap.case("lab: SIGKILL of a process inside leaves nothing"):
        one_round(0.5, signal.SIGKILL, "inner")
    for signum in (signal.SIGTERM, signal.SIGINT):
        with tap.case(f"lab: {signum.name} leaves nothing"):
            one_round(1, signum)
    with tap.case("lab: ends with the process that started it"):
        tied_round()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
