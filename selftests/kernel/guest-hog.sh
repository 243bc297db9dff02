#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A task in SCHED_FIFO of priority $1 has CPU 1, and no other there gets a turn: what is
# asked for on CPU 0 must not wait for one.
. /test/guest-lib.sh

CPU1=/sys/devices/system/cpu/cpu1

hog_begins() {
	rm -f /tmp/turn
	taskset 2 chrt -f $1 sh -c 'while :; do :; done' &
	hog=$!
	usleep 500000
	taskset 2 touch /tmp/turn &
	starved=$!
}

# That it took all is what makes the rest worth anything.
hog_ends() {
	[ ! -e /tmp/turn ]
	had_all=$?
	kill -9 $hog
	wait $hog
	wait $starved
	return $had_all
}

# The steps of a node that lives until /tmp/end is there, in the background.
node() {
	rm -f /tmp/armed /tmp/end /tmp/disarmed
	$K "attach node=1 safety=60000" key "peer id=2" arm "touch path=/tmp/armed" \
		"pet until=/tmp/end" disarm "touch path=/tmp/disarmed" >/tmp/node 2>&1 &
	node=$!
}

node_gone() { fails kill -0 $node; }

ended() {
	touch /tmp/end
	until_so node_gone
	gone=$?
	cat /tmp/node
	return $gone
}

begins_and_ends() {
	hog_begins $1
	node
	await /tmp/armed && ended
	done=$?
	hog_ends && wait $node && return $done
}

ends() {
	node
	await /tmp/armed || return 1
	hog_begins $1
	ended
	done=$?
	hog_ends && wait $node && return $done
}

# As who takes CPU 1 away waits for that hog, and holds the kernel's lock for it.
disarms_while_a_cpu_goes() {
	node
	await /tmp/armed || return 1
	hog_begins $1
	(echo 0 >$CPU1/online) &
	offline=$!
	until_so grep -q ') D ' /proc/$offline/stat || return 1
	touch /tmp/end
	await /tmp/disarmed && kill -0 $offline
	done=$?
	hog_ends || return 1
	wait $offline
	wait $node || return 1
	echo 1 >$CPU1/online && return $done
}

# The hog must not starve those who look on.
taskset -p 1 $$ >/dev/null
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
t "a node attaches and arms, disarms and detaches beside a hog" begins_and_ends $1
t "a node disarms and detaches beside a hog that came later" ends $1
t "a node disarms while a CPU waits for that hog to go" disarms_while_a_cpu_goes $1
exit 0
