# SPDX-License-Identifier: GPL-2.0-or-later
# Network namespaces for the scripts in a micro VM.  iproute2 makes them; what happens
# within them busybox does, which starts in a fraction of the time.
IP=/usr/sbin/ip
SPACES=/run/netns

# at NAMESPACE COMMAND...
at() {
	inside=$SPACES/$1
	shift
	nsenter --net=$inside "$@"
}

# A namespace in which addresses work at once.
space() {
	$IP netns add "$1"
	at "$1" ip link set lo up
	at "$1" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/default/router_solicitations'
}

# cable NAME: a pair of interfaces of that name in a and b.
cable() {
	$IP -n a link add "$1" type veth peer name "$1" netns b
	at a ip link set "$1" up
	at b ip link set "$1" up
}

# lan N: a cable lanN with 10.0.N.1 and fd00:N::1 in a, ...2 in b.
lan() {
	cable "lan$1"
	addresses a "$1" 1
	addresses b "$1" 2
}

addresses() {
	at "$1" ip addr add "10.0.$2.$3/24" dev "lan$2"
	at "$1" ip addr add "fd00:$2::$3/64" dev "lan$2"
}

# kctl in a namespace.
in_a() { at a $K "$@"; }
in_b() { at b $K "$@"; }
