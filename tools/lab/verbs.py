# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lab command can do in a lab that is up: one table, one function
for each verb."""
import dataclasses
import os
import shlex

from .errors import LabError, NodeOff
from .network import NETWORKS

RUN_S = 600


@dataclasses.dataclass
class Reply:
    code: int = 0
    out: str = ""
    err: str = ""


def do(lab, words, down):
    """Carries out one verb; down is set by "down"."""
    if not words or words[0] not in VERBS:
        raise LabError(f"no verb '{' '.join(words[:1])}'; there are: "
                       + " ".join(VERBS))
    usage, call = VERBS[words[0]]
    names = [n for n in usage.split()[1:] if n != "..."]
    least = sum(not n.startswith("[") for n in names)
    most = len(names) if not usage.endswith("...") else 1000
    if not least <= len(words) - 1 <= most:
        raise LabError(f"usage: lab {usage}")
    if words[0] == "down":
        down.set()
        return Reply()
    reply = call(lab, *words[1:])
    return reply if isinstance(reply, Reply) else Reply(out=reply or "")


def help_text():
    return "".join(f"  {usage}\n" for usage, _ in VERBS.values())


def _status(lab):
    lines = []
    for machine in lab.machines.values():
        if not machine.is_on():
            state = "off"
        else:
            state = "up" if machine.boot() else "booting"
        lines.append(f"{machine.name:8} {state}\n")
    for fault in sorted(lab.networks.faults, key=str):
        lines.append(f"lost     {fault.share:4.0%} {fault.net} "
                     f"{fault.source} -> {fault.target} {fault.match}\n")
    return "".join(lines)


def _run(lab, name, *words):
    command = words[0] if len(words) == 1 else shlex.join(words)
    result = lab[name].run(command, RUN_S, check=False)
    code = 128 + result.signal if result.signal else result.code
    return Reply(code, result.out, result.err)


def _nets(words):
    nets = words or NETWORKS
    for net in nets:
        if net not in NETWORKS:
            raise LabError(f"no network '{net}': there are "
                           + " ".join(NETWORKS))
    return nets


def _lose(lab, percent, source, target, *nets):
    if not percent.isdigit() or not 0 < int(percent) <= 100:
        raise LabError(f"lose {percent}: 1 to 100 per cent are allowed")
    lab.networks.cut(source, target, _nets(nets), both=False,
                     share=int(percent) / 100)


def _link(lab, name, net, state):
    if state not in ("up", "down"):
        raise LabError(f"link {state}: up and down are allowed")
    _nets([net])
    lab[name].link(net, state == "up")


def _dump(lab, name):
    return lab[name].fetch_dump() + "\n"


def _get(lab, name, path, target):
    with open(target, "wb") as dst:
        dst.write(lab[name].get(path))


def _shell_path(path):
    if not os.path.isfile(path):
        raise LabError(f"{path}: no such file (relative to where the lab "
                       "was started)")
    return path


def _ready(lab, name):
    try:
        lab[name].wait_ready()
    except NodeOff as err:
        raise LabError(f"{err}: power it on first") from err


VERBS = {
    "status": ("status", _status),
    "run": ("run MACHINE COMMAND ...", _run),
    "put": ("put MACHINE FILE PATH",
            lambda lab, m, f, p: lab[m].put(_shell_path(f), p)),
    "get": ("get MACHINE PATH FILE", _get),
    "on": ("on MACHINE", lambda lab, m: lab[m].power_on()),
    "off": ("off MACHINE", lambda lab, m: lab[m].power_off()),
    "reset": ("reset MACHINE", lambda lab, m: lab[m].reset()),
    "shutdown": ("shutdown MACHINE", lambda lab, m: lab[m].shutdown()),
    "ready": ("ready MACHINE", _ready),
    "freeze": ("freeze MACHINE [guest|host]",
               lambda lab, m, how="guest": lab[m].freeze(how)),
    "thaw": ("thaw MACHINE", lambda lab, m: lab[m].thaw()),
    "nmi": ("nmi MACHINE", lambda lab, m: lab[m].nmi()),
    "hang": ("hang MACHINE", lambda lab, m: lab[m].hang()),
    "link": ("link MACHINE NET up|down", _link),
    "cut": ("cut MACHINE MACHINE [NET] ...",
            lambda lab, a, b, *nets: lab.networks.cut(a, b, _nets(nets))
            and None),
    "lose": ("lose PERCENT FROM TO [NET] ...", _lose),
    "partition": ("partition MACHINE,... MACHINE,... ...",
                  lambda lab, *groups: lab.networks.partition(
                      *[g.split(",") for g in groups]) and None),
    "heal": ("heal", lambda lab: lab.networks.heal()),
    "dump": ("dump MACHINE", _dump),
    "console": ("console MACHINE", lambda lab, m: lab[m].console.tail()),
    "journal": ("journal MACHINE", lambda lab, m: lab[m].journal.tail()),
    "down": ("down", None),
}
