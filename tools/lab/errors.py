# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong with a node, by name."""


class LabError(Exception):
    """Any failure of the lab or of a node in it."""


class NodeOff(LabError):
    """The node is powered off, or its QEMU ended."""


class NodeRebooted(LabError):
    """The node went down and booted again while a command ran."""


class NodeTimeout(LabError):
    """Nothing happened within the time given."""


class CommandFailed(LabError):
    """A command that was to succeed ended with another status."""

    def __init__(self, node, command, result):
        self.result = result
        tail = (result.err.strip() or result.out.strip())[-2000:]
        super().__init__(f"{node}: '{command}' ended with {result.status}"
                         + (f": {tail}" if tail else ""))
