#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Many nodes as namespaces on one kernel: kmany.
#   guest-many.sh NODES INTERVAL-MS MEMBER-MS CALM-S
. /test/guest-lib.sh
. /test/guest-net.sh

NODES=$1

plant() {
	space hub
	for bridge in br0 br1; do
		echo "link add $bridge type bridge mcast_snooping 0"
		echo "link set $bridge up"
	done >/tmp/links
	node=0
	while [ $node -lt "$NODES" ]; do
		node=$((node + 1))
		$IP netns add n$node
		echo "link add p$node type veth peer name eth0 netns n$node" >>/tmp/links
		echo "link set p$node master br0 up" >>/tmp/links
		[ $node -gt $((NODES / 2)) ] &&
			echo "link set p$node master br1" >>/tmp/moves
	done
	$IP -n hub -batch /tmp/links
	while [ $node -gt 0 ]; do
		at n$node ip link set lo up
		at n$node ip addr add 10.0.0.$node/24 dev eth0
		at n$node ip link set eth0 up
		node=$((node - 1))
	done
	echo "$IP -batch /tmp/moves" >/test/cut.sh
	# 64 nodes know 63 others each.
	echo 8192 >/proc/sys/net/ipv4/neigh/default/gc_thresh1
	echo 16384 >/proc/sys/net/ipv4/neigh/default/gc_thresh3
}

uproot() {
	for gone in $($IP netns list | sed 's/ .*//'); do
		$IP netns del "$gone"
	done
	tries=0
	while rmmod tocsin 2>/dev/null; [ -e /sys/module/tocsin ]; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		usleep 100000
	done
}

# The kernel with kmemleak says what is lost.
leaks() {
	sleep 5
	echo scan >/sys/kernel/debug/kmemleak
	sleep 1
	echo scan >/sys/kernel/debug/kmemleak
	! grep . /sys/kernel/debug/kmemleak
}

plant >/tmp/plant 2>&1
t "$NODES nodes on one kernel: together, one silent, cut in two" \
	/bin/kmany nodes="$NODES" interval="$2" member="$3" calm="$4"
sed 's/^/# /' /tmp/out
t "the namespaces go and the module unloads" uproot
[ ! -e /sys/kernel/debug/kmemleak ] || t "no memory is lost" leaks
exit 0
