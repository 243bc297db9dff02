# SPDX-License-Identifier: GPL-2.0-or-later
"""A micro VM that boots once and runs often.

It is frozen, all its state in a file, when it has loaded its modules and before
it runs its command; each run thaws a copy.
"""
import dataclasses
import os
import socket
import tempfile
import time

from . import kmods, micro, qemu
from .errors import LabError
from .qmp import Monitor

HOLD = "micro-init: holds"
# Or a machine that was stopped to be saved would stay stopped.
OPTIONS = ["-global", "migration.store-global-state=off"]
SAVE_S = 60


class Frozen:
    """Boots the job and freezes it; a context that ends with its files."""

    def __init__(self, job):
        job.kernel = job.kernel or kmods.Kernel()
        self.job = job
        self._directory = tempfile.TemporaryDirectory(prefix="tocsin-frozen-")
        self._initrd = qemu.memory_file("initrd")
        try:
            root = micro.initramfs(job)
            root.write("/etc/micro/hold", "")
            root.save(self._initrd)
            self._freeze()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._initrd.close()
        self._directory.cleanup()

    def run(self, memory=None):
        """As micro.run(); memory: as in its Job, of this run."""
        with open(self._path("state"), "rb") as state:
            job = dataclasses.replace(self.job, memory=memory, pass_files=[state])
            return micro.run_with(job, self._initrd,
                                  [*OPTIONS, "-incoming", f"fd:{state.fileno()}"])

    def _path(self, name):
        return os.path.join(self._directory.name, name)

    def _freeze(self):
        failed = []

        def watch(proc, line):
            if line.endswith(HOLD):
                try:
                    self._save()
                except (OSError, LabError) as err:
                    failed.append(str(err))
                proc.kill()

        with qemu.memory_file("ram") as memory:
            # Memory of the same kind, or the state would not fit.
            job = dataclasses.replace(self.job, memory=memory, watch=watch)
            outcome = micro.run_with(job, self._initrd, [
                *OPTIONS, "-qmp", f"unix:{self._path('qmp')},server=on,wait=off"])
        if failed or not os.path.exists(self._path("state")):
            raise LabError("could not freeze the machine: " +
                           (failed[0] if failed else outcome.reason))

    def _save(self):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(self._path("qmp"))
            monitor = Monitor(sock, lambda *_: None)
            monitor.command("stop")
            monitor.command("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
            monitor.command("migrate", uri=f"exec:cat >{self._path('part')}")
            end = time.monotonic() + SAVE_S
            while (status := monitor.command("query-migrate").get("status")) != "completed":
                if status == "failed" or time.monotonic() > end:
                    raise LabError(f"QEMU does not save the machine: {status}")
                time.sleep(0.02)
        os.rename(self._path("part"), self._path("state"))
