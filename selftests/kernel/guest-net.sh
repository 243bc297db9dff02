# SPDX-License-Identifier: GPL-2.0-or-later
# Network namespaces for the scripts in a micro VM, by iproute2.
IP=/usr/sbin/ip

# A namespace in which addresses work at once.
space() {
	$IP netns add "$1"
	$IP -n "$1" link set lo up
	$IP netns exec "$1" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/default/router_solicitations'
}

# cable NAME: a pair of interfaces of that name in a and b.
cable() {
	$IP -n a link add "$1" type veth peer name "$1" netns b
	$IP -n a link set "$1" up
	$IP -n b link set "$1" up
}

# lan N: a cable lanN with 10.0.N.1 and fd00:N::1 in a, ...2 in b.
lan() {
	cable "lan$1"
	addresses a "$1" 1
	addresses b "$1" 2
}

addresses() {
	$IP -n "$1" addr add "10.0.$2.$3/24" dev "lan$2"
	$IP -n "$1" addr add "fd00:$2::$3/64" dev "lan$2"
}

# kctl in a namespace.
in_a() { $IP netns exec a $K "$@"; }
in_b() { $IP netns exec b $K "$@"; }
