#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Ends at every point of the protocol, and everything at once.
#   guest-life.sh STORM-MS [brief]
. /test/guest-lib.sh
. /test/guest-net.sh

CLOSES="1 2 3 4 5 6 7 8 9 10 11"
VANISHES="1 3 4 5 6 7 8 9 10 11"
ROUNDS="1 2 3 4 5"
if [ "$2" = brief ]; then
	CLOSES="4 7 11"
	VANISHES="7"
	ROUNDS="1 2"
fi
INSTANCE="action=2 safety=60000 member=4000 interval=20"

# Node b is there all the time, and sends to a whatever becomes of a.  It does not
# hold the module by the device.
b_lives() {
	rm -f /tmp/b
	nsenter --net=$SPACES/b $K no-device "attach node=2 $INSTANCE" key \
		"peer id=1 local=10.0.0.2 remote=10.0.0.1 local1=fd00:0::2 remote1=fd00:0::1" \
		"touch path=/tmp/b" "sleep 100000000" >/tmp/node_b 2>&1 &
	B=$!
	await /tmp/b
}

PEER="peer id=2 local=10.0.0.1 remote=10.0.0.2 local1=fd00:0::1 remote1=fd00:0::2"

# The first $1 steps of a node's life, then $2 (nothing: its socket closes).
steps() {
	count=$1
	last=$2
	set -- "attach node=1 $INSTANCE" key "$PEER" arm "hear id=2" "acknowledge id=2" \
		"form epoch=1 nodes=1 install=0" "form epoch=1 nodes=1" \
		"promise epoch=2 counter=1" "leave id=2" disarm
	done=""
	while [ $# -gt 0 ] && [ "$count" -gt 0 ]; do
		done="$done '$1'"
		shift
		count=$((count - 1))
	done
	eval "in_a $done $last"
}

# Whatever was left, a new owner comes by force, or by attaching anew.
closes_after() {
	steps "$1" || return 1
	in_a "status" && { in_a "disarm force=1" || true; }
	in_a "attach node=1 $INSTANCE" "status attached=1 armed=0" arm pet disarm
}

# The namespace goes with its client, while b sends.
vanishes_after() {
	rm -f /tmp/there
	steps "$1" "'touch path=/tmp/there' 'sleep 100000000'" >/tmp/node_a 2>&1 &
	await /tmp/there || return 1
	pid=$($IP netns pids a)
	$IP netns del a
	kill -9 $pid
	space a
	lan_again
}

lan_again() {
	tries=0
	# The old end takes the cable along when its namespace is gone for good.
	until ! at b ip link show lan0 >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		usleep 100000
	done
	lan 0
}

reloads_under_traffic() {
	for round in $ROUNDS; do
		rm -f /tmp/there
		kill -9 $B 2>/dev/null
		wait $B
		b_lives
		nsenter --net=$SPACES/a $K no-device "attach node=1 $INSTANCE" key "$PEER" "hear id=2" \
			"touch path=/tmp/there" "sleep 100000000" >/tmp/node_a 2>&1 &
		client=$!
		await /tmp/there || return 1
		rmmod tocsin || return 1
		insmod /lib/modules/*/extra/tocsin.ko || return 1
		kill -9 $client
		wait $client
	done
	return 0
}

storms() { unshare -n sh -c "ip link set lo up; /bin/kstress mode=storm for=$1 seed=$2"; }

# Everything fails for want of memory sometimes; what is there must stand it.
starves() {
	cd /sys/kernel/debug/failslab
	echo Y >task-filter
	echo 5 >probability
	echo -1 >times
	echo 0 >verbose
	sh -c 'echo 1 >/proc/self/make-it-fail; exec unshare -n /bin/kstress mode=storm for=8000 workers=2'
	echo 0 >probability
	cd /
}

space a
space b
lan 0
b_lives
for point in $CLOSES; do
	t "the socket closes after step $point of 11" closes_after $point
done
for point in $VANISHES; do
	t "the namespace goes after step $point, under traffic" vanishes_after $point
	kill -9 $B
	wait $B
	b_lives
done
t "the module is loaded anew under traffic" reloads_under_traffic
t "the root of a container is refused everything" /bin/kstress mode=denied
t "a storm at the netlink door" storms "$1" 1
# Which the debug kernel can do.
if [ "$2" = brief ] || [ -e /sys/kernel/debug/failslab/probability ]; then
	t "a storm while memory is short" starves
fi
t "nothing is left checking" fails grep -q 'check_fire\|precise_fire' /proc/timer_list
exit 0
