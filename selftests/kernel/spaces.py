# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases that play with network namespaces: several nodes on one kernel."""

IP = "/usr/sbin/ip"     # busybox's knows no namespaces


def cases(case):
    spray = {"modules": ["veth", "bridge"], "tools": [IP, "kspray"], "memory_mb": 512}
    life = {"modules": ["veth"], "tools": [IP, "kstress"]}
    many = {"modules": ["veth", "bridge"], "tools": [IP, "kmany"]}
    # The network stack stops a quarter: ten million and a bit reach the module, on the
    # kernel that notices what a fault would do.
    millions = [case(f"spray: millions, seed {seed}", "guest-spray.sh", ["1700000", str(seed)],
                     long=True, only="kasan", timeout_s=4 * 3600, **spray)
                for seed in range(2, 6)]
    return [
        case("paths", "guest-paths.sh", modules=["veth"], tools=[IP]),
        case("life", "guest-life.sh", ["5000"], timeout_s=1800, **life),
        case("long life", "guest-life.sh", ["30000"], timeout_s=1800, long=True, **life),
        # Some points of it where each thing takes ten times as long.
        case("brief life", "guest-life.sh", ["3000", "brief"], only="debug", timeout_s=900,
             **life),
        # The debug kernel on a busy host needs several minutes for it.
        case("spray", "guest-spray.sh", ["3000"], timeout_s=1800, **spray),
        # The debug kernel alone needs 200 s for it.
        case("many: 8 nodes", "guest-many.sh", ["8", "200", "8000", "5"], memory_mb=512,
             timeout_s=900, **many),
        case("many: 64 nodes", "guest-many.sh", ["64", "2000", "60000", "120"], memory_mb=2048,
             timeout_s=3600, long=True, **many),
    ] + millions
