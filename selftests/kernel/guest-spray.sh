#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing may fake a heartbeat: kspray on a bridge between two nodes.
#   guest-spray.sh [COUNT [SEED]]
. /test/guest-lib.sh
. /test/guest-net.sh

COUNT=${1:-200000} SEED=${2:-1}

# The sender's namespace is the first one.
plug() {
	$IP link add "p$1" type veth peer name lan0 netns "$1"
	echo 1 >"/proc/sys/net/ipv6/conf/p$1/disable_ipv6"
	$IP link set "p$1" master br0 up
	$IP -n "$1" link set lan0 address "02:00:00:00:00:0$2" up
	addresses "$1" 0 "$2"
}

# Who is where is known: so anything that node 1 sends by itself is an answer.
neighbour() {
	for address in "10.0.0.$3" "fd00:0::$3"; do
		$IP -n "$1" neigh replace "$address" lladdr "02:00:00:00:00:0$3" dev lan0 nud permanent
	done
}

shoot() {
	/bin/kspray "mode=$1" "count=$2" "seed=$SEED"
}

space a
space b
$IP link add br0 type bridge
echo 1 >/proc/sys/net/ipv6/conf/br0/disable_ipv6
$IP link set br0 up
plug a 1
plug b 2
neighbour a 1 2
neighbour b 2 1
echo 100000 >/proc/sys/net/core/netdev_max_backlog

for mode in still live; do
	t "$mode: nothing is faked without the key" shoot $mode "$COUNT"
	sed 's/^/# /' /tmp/out
done
t "gasped: last words are taken once" shoot gasped $((COUNT / 10))
sed 's/^/# /' /tmp/out
t "inside: who has the key may do what the rules allow" shoot inside $((COUNT / 20))
sed 's/^/# /' /tmp/out
exit 0
