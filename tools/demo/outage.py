# SPDX-License-Identifier: GPL-2.0-or-later
"""What a list of answers says about outages.  Pure: no clock, no socket.

An outage lasts from the sending of the last request that was answered before it
to that of the first one answered after it, so it is never told too short.
"""
import dataclasses
import re

RUN = re.compile(r"\brun (\d+) on (\S+)")


@dataclasses.dataclass(frozen=True)
class Answer:
    """One request: when it was sent and when it ended, what came (None: nothing),
    and by how much the client itself was late with sending it."""
    sent_ms: float
    body: str
    done_ms: float = 0.0
    late_ms: float = 0.0

    @property
    def node(self):
        """Who answered; None when nobody did."""
        match = RUN.search(self.body or "")
        return match.group(2) if match else None

    @property
    def run(self):
        """Which run of the package answered."""
        match = RUN.search(self.body or "")
        return int(match.group(1)) if match else None


@dataclasses.dataclass(frozen=True)
class Gap:
    """A time without answers: who answered before, who after (None: nobody yet)."""
    begin_ms: float
    end_ms: float
    before: str
    after: str

    @property
    def length_ms(self):
        return self.end_ms - self.begin_ms


def gaps(answers, handover=False):
    """All gaps in which a request failed, in order.  handover: also those
    between answers of two nodes, even if no request failed meanwhile."""
    found, good, failed, last = [], None, False, None
    for answer in answers:
        last = answer
        if not answer.body:
            failed = True
            continue
        if good and (failed or (handover and answer.node != good.node)):
            found.append(Gap(good.sent_ms, answer.sent_ms, good.node, answer.node))
        good, failed = answer, False
    if good and failed:
        found.append(Gap(good.sent_ms, last.sent_ms, good.node, None))
    return found


def settled_ms(answers, heir):
    """When the first of three answers in succession by the heir was asked for."""
    for at in range(len(answers) - 2):
        if all(a.node == heir for a in answers[at:at + 3]):
            return answers[at].sent_ms
    return None


def failover(answers, deed_ms, heir):
    """The gap that the deed has made, or None when there was none.

    Normally the one that ends with the heir's first answer.  An answer that the
    dying node still gave ends no failover.  If the heir's first answers are
    followed by another, longer gap before three came in succession, the service
    was not back yet, and the longer one counts.  Without a takeover (the heir is
    the one that answered before) it is the longest gap that the deed began.
    """
    before = [a for a in answers if a.body and a.sent_ms <= deed_ms]
    # Without an answer before it, the outage is at least as old as the deed.
    begin = before[-1] if before else Answer(deed_ms, "nobody")
    after = [begin] + [a for a in answers if a.sent_ms > begin.sent_ms]
    first_ms = next((a.sent_ms for a in after if a.node == heir), None)
    until_ms = settled_ms([a for a in after if a.sent_ms > deed_ms], heir)
    if first_ms is None or until_ms is None:
        return None
    found = [g for g in gaps(after, handover=True)
             if g.end_ms >= first_ms and g.begin_ms < until_ms]
    return max(found, key=lambda g: g.length_ms, default=None)


def others(answers, deed_ms, counted):
    """Gaps since the deed that are not the failover: (before it, after it)."""
    rest = [g for g in gaps([a for a in answers if a.sent_ms >= deed_ms])
            if not counted or g.end_ms <= counted.begin_ms or g.begin_ms >= counted.end_ms]
    if not counted:
        return [], rest
    return ([g for g in rest if g.end_ms <= counted.begin_ms],
            [g for g in rest if g.begin_ms >= counted.end_ms])


def words(found, deed_ms):
    """The longest of some gaps, in words."""
    worst = max(found, key=lambda g: g.length_ms)
    text = f"{worst.length_ms:.0f} ms at {(worst.begin_ms - deed_ms) / 1000:+.0f} s"
    if worst.after is None:
        text += ", not over yet"
    return text if len(found) == 1 else f"{len(found)} times, the longest {text}"


def two_at_a_time(answers):
    """What is wrong when an older run still answers after a newer one has, else None.
    An answer is given between sending and end of its request."""
    known = [a for a in answers if a.run is not None]
    first = {}
    for answer in known:
        if answer.run not in first or answer.done_ms < first[answer.run].done_ms:
            first[answer.run] = answer
    for answer in known:
        for newer in first.values():
            if newer.run > answer.run and newer.done_ms < answer.sent_ms:
                return (f"{answer.node} still answered as run {answer.run} after "
                        f"{newer.node} had as run {newer.run}")
    return None
