# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what KUnit leaves in debugfs: one KTAP document for each suite."""
import re

PLAN = re.compile(r"^    1\.\.(\d+)$")
CASE = re.compile(r"^    (not )?ok (\d+) (.*)$")
SUITE = re.compile(r"^(not )?ok \d+ (\S+)")
HEADS = ("KTAP", "1..", "# Subtest", "# module")
SKIP = re.compile(r"# SKIP\b")


def read(text, wanted):
    """Returns (good, name, remarks) for each case of the wanted suites, and what is
    wrong with a document as a failed result of its own: silence is no success.

    text holds, for each suite, a line "suite NAME" and then its document.
    """
    found = dict.fromkeys(wanted)
    for part in re.split(r"(?m)^suite ", text)[1:]:
        name, _, document = part.partition("\n")
        found[name] = document
    results = []
    for name, document in found.items():
        results += _suite(name, document)
    return results


def _suite(name, document):
    if not document:
        return [(False, f"{name}: ran", ["nothing is heard of this suite"])]
    results, remarks = [], []
    plan = verdict = None
    for line in document.splitlines():
        if PLAN.match(line):
            plan = int(PLAN.match(line).group(1))
        elif CASE.match(line):
            bad, number, case = CASE.match(line).groups()
            if int(number) != len(results) + 1:
                remarks.append(f"result {number} comes as number {len(results) + 1}")
            good = not bad and not SKIP.search(case) and int(number) == len(results) + 1
            results.append((good, f"{name}: {case}", remarks))
            remarks = []
        elif SUITE.match(line):
            verdict = line
        elif line.strip() and not line.lstrip().startswith(HEADS):
            remarks.append(line.strip().lstrip("# "))
    if plan is None or plan != len(results) or not plan:
        results.append((False, f"{name}: plan", [f"planned {plan}, seen {len(results)}"]))
    if not verdict or verdict.startswith("not") and all(good for good, _, _ in results):
        results.append((False, f"{name}: verdict", [verdict or "none", *remarks]))
    return results
