# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts the events of several kernels on one time line.

Each daemon stamps its events with its kernel's own clock, the one that leases
are measured with (raw plus time suspended: raw= where t= is another); the lab
measures how that clock stands to the host's.  No clock is set: the line is
as exact as the measured error, which is printed with it.
"""
import dataclasses
import re

EVENT = re.compile(r"tocsin-event: t=(\d+) (.*)")
RAW = re.compile(r"\braw=(\d+)")
FIELD = re.compile(r'([\w-]+)=("[^"]*"|\S+)')


@dataclasses.dataclass(frozen=True)
class Event:
    """ms is on the host's monotonic clock."""
    ms: float
    who: str
    text: str


class Clocks:
    """How each node's clock stands to the host's."""

    def __init__(self):
        self._offset_ns = {}
        self.error_ms = 0.0

    def measure(self, nodes):
        """To be called once for each boot of a node, while it is up."""
        for node in nodes:
            offset, error = node.clock()
            self._offset_ns.setdefault(node.name, []).append(offset)
            self.error_ms = max(self.error_ms, error / 1e6)

    def to_ms(self, node, t_ns, near_ms):
        """The host's time of a node's time stamp; of several boots the one
        that puts it nearest to near_ms."""
        found = [(t_ns + o) / 1e6 for o in self._offset_ns.get(node.name, [])]
        return min(found, key=lambda ms: abs(ms - near_ms)) if found else near_ms


def from_journal(node, clocks, since_ms, epoch_ms):
    """Events that the node's daemons wrote since then."""
    for arrived_ms, line in node.journal.lines():
        match = EVENT.search(line)
        if not match:
            continue
        stamp = int((RAW.search(line) or match).group(1))
        ms = clocks.to_ms(node, stamp, epoch_ms + arrived_ms)
        if ms >= since_ms:
            yield Event(ms, node.name, describe(match.group(2)))


def from_dump(node, clocks, report, since_ms, near_ms):
    """Events of the flight recorder, from what `cmcrash --json` printed."""
    for item in report.get("events", []):
        if not item["important"]:
            continue
        ms = clocks.to_ms(node, item["t_ns"], near_ms)
        if ms >= since_ms:
            yield Event(ms, node.name, "kernel: " + item["text"])


def from_client(client, since_ms):
    """First failed and first answered request around the outage."""
    gap = client.outage(since_ms)
    if gap:
        yield Event(gap[0], "client", "last answer before the outage")
        yield Event(gap[1], "client", f"answered again, {gap[1] - gap[0]:.0f} ms later")


# Fields that a reader of the time line has no use for.
HIDDEN = ("what", "node", "incarnation", "hash", "raw", "real", "reason", "a", "b",
          "text", "pid", "timeout_ms")


def describe(text):
    """what=view-installed epoch=5 hash=... -> view-installed epoch=5"""
    fields = dict((k, v.strip('"')) for k, v in FIELD.findall(text))
    what = fields.get("what", text)
    if what == "membership":
        # text= is the last field and holds a sentence.
        what = text.partition("text=")[2].strip('"')
    words = [what]
    for key, value in fields.items():
        if key in HIDDEN or value == "-":
            continue
        if key.endswith("_ns") and value.isdigit():
            key, value = key[:-3], f"{int(value) / 1e6:.0f}ms"
        words.append(f"{key}={value}")
    return " ".join(words)


def show(events, start_ms, limit=60):
    """The lines of a table; times are milliseconds after start_ms."""
    ordered = sorted(events, key=lambda e: e.ms)
    skipped = max(0, len(ordered) - limit)
    for event in ordered[:limit]:
        yield f"  {event.ms - start_ms:+9.0f} ms  {event.who:8s} {event.text}"
    if skipped:
        yield f"  ... and {skipped} more"
