# SPDX-License-Identifier: GPL-2.0-or-later
"""Nodes in network namespaces, each with its own cmclconfd, on one machine.

Every process dies with this one (PR_SET_PDEATHSIG), and the namespaces with
their processes: nothing is left behind, however the run ends.
"""
import hashlib
import os
import shutil
import signal
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SBIN = os.path.join(TOP, "build", os.environ.get("FLAVOUR", "release"), "sbin")
PORT = "15302"
BOUND = ["setpriv", "--pdeathsig", "KILL"]


def wait_for(what, condition, seconds=30):
    """Waits until condition() is true; raises with what was waited for."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for: {what}")
        time.sleep(0.02)


class Namespace:
    """A network namespace, held by a sleeping process."""

    def __init__(self):
        self.holder = subprocess.Popen(BOUND + ["unshare", "-n", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        wait_for("a network namespace",
                 lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own)

    def command(self, *argv):
        return ["nsenter", "-t", str(self.holder.pid), "-n", *argv]

    def run(self, *argv):
        subprocess.run(self.command(*argv), check=True, stdout=subprocess.DEVNULL)

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Node:
    """A node: name, addresses 10.<net>.0.<number>, directories, daemon."""

    def __init__(self, net, number):
        self.number = number
        self.name = f"n{number}"
        self.space = Namespace()
        self.dir = os.path.join(net.dir, self.name)
        self.etc = os.path.join(self.dir, "etc")
        self.run_dir = os.path.join(self.dir, "run")
        self.daemon = None
        os.makedirs(self.etc)
        os.makedirs(self.run_dir)
        self.space.run("ip", "link", "set", "lo", "up")
        for path in (1, 2):
            net.plug(self, path)

    def start(self):
        log = open(os.path.join(self.dir, "log"), "ab")
        self.daemon = subprocess.Popen(
            self.space.command(*BOUND, os.path.join(SBIN, "cmclconfd"), "--etc", self.etc,
                               "--run", self.run_dir, "--node", self.name, "--port", PORT,
                               "--systemctl", os.path.join(self.dir, "systemctl")),
            stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        wait_for(f"cmclconfd of {self.name}", self.answers)

    def answers(self):
        if self.daemon.poll() is not None:
            raise AssertionError(f"cmclconfd of {self.name} ended: {self.log()}")
        return b"LISTEN" in subprocess.run(
            self.space.command("ss", "-ltn", f"sport = :{PORT}"),
            capture_output=True, check=True).stdout

    def stop(self, how=signal.SIGTERM):
        if self.daemon:
            self.daemon.send_signal(how)
            code = self.daemon.wait()
            self.daemon = None
            return code
        return None

    def crash(self):
        self.stop(signal.SIGKILL)

    def start_command(self, name, *argv):
        env = dict(os.environ, TOCSIN_ETC=self.etc, TOCSIN_RUN=self.run_dir)
        return subprocess.Popen(
            self.space.command(*BOUND, os.path.join(SBIN, "tocsin"), name, *argv),
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    def command(self, name, *argv):
        """Runs a command to its end: (exit code, output)."""
        proc = self.start_command(name, *argv)
        out = proc.communicate(timeout=120)[0]
        return proc.returncode, out

    def path(self, name):
        return os.path.join(self.etc, name)

    def has(self, name):
        return os.path.lexists(self.path(name))

    def digest(self):
        """What is installed, or None."""
        if not self.has("cmclconfig"):
            return None
        with open(self.path("cmclconfig"), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def log(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def block(self, name):
        """Writing this file blocks the daemon until unblock()."""
        os.mkfifo(self.path(name + ".new"))

    def blocked(self):
        with open(f"/proc/{self.daemon.pid}/wchan", encoding="ascii") as file:
            return file.read() in ("wait_for_partner", "fifo_open")

    def unblock(self, name):
        os.unlink(self.path(name + ".new"))

    def close(self):
        self.crash()
        self.space.close()


class Net:
    """A switch for each of two networks, and the nodes."""

    def __init__(self, directory, count):
        self.dir = directory
        self.switch = Namespace()
        for path in (1, 2):
            self.switch.run("ip", "link", "add", f"br{path}", "type", "bridge")
            self.switch.run("ip", "link", "set", f"br{path}", "up")
        self.nodes = [Node(self, i + 1) for i in range(count)]

    def plug(self, node, path):
        port = f"p{path}n{node.number}"
        inside = f"eth{path - 1}"
        self.switch.run("ip", "link", "add", port, "type", "veth", "peer", "name", inside,
                        "netns", str(node.space.holder.pid))
        self.switch.run("ip", "link", "set", port, "master", f"br{path}", "up")
        node.space.run("ip", "address", "add", f"10.{path}.0.{node.number}/24", "dev", inside)
        node.space.run("ip", "link", "set", inside, "up")

    def cut(self, node, path, up=False):
        self.switch.run("ip", "link", "set", f"p{path}n{node.number}", "up" if up else "down")

    def reset(self):
        """Every node as new, with the same key, its daemon running."""
        for node in self.nodes:
            node.crash()
            shutil.rmtree(node.etc)
            os.makedirs(node.etc)
            for path in (1, 2):
                self.cut(node, path, up=True)
        code, out = self.nodes[0].command("cmkeygen")
        assert code == 0, out
        for node in self.nodes:
            if node is not self.nodes[0]:
                shutil.copy2(self.nodes[0].path("key"), node.path("key"))
            node.start()

    def digests(self):
        return {node.digest() for node in self.nodes}

    def close(self):
        for node in self.nodes:
            node.close()
        self.switch.close()
