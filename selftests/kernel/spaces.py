# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases that play with network namespaces: several nodes on one kernel."""

IP = "/usr/sbin/ip"     # busybox's knows no namespaces


def cases(case):
    spray = {"modules": ["veth", "bridge"], "tools": [IP, "kspray"], "memory_mb": 512}
    many = {"modules": ["veth", "bridge"], "tools": [IP, "kmany"]}
    return [
        case("paths", "guest-paths.sh", modules=["veth"], tools=[IP]),
        case("life", "guest-life.sh", ["10000"], modules=["veth"], tools=[IP, "kstress"]),
        case("spray", "guest-spray.sh", ["20000"], **spray),
        # Ten million, on the kernel that notices what a fault would do.
        case("spray: millions", "guest-spray.sh", ["5000000", "2"], long=True, only="debug",
             timeout_s=6 * 3600, append="kmemleak=off no_debug_objects ", **spray),
        case("many: 8 nodes", "guest-many.sh", ["8", "200", "8000", "5"], memory_mb=512, **many),
        case("many: 64 nodes", "guest-many.sh", ["64", "2000", "60000", "120"], memory_mb=2048,
             timeout_s=3600, long=True, **many),
    ]
