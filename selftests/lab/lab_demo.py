#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo concludes: which outage was the failover, what the time line says."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tools"))
from demo import fencelog, host, outage, scenes, timeline  # noqa: E402
from demo.outage import Answer, Gap  # noqa: E402
from lab.tap import Tap, equal, true  # noqa: E402

CHECK = os.path.join(TOP, "tools", "demo", "check-scene")


def record(*spans, step=100):
    """Answers from spans (until_ms, "node1:1" or None), one each step ms from 0."""
    found, at = [], 0
    for until, who in spans:
        node, _, run = (who or "").partition(":")
        body = f"package web run {run} on {node} beat 7" if who else None
        while at < until:
            found.append(Answer(float(at), body, at + 10.0))
            at += step
    return found


def failover(deed_ms, heir, *spans):
    return outage.failover(record(*spans), deed_ms, heir)


def check_gaps(tap):
    with tap.case("demo: the failover is the gap that ends with the heir's first answer"):
        equal(failover(1000, "node2", (1000, "node1:1"), (5300, None), (9000, "node2:2")),
              Gap(900, 5300, "node1", "node2"))
    with tap.case("demo: a longer gap later, when it has long answered, is not the failover"):
        spans = ((1000, "node1:1"), (5300, None), (9000, "node2:2"), (16000, None),
                 (18000, "node2:2"))
        gap = failover(1000, "node2", *spans)
        equal(gap, Gap(900, 5300, "node1", "node2"))
        earlier, later = outage.others(record(*spans), 1000, gap)
        equal(earlier, [])
        equal(later, [Gap(8900, 16000, "node2", "node2")])
        equal(outage.words(later, 1000), "7100 ms at +8 s")
    with tap.case("demo: an answer that the dying node still gave ends no failover"):
        spans = ((1000, "node1:1"), (1300, None), (1400, "node1:1"), (6000, None),
                 (9000, "node2:2"))
        gap = failover(1000, "node2", *spans)
        equal(gap, Gap(1300, 6000, "node1", "node2"))
        equal(outage.others(record(*spans), 1250, gap)[0], [])
        equal(outage.others(record(*spans), 900, gap)[0], [Gap(900, 1300, "node1", "node1")])
    with tap.case("demo: one answer of the heir, then none for long: that counts"):
        equal(failover(1000, "node2", (1000, "node1:1"), (5300, None), (5400, "node2:2"),
                       (14000, None), (15000, "node2:2")),
              Gap(5300, 14000, "node2", "node2"))
    with tap.case("demo: as long as the heir has not settled there is no result"):
        equal(failover(1000, "node2", (1000, "node1:1"), (5300, None), (5500, "node2:2"),
                       (9000, None)), None)
        equal(failover(1000, "node2", (1000, "node1:1"), (5300, None)), None)


def check_edges(tap):
    with tap.case("demo: a takeover between two requests is an outage, too"):
        equal(failover(950, "node2", (1000, "node1:1"), (3000, "node2:2")),
              Gap(900, 1000, "node1", "node2"))
    with tap.case("demo: no answer before the deed: out since the deed, not never"):
        equal(failover(1000, "node2", (5300, None), (9000, "node2:2")).length_ms, 4300)
    with tap.case("demo: without a takeover and without a failed request there is none"):
        equal(failover(1000, "node1", (9000, "node1:1")), None)
    with tap.case("demo: without a takeover the gap that the deed began"):
        equal(failover(1000, "node1", (1000, "node1:1"), (2000, None), (9000, "node1:1")),
              Gap(900, 2000, "node1", "node1"))
    with tap.case("demo: a gap that is not over is told"):
        open_gap = outage.gaps(record((1000, "node2:2"), (3000, None)))
        equal(open_gap, [Gap(900, 2900, "node2", None)])
        equal(outage.words(open_gap, 0), "2000 ms at +1 s, not over yet")
    with tap.case("demo: an older run that answers after a newer one is a fault"):
        equal(outage.two_at_a_time(record((1000, "node1:1"), (2000, None),
                                          (3000, "node2:2"))), None)
        true("node1 still answered as run 1 after node2" in outage.two_at_a_time(
            record((1000, "node1:1"), (2000, "node2:2"), (2100, "node1:1"))), "no fault")
        # Asked before the newer run answered: it may have been answered before, too.
        slow = [Answer(0.0, "run 2 on node2", 300.0), Answer(100.0, "run 1 on node1", 200.0)]
        equal(outage.two_at_a_time(slow), None)


