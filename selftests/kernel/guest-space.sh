#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Instances in network namespaces of their own: they report, and harm nobody.
. /test/guest-lib.sh

# Run in a namespace with a loopback interface.
inside() { unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$@"; }

owned_inside() {
	unshare -n $K "attach node=2 action=2 safety=3000 detach=500" key arm \
		"touch path=/tmp/inside" "pet for=60000" >/tmp/owned 2>&1 &
	OWNED=$!
	await /tmp/inside
}

# The namespace of $1 goes with its last process, and what is in it.
ends_with_its_namespace() {
	kill -9 "$1"
	wait "$1"
	tries=0
	while rmmod tocsin 2>/dev/null; [ -e /sys/module/tocsin ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		usleep 100000
	done
	insmod /lib/modules/*/extra/tocsin.ko
}

hears_inside() {
	inside sh -c "
		$K 'fake id=2 local=127.0.0.2 member=8000 for=60000' >/tmp/fake 2>&1 &
		$K 'attach node=1 action=2 safety=20000 member=8000' key 'peer id=2' arm \
			'hear id=2' 'form epoch=1 nodes=1,2' 'pet for=1500' 'peers count=1 up=1' \
			'leave id=2' disarm; result=\$?; kill -9 \$!; exit \$result"
}

silent_inside() {
	inside sh -c "
		$K 'fake id=2 local=127.0.0.2 member=3000 quiet=1000' >/tmp/fake 2>&1 &
		$K 'attach node=1 action=2 safety=60000 member=3000' key 'peer id=2' event arm \
			'form epoch=1 nodes=1,2' 'event type=toc within=20000 pet=0' \
			'expect ETIME' pet 'expect ETIME' disarm 'status armed=1' \
			'attach node=1 action=2' 'status armed=0'"
}

# Eighty times past half of the lease; the log is told a few times of each.
flood_of_warnings() {
	before=$(dmesg | grep -c 'safety lease: half')
	set --
	while [ $# -lt 160 ]; do set -- "$@" pet "sleep 90"; done
	inside $K "attach node=1 action=2 safety=150 interval=5 member=80" arm "$@" >/dev/null
	said=$(($(dmesg | grep -c 'safety lease: half') - before))
	[ $said -ge 1 ] && [ $said -lt 20 ]
}

TOC_TRACED=/sys/kernel/tracing/events/tocsin/tocsin_toc/enable
echo 1 >$TOC_TRACED
t "a namespace takes no machine down" inside $K "expect ENODEV" status "expect ENODEV" peers \
	"expect EPERM" "attach node=1 action=0" "expect EPERM" "attach node=1 action=1" \
	"attach node=1 action=2" "status attached=1 armed=0"
t "an instance that is not renewed is silent for good" inside $K \
	"attach node=1 action=2 safety=300" event arm "event type=toc within=20000 pet=0" \
	"expect ETIME" pet "expect ETIME" disarm "status armed=1"
t "over, it can be attached anew" inside $K "attach node=1 action=2 safety=300" arm "sleep 600" \
	"expect ETIME" pet "attach node=1 action=2" arm pet disarm
t "over, force clears it" inside $K "attach node=1 action=2 safety=300" arm "sleep 600" \
	"disarm force=1" "status attached=0"
t "a silent peer ends the lease" silent_inside
t "the tracepoint tells of what ended" grep -q 'tocsin_toc: .*=' /sys/kernel/tracing/trace
t "the log warned, and said who was heard when" eval "dmesg | grep -q 'quorum lease: half gone, \
[0-9]* ms left; node 2 node2 acknowledged [0-9]* ms ago, heard [0-9]* ms ago' &&
	dmesg | grep -q 'quorum lease: three quarters gone'"
t "heartbeats stay inside" hears_inside
owned_inside
t "the machine's own instance is another one" $K "status attached=0" "attach node=1" arm pet \
	disarm
t "it bars the unload" fails rmmod tocsin
t "it ends with its namespace" ends_with_its_namespace $OWNED
t "a lease that is late again and again does not flood the log" flood_of_warnings
t "report in the initial namespace" $K "attach node=1 action=2 safety=300" event arm \
	"event type=toc within=20000 pet=0" "expect ETIME" pet "disarm force=1" "status attached=0"
t "nothing is left checking" fails grep -q 'check_fire\|precise_fire' /proc/timer_list
exit 0
