#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: guest-thaw.sh node MEMBER_TIMEOUT     to be stopped by the host
#        guest-thaw.sh peer OPTIONS            the other one, a fake
. /test/guest-lib.sh

net() {
	echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
	ip addr add "10.0.0.$1/24" dev eth0
	ip link set eth0 up
}

case $1 in
node)
	net 1
	$K "attach node=1 safety=60000 member=$2" key "peer id=2 local=10.0.0.1 remote=10.0.0.2" \
		arm "form epoch=1 nodes=1,2" "touch path=/tmp/formed" "pet for=1500" "peers up=1" \
		"note armed" "touch path=/tmp/armed" "pet for=60000" >/tmp/owner 2>&1 &
	await /tmp/armed || { cat /tmp/owner; exit 1; }
	# To the console, where the host asked for that.
	echo 1 >/sys/kernel/tracing/events/tocsin/tocsin_hb_rx/enable
	echo "<2>ready for the stop" >/dev/kmsg
	sleep 60
	;;
peer)
	net 2
	$K "fake id=2 local=10.0.0.2 node=1 remote=10.0.0.1 for=200000 $2"
	;;
esac
