# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's end of the agent (guest/agent.c): commands on a node.

One Channel serves one power cycle.  The guest may crash and boot again at any
moment; each boot says hello with a token of its own, and what was under way
then fails with NodeRebooted.
"""
import base64
import dataclasses
import itertools
import signal
import socket
import threading
import time

from . import qemu
from .errors import NodeOff, NodeRebooted, NodeTimeout

CHUNK = 24 * 1024


@dataclasses.dataclass
class Result:
    """How a command ended.  code is -1 when a signal ended it."""
    code: int
    signal: int
    out: str
    err: str
    seconds: float

    @property
    def status(self):
        if self.signal:
            return f"signal {signal.Signals(self.signal).name}"
        return f"status {self.code}"

    def __bool__(self):
        return self.code == 0


class Command:
    """A command under way on a node."""

    def __init__(self, channel, number, text):
        self.text = text
        self._channel = channel
        self._token = channel.token
        self._number = number
        self._begin = time.monotonic()
        self._out = bytearray()
        self._err = bytearray()
        self._done = threading.Event()
        self._end = None
        self._error = None
        self.pong = None

    def output(self):
        """Standard output so far."""
        return self._out.decode(errors="replace")

    def running(self):
        return not self._done.is_set()

    def kill(self, signum=signal.SIGKILL):
        self.send("K", str(int(signum)))

    def send(self, kind, *words):
        """Only for the boot that the command was meant for."""
        self._channel.send(" ".join((kind, self._token, str(self._number))
                                    + words) + "\n")

    def wait(self, timeout):
        """Returns the Result; kills the command after timeout seconds."""
        if not self._done.wait(timeout):
            try:
                self.kill()
            except NodeOff:
                pass
            raise NodeTimeout(f"{self._channel.name}: '{self.text}' did not "
                              f"end within {timeout:g} s; output so far: "
                              f"{self.output()[-500:]!r}")
        if self._error:
            raise self._error
        code, signum = self._end
        return Result(code, signum, self.output(),
                      self._err.decode(errors="replace"),
                      time.monotonic() - self._begin)

    def stdout(self):
        """Standard output as bytes, after wait()."""
        return bytes(self._out)

    def take(self, kind, words):
        if kind == "O":
            self._out += base64.b64decode(words[0])
        elif kind == "E":
            self._err += base64.b64decode(words[0])
        elif kind == "X":
            self._end = int(words[0]), int(words[1])
            self._done.set()
        elif kind == "P":
            self.pong = int(words[0])
            self._end = 0, 0
            self._done.set()

    def fail(self, error):
        self._error = error
        self._done.set()


class Channel:
    """Speaks with the agent over a connected socket."""

    def __init__(self, name, sock):
        self.name = name
        self._sock = sock
        self._numbers = itertools.count(1)
        self._commands = {}
        self._news = threading.Condition()
        self._sending = threading.Lock()
        self.token = None
        self.boots = 0
        self._closed = False
        threading.Thread(target=self._read, daemon=True).start()

    def wait_agent(self, timeout, after=None):
        """Waits for a boot other than the one with the token after.
        Returns its token."""
        with self._news:
            self._news.wait_for(
                lambda: self._closed or self.token not in (None, after),
                timeout)
            if self._closed:
                raise NodeOff(f"{self.name} is powered off")
            if self.token in (None, after):
                raise NodeTimeout(f"{self.name}: no agent after {timeout:g} s")
            return self.token

    def start(self, text, stdin=b""):
        """Starts a command on the boot that is up now; returns a Command."""
        if len(text) > CHUNK:
            raise ValueError("command too long: put a file first")
        command = self._new(text)
        for i in range(0, len(stdin), CHUNK):
            command.send("D", _encode(stdin[i:i + CHUNK]))
        command.send("R", _encode(text.encode()))
        return command

    def ping(self, timeout):
        """Returns the node's clock (raw plus suspended) in ns and the lab's clock in ns
        before and after."""
        command = self._new("ping")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        command.send("P")
        command.wait(timeout)
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        return command.pong, before, after

    def send(self, line):
        try:
            with self._sending:
                self._sock.sendall(line.encode())
        except OSError as err:
            raise NodeOff(f"{self.name} is powered off") from err

    def close(self):
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _new(self, text):
        with self._news:
            if self._closed or self.token is None:
                raise NodeOff(f"{self.name} has no agent: '{text}'")
            number = next(self._numbers)
            command = Command(self, number, text)
            self._commands[number] = command
        return command

    def _read(self):
        try:
            with self._sock.makefile("rb") as lines:
                for line in lines:
                    self._take(line.decode(errors="replace").split())
        except OSError:
            pass
        with self._news:
            self._closed = True
            self._fail_all(NodeOff(f"{self.name} was powered off"))
            self._news.notify_all()

    def _take(self, words):
        # A line that a crash cut short is of no use to anybody.
        if len(words) == 2 and words[0] == "H":
            self._hello(words[1])
            return
        try:
            command = self._commands.get(int(words[1]))
            if command:
                command.take(words[0], words[2:])
                if not command.running():
                    del self._commands[int(words[1])]
        except (IndexError, ValueError):
            pass

    def _hello(self, token):
        with self._news:
            self._fail_all(NodeRebooted(f"{self.name} went down and booted "
                                        "again while the command ran"))
            self.token = token
            self.boots += 1
            self.hello_ms = qemu.now_ms()
            self._news.notify_all()

    def _fail_all(self, error):
        commands, self._commands = self._commands, {}
        for command in commands.values():
            command.fail(error)


def _encode(data):
    return base64.b64encode(data).decode()
