#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The threads that PREEMPT_RT needs: one on each CPU, ahead of SCHED_FIFO.
. /test/guest-lib.sh

SCHED_DEADLINE=6	# linux/sched.h
CPU1=/sys/devices/system/cpu/cpu1

beating() {
	rm -f /tmp/beats
	$K "attach node=1 $1" "peer id=2" "touch path=/tmp/beats" "sleep 600000" >/tmp/owner 2>&1 &
	OWNER=$!
	await /tmp/beats
}

ended() {
	kill -9 $OWNER
	wait $OWNER
	until_so fails grep -q '^tocsin/[0-9]*$' /proc/[0-9]*/comm
}

# Prints the policy, and the CPUs of the thread for CPU $1.
thread() {
	for process in /proc/[0-9]*; do
		read -r name <$process/comm
		[ "$name" = "tocsin/$1" ] || continue
		set -- $(cat $process/stat)
		eval policy=\${41}
		echo "policy $policy on $(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' $process/status)"
	done
}

settled() {
	for cpu in $(seq 0 $(($(nproc --all) - 1))); do
		[ "$(thread $cpu)" = "policy $SCHED_DEADLINE on $cpu" ] && continue
		echo "tocsin/$cpu: $(thread $cpu)"
		return 1
	done
}

favoured() {
	beating "$1" || return 1
	until_so settled
	result=$?
	settled
	ended && return $result
}

# The offline of CPU 1 fails when it comes to the module, which is after the scheduler has
# begun it.
offline_fails() {
	state=$(sed -n 's/^ *\([0-9]*\): tocsin:urgent$/\1/p' /sys/devices/system/cpu/hotplug/states)
	echo "$state" >$CPU1/hotplug/fail || return 1
	echo 0 >$CPU1/online && return 1
	[ "$(cat $CPU1/online)" = 1 ]
}

refused_offline() {
	beating "interval=10 member=200" && until_so settled || return 1
	for round in 1 2 3 4 5; do
		offline_fails || return 1
		usleep 100000
	done
	until_so settled
	result=$?
	settled
	ended && return $result
}

t "each thread has SCHED_DEADLINE on its own CPU" favoured
t "and again" favoured
t "and with the longest interval" favoured "interval=10000 member=80000 safety=200000"
[ -n "$1" ] || t "and after an offline that failed" refused_offline
exit 0