def check_words(tap):
    say = timeline.describe
    with tap.case("demo: events in words"):
        equal(say("what=excluded epoch=2 peer=node1 incarnation=00ab clean=0 "
                  "wait_ns=1808400000"),
              "node1 excluded; nothing of it starts elsewhere for 1808 ms")
        equal(say("what=node-safe peer=node1 incarnation=00ab"),
              "node1 cannot be running anything any more")
        equal(say('what=membership reason=2 peer=node1 a=1 b=0 text="node is silent"'),
              "node1 is silent")
        equal(say('what=membership reason=22 peer=node2 a=2 b=0 '
                  'text="this node is out of the committed view"'),
              "this node is out of the committed view")
        equal(say('what=membership reason=10 peer=- a=2 b=2 text="quorum server refused"'),
              "quorum server refused: it has given its vote for epoch 2 to others")
        equal(say("what=package-started package=web run=2 outcome=0 clean=0"),
              "package-started package=web run=2")
        equal(say("what=start-end package=web run=2 outcome=0 clean=1"),
              "start-end package=web run=2")
        equal(say("what=package-started package=web run=2 outcome=3 clean=0"),
              "package-started package=web run=2 outcome=3 clean=0")
        equal(say("nothing known"), "nothing known")
    with tap.case("demo: what is said again and again is one line, the client's are kept"):
        events = [timeline.Event(100.0 * n, "node1", "refused") for n in range(16)]
        events.append(timeline.Event(9000.0, "node1", "refused"))
        events.append(timeline.Event(9500.0, "client", "answers"))
        lines = list(timeline.show(events, 0, limit=1))
        equal(lines, ["         +0 ms  node1    refused  (x16, until +1500 ms)",
                      "      +9500 ms  client   answers", "  ... and 1 more"])


def run_of(node, end):
    return fencelog.Run(b"", 1, 5, 0, 0, 0, 0, 0, 0, 1, end, node, "web")


def check_rest(tap):
    with tap.case("demo: the last run runs, a former one without end was cut off"):
        lines = list(fencelog.show(fencelog.Log([run_of("node1", 0), run_of("node2", 1),
                                                 run_of("node3", 0)], [])))
        true("wall clock" in lines[0], "says whose clock the times are")
        equal([line.split("5  ")[-1] for line in lines[2:]], ["cut off", "stopped", "(runs)"])
    with tap.case("demo: whose processors were busy"):
        true("other work" in host.judge(1.5, 0.6, 2), "others")
        true("no processor to spare" in host.judge(1.8, 0.1, 2), "ours")
        true("time to spare" in host.judge(0.5, 0.1, 2), "idle")
    with tap.case("demo: check-scene knows the scenes that there are, and no others"):
        keys = "".join(s.key for s in scenes.SCENES)
        wrong = [c for c in "abcdefghijklmnopqrstuvwxyz" if c not in keys]
        for name, status in [(k, 0) for k in ("", keys, "two-node", *keys)] + \
                            [(k, 2) for k in ("nonsense", "two", "a b", "A", *wrong)]:
            done = subprocess.run([CHECK, name], capture_output=True, text=True, check=False)
            if os.geteuid() == 0 or status:
                equal((name, done.returncode), (name, status))
            equal(len(done.stderr.splitlines()), 1 if done.returncode else 0)


def main():
    tap = Tap()
    for check in (check_gaps, check_edges, check_words, check_rest):
        check(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
