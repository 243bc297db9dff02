#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In a virtual machine: node 1 starves, node 2 observes it.
#
#   guest.sh starved|observer tocsin|tipc INTERVAL MEMBER SAFETY ROUNDS SECONDS RUNTIME HOG...
#
# The hog runs ROUNDS times for SECONDS.  INTERVAL ... SAFETY in ms; RUNTIME: of
# real-time tasks, in us of each second, -1 for no bound.
. /test/guest-lib.sh

role=$1 kind=$2 interval=$3 member=$4 safety=$5 rounds=$6 seconds=$7 runtime=$8
shift 8

say() { echo "<0>starve: $*" >/dev/kmsg; }

network() {
	echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
	ip addr add 10.0.0.$1/24 dev eth0
	ip link set eth0 up
	[ $kind = tocsin ] && return
	# Its own way to say how long a silence may last; it takes no less than 50.
	tolerance=$((member / 2))
	[ $tolerance -ge 50 ] || tolerance=50
	tipc node set identity 1.1.$1
	tipc bearer enable media eth device eth0
	tipc bearer set tolerance $tolerance media eth device eth0 || exit 1
	tries=0
	until tipc link list | grep -q 'eth0.*up$'; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || { say "no TIPC link"; exit 1; }
		usleep 100000
	done
	for link in $(tipc link list | sed -n 's/^\(.*eth0\): up$/\1/p'); do
		tipc link set tolerance $tolerance link $link || exit 1
	done
}

observer_tocsin() {
	$K "attach node=2 interval=$interval member=$member" key \
		"peer id=1 local=10.0.0.2 remote=10.0.0.1" "acknowledge id=1" "watch until=/never"
}

starved_tocsin() {
	$K "attach node=1 interval=$interval member=$member safety=$safety detach=$safety" key \
		"peer id=2 local=10.0.0.1 remote=10.0.0.2" arm "form epoch=1 nodes=1,2" \
		"touch path=/tmp/ready" "watch until=/tmp/end pet=1" stats peers "disarm force=1"
}

starved_tipc() {
	touch /tmp/ready
	topology /tmp/end
}

# Since 6.12 the bound of real-time tasks is what a server in SCHED_DEADLINE keeps
# for the others, 50 ms of each second; the old one is for SCHED_DEADLINE alone.
bound() {
	echo "$runtime" >/proc/sys/kernel/sched_rt_runtime_us
	[ "$runtime" = -1 ] || return
	for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
		[ ! -e "$server" ] || echo 0 >"$server" || echo "not ok fair server"
	done
}

hog() {
	if [ "$1" = flood ]; then
		usleep $((seconds * rounds * 1000000))
		return
	fi
	if [ "$1" = slow ]; then
		insmod /test/stuck.ko how=slow for_ms="$2"
		# Its threads are of nice 0: they must begin before the hog.
		usleep 600000
		shift 2
	fi
	if [ "$1" = late ]; then
		insmod /test/stuck.ko how=late for_ms="$(($2 * interval))"
		sleep "$((seconds * rounds))"
		return
	fi
	if [ "$1" = stuck ]; then
		insmod /test/stuck.ko mask="$(((1 << $(nproc)) - 1))" for_ms="$2"
		sleep "$seconds"
		return
	fi
	round=0
	while [ $round -lt "$rounds" ]; do
		/test/hog "$seconds" "$@" || return 1
		round=$((round + 1))
		usleep 300000
	done
}

starve() {
	starved_$kind &
	watch=$!
	await /tmp/ready || exit 1
	echo armed >"$RESULT"
	bound
	usleep 1000000
	# What it writes must not hold up the machine: a serial line is slow.
	echo 1 >/proc/sys/kernel/printk
	ip link set eth1 up
	say begin
	hog "$@" || echo "not ok hog"
	# A loss shows within two timeouts.
	usleep $((member * 2000))
	say end
	ip link set eth1 down
	touch /tmp/end
	wait $watch
	sed 's/^/softnet /' /proc/net/softnet_stat
	sed -n 's/^cpu /stat /p' /proc/stat
	grep -E 'NET_RX|HI:|^ *CPU' /proc/softirqs
}

case $role in
starved)
	network 1
	ip addr add 10.9.0.1/24 dev eth1
	starve "$@"
	;;
observer)
	network 2
	if [ $kind = tocsin ]; then observer_tocsin; else topology /never; fi
	;;
esac
