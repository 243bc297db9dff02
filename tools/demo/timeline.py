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
LATE = re.compile(r"tocsin-event: t=(\d+) .*what=late late_ns=(\d+)")
REPEAT_MS = 1000


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


def lateness_ms(node, clocks, since_ms, until_ms, epoch_ms):
    """The longest time that cmcld on this node says it could not run."""
    worst = 0.0
    for arrived_ms, line in node.journal.lines():
        match = LATE.search(line)
        if match:
            ms = clocks.to_ms(node, int(match.group(1)), epoch_ms + arrived_ms)
            if since_ms <= ms <= until_ms:
                worst = max(worst, int(match.group(2)) / 1e6)
    return worst


def from_client(gap, deed_ms, node):
    """The failover as the client saw it; gap is an outage.Gap or None."""
    if not gap:
        yield Event(deed_ms, "client", f"no request fails, {node} answers all the time")
        return
    yield Event(gap.begin_ms, "client", f"last answer of {gap.before} before the outage"
                if gap.before else "no answer before it")
    yield Event(gap.end_ms, "client", f"{gap.after} answers, after an outage of "
                f"{gap.length_ms:.0f} ms")


# Fields that a reader of the time line has no use for: identities, and what the
# words of the event say already.
HIDDEN = ("what", "node", "incarnation", "hash", "raw", "real", "reason", "a", "b",
          "text", "pid", "timeout_ms", "ballot")
# What goes without saying.
GOOD = ("result=0", "outcome=0", "restarts=0", "exit=0", "signal=0")


def _ms(fields, name):
    return f"{int(fields[name]) / 1e6:.0f} ms"


def _excluded(fields):
    if fields["clean"] == "1":
        return "{peer} has left in order".format(**fields)
    if fields["wait_ns"] == "0":
        return "{peer} excluded; it cannot be running anything any more".format(**fields)
    return (f"{fields['peer']} excluded; nothing of it starts elsewhere for "
            f"{_ms(fields, 'wait_ns')}")


def _membership(fields):
    text = fields["text"]
    if text.startswith("node ") and fields["peer"] != "-":
        text = fields["peer"] + text[len("node"):]
    if text == "quorum server refused":
        # a: the epoch asked for, b: the newest one that it has promised its vote for.
        return f"{text}: it has given its vote for epoch {fields['b']} to others"
    return text


# Events in words, nearly those of the daemons' journals; of others the fields are shown.
WORDS = {
    "membership": _membership,
    "excluded": _excluded,
    "node-safe": "{peer} cannot be running anything any more".format_map,
    "peer-silent": lambda f: f"nothing heard from {f['peer']} for {_ms(f, 'age_ns')}",
    "peer-heard": "hears {peer}".format_map,
    "peer-gasp": "{peer} has said that it goes down".format_map,
    "view-installed": "view of epoch {epoch} installed: {members}".format_map,
    "toc-request": "goes down now: {why}".format_map,
    "late": lambda f: f"cmcld could not run for {_ms(f, 'late_ns')}",
}


def describe(text):
    """what=node-safe peer=node1 ... -> node1 cannot be running anything any more"""
    # A sentence in text= is the last field and may hold anything.
    head, _, sentence = text.partition(" text=")
    fields = dict((k, v.strip('"')) for k, v in FIELD.findall(head))
    fields["text"] = sentence.strip('"')
    what = fields.get("what", text)
    try:
        return WORDS[what](fields)
    except (KeyError, ValueError):
        pass
    shown = [what]
    for key, value in fields.items():
        if key in HIDDEN or value == "-" or f"{key}={value}" in GOOD:
            continue
        if key == "clean" and fields.get("outcome") == "0":
            continue    # has a meaning after a failure only: all was undone
        if key.endswith("_ns") and value.isdigit():
            key, value = key[:-3], f"{int(value) / 1e6:.0f}ms"
        shown.append(f"{key}={value}")
    return " ".join(shown)


def collapse(ordered):
    """(event, how often, when last): what one says again within a second is one."""
    rows, newest = [], {}
    for event in ordered:
        key = event.who, event.text
        row = newest.get(key)
        if row and event.ms - row[2] < REPEAT_MS:
            row[1] += 1
            row[2] = event.ms
            continue
        newest[key] = [event, 1, event.ms]
        rows.append(newest[key])
    return rows


def show(events, start_ms, limit=60):
    """The lines of a table; times are milliseconds after start_ms.  What the
    client saw is never left out."""
    rows = collapse(sorted(events, key=lambda e: e.ms))
    skipped = [row for row in rows[limit:] if row[0].who != "client"]
    for row in rows:
        if row in skipped:
            continue
        event, times, last_ms = row
        again = f"  (x{times}, until {last_ms - start_ms:+.0f} ms)" if times > 1 else ""
        yield f"  {event.ms - start_ms:+9.0f} ms  {event.who:8s} {event.text}{again}"
    if skipped:
        yield f"  ... and {len(skipped)} more"
