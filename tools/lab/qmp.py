# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's machine protocol: commands and events of one virtual machine."""
import json
import threading

from . import qemu
from .errors import LabError, NodeOff

ANSWER_S = 30


class Monitor:
    """Talks QMP over a connected socket.

    on_event(name, data, ms) is called from the monitor's own thread.
    """

    def __init__(self, sock, on_event):
        self._sock = sock
        self._on_event = on_event
        self._turn = threading.Lock()
        self._news = threading.Condition()
        self._answer = None
        self._closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.command("qmp_capabilities")

    def command(self, execute, **arguments):
        """Returns the value that the command returns; raises LabError."""
        message = {"execute": execute}
        if arguments:
            message["arguments"] = arguments
        with self._turn:
            self._answer = None
            try:
                self._sock.sendall(json.dumps(message).encode() + b"\n")
            except OSError as err:
                raise NodeOff(f"QEMU is gone ({execute})") from err
            with self._news:
                self._news.wait_for(lambda: self._answer or self._closed,
                                    ANSWER_S)
            answer = self._answer
        if answer is None:
            raise NodeOff(f"QEMU did not answer to {execute}")
        if "error" in answer:
            raise LabError(f"QMP {execute}: {answer['error']['desc']}")
        return answer["return"]

    def _read(self):
        try:
            with self._sock.makefile("rb") as lines:
                for line in lines:
                    self._take(json.loads(line))
        except (OSError, ValueError):
            pass
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _take(self, message):
        if "event" in message:
            self._on_event(message["event"], message.get("data", {}),
                           qemu.now_ms())
        elif "return" in message or "error" in message:
            with self._news:
                self._answer = message
                self._news.notify_all()
