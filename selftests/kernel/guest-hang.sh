#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An armed kernel hangs; $1 says how. None returns.
# usage: guest-hang.sh HOW[:MS[:ACTION]] [PARAMETER OF stuck.ko]... [-- COMMAND OF kctl]...
. /test/guest-lib.sh

# MS: SAFETY_TIMEOUT; ACTION: 1 is restart
IFS=: read -r how SAFETY ACTION <<-END
	$1
END
SAFETY=${SAFETY:-1000}
shift
parameters=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	parameters="$parameters $1"
	shift
done
[ $# = 0 ] || shift

armed_await() {
	await /tmp/armed && note armed && return
	cat /tmp/owner
	exit 1
}

# The owner renews until it cannot any more, with all the priority there is.
armed() {
	chrt -f 98 $K "attach node=1 safety=$SAFETY detach=$SAFETY action=${ACTION:-0}" "$@" arm \
		"touch path=/tmp/armed" "pet for=60000" >/tmp/owner 2>&1 &
	OWNER=$!
	armed_await
}

# The same, but it renews no more once it has armed.
unpetted() {
	$K "attach node=1 safety=$SAFETY action=${ACTION:-0}" "$@" arm "touch path=/tmp/armed" \
		"sleep 60000" >/tmp/owner 2>&1 &
	OWNER=$!
	armed_await
}

stuck() { insmod /test/stuck.ko $parameters || note "exit insmod"; }

together() {
	$K "fake id=2 local=127.0.0.2 member=3000" >/tmp/fake 2>&1 &
	armed key "peer id=2" "hear id=2"
}

# Since 6.12 tasks of nice 0 have a server that must be taken from them, too; a CPU that
# came online after the boot has none.
throttle_off() {
	echo -1 >/proc/sys/kernel/sched_rt_runtime_us
	for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
		[ ! -e "$server" ] || grep -qx 0 "$server" || echo 0 >"$server" || exit 1
	done
}

hogs() {
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		taskset -c "$cpu" chrt -f 99 sh -c 'while :; do :; done' &
	done
}

case $how in
# The CPU where the owner runs is among those that hang.
pinned) armed "$@" && taskset -p 1 $OWNER >/dev/null && stuck ;;
unpetted) unpetted "$@" && stuck ;;
hogs) throttle_off && armed "$@" && stuck && hogs ;;
fifo) throttle_off && armed "$@" && stuck ;;
together) together "$@" && stuck ;;
stopped) armed "$@" && stuck && kill -STOP $OWNER ;;
frozen)
	mkdir -p /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup
	mkdir /sys/fs/cgroup/all
	armed "$@" && stuck
	echo $OWNER >/sys/fs/cgroup/all/cgroup.procs
	echo 1 >/sys/fs/cgroup/all/cgroup.freeze
	;;
hotplug)
	armed "$@"
	echo 0 >/sys/devices/system/cpu/cpu1/online
	usleep 300000
	echo 1 >/sys/devices/system/cpu/cpu1/online
	usleep 300000
	taskset -p 1 $OWNER >/dev/null && stuck
	;;
kdump)
	$K kdump-hang >/tmp/kdump 2>&1 &
	usleep 300000
	$K kdump >/tmp/second 2>&1
	grep -q 'resource busy' /tmp/second || { cat /tmp/second; exit 1; }
	unpetted "$@" && stuck
	;;
# The CPU that prints hangs, whether the heartbeat's timer is on it or not.
console0 | console1)
	# Where a thread prints, it does so on this CPU.
	printer=$(grep -lx pr/ttyS0 /proc/[0-9]*/comm)
	printer=${printer#/proc/}
	[ -z "$printer" ] || taskset -pc "${how#console}" "${printer%/comm}" >/dev/null || exit 1
	unpetted "$@" && stuck
	usleep 500000
	taskset -c "${how#console}" sh -c 'echo "the last words of a CPU" >/dev/kmsg'
	;;
watchdog)
	await /dev/watchdog0
	$K "watchdog timeout=6 for=60000" >/tmp/watchdog 2>&1 &
	armed "$@" && stuck
	;;
esac
sleep 40
