# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases that play with network namespaces: several nodes on one kernel."""

IP = "/usr/sbin/ip"     # busybox's knows no namespaces


def cases(case):
    return [
        case("spray", "guest-spray.sh", modules=["veth", "bridge"], tools=[IP, "kspray"]),
        case("paths", "guest-paths.sh", modules=["veth"], tools=[IP]),
    ]
