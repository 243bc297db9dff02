#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the netlink door lets in, and what an armed node refuses.
. /test/guest-lib.sh

owner() {
	rm -f /tmp/armed /tmp/incarnation
	$K "attach node=1 safety=20000 detach=20000 save=/tmp/incarnation" key arm \
		"touch path=/tmp/armed" "pet for=$1" "$2" >/tmp/owner 2>&1 &
	OWNER=$!
	await /tmp/armed
}

sleep_refused() {
	echo freeze >/sys/power/state && return 1
	dmesg | grep -q 'tocsin: armed: no sleep'
}

hotplug() {
	echo 0 >/sys/devices/system/cpu/cpu1/online && usleep 300000 &&
		echo 1 >/sys/devices/system/cpu/cpu1/online && usleep 300000 &&
		$K "recorder kind=cpu"
}

leases_checked_on_both() {
	grep -q check_fire /proc/timer_list &&
		[ "$(grep -c check_fire /proc/timer_list)" = 2 ]
}

killed_owner_resumed() {
	kill -9 $OWNER
	wait $OWNER
	$K "expect EBUSY" "attach node=1" "expect ESTALE" "attach node=1 incarnation=77" \
		"expect EINVAL" "attach node=2 resume=/tmp/incarnation" \
		"attach node=1 resume=/tmp/incarnation" "status armed=1" pet disarm
}

# The kernel's own words, as the client prints them behind an error.
says() {
	words=$1
	shift
	fails $K "$@" >/tmp/said 2>&1
	cat /tmp/said
	grep -qF "($words" /tmp/said
}

reload() {
	for round in 1 2 3 4 5; do
		rmmod tocsin && insmod /lib/modules/*/extra/tocsin.ko || return 1
		$K "attach node=$round" key "peer id=9" arm pet disarm || return 1
	done
}

# More is more than one piece of memory can be.
recorder_sizes() {
	rmmod tocsin || return 1
	for entries in 63 32769; do
		insmod /lib/modules/*/extra/tocsin.ko recorder_entries=$entries && return 1
	done
	insmod /lib/modules/*/extra/tocsin.ko recorder_entries=32768 &&
		$K "attach node=1" "recorder kind=attach" || return 1
	rmmod tocsin && insmod /lib/modules/*/extra/tocsin.ko
}

t "nothing can be done before attaching" $K "expect ENODEV" arm "expect ENODEV" pet \
	"expect ENODEV" "peer id=2" "status attached=0"
t "bad configurations are refused" $K "expect EINVAL" "attach node=1 interval=4" \
	"expect EINVAL" "attach node=1 member=700" "expect ERANGE" "attach node=300" \
	"expect ERANGE" "attach node=1 margin=1" "expect EINVAL" "attach node=1 safety=50" \
	"expect ESTALE" "attach node=1 incarnation=5" "status attached=0"
t "a refusal names what is out of range, and the range" eval \
	'says "interval: 5 ms to 10 s)" "attach node=1 interval=4" &&
	says "member timeout: 8 intervals to 5 min)" "attach node=1 member=700" &&
	says "safety timeout: 100 ms to 5 min)" "attach node=1 safety=50" &&
	says "grace after the socket closes: at most" "attach node=1 safety=200 detach=300" &&
	says "TOC margin: 4 ms to 1 min)" "attach node=1 margin=1"'
t "a refusal says what to do next" eval \
	'says "nothing is armed to be resumed: name no incarnation)" "attach node=1 incarnation=5" &&
	says "not armed: arm first)" "attach node=1" pet &&
	says "no such peer: a dump of peer-get lists all)" "attach node=1" "unpeer id=2"'
t "attach, arm, pet, disarm" $K "attach node=1" key "expect EPERM" pet \
	"expect EPERM" disarm arm "pet for=1000" "expect EALREADY" arm disarm "status armed=0"
t "a bad configuration changes nothing" $K "attach node=1" "peer id=2" \
	"expect EINVAL" "attach node=1 member=700" "expect ERANGE" "attach node=1 margin=1" \
	"status attached=1" "peers count=1"
t "closing a disarmed socket dissolves the instance" $K "status attached=0"
t "peers come and go, bad ones are refused" $K "attach node=1" \
	"expect EADDRNOTAVAIL" "peer id=2 local=10.9.9.9 remote=10.9.9.8" \
	"expect EINVAL" "peer id=1" "peer id=2" "peer id=2 remote=127.0.0.3" \
	"expect EINVAL" "peer id=2 local1=127.0.0.4 remote1=127.0.0.5" \
	"peer id=3 local1=127.0.0.4 remote1=127.0.0.5" "peers count=2" \
	"unpeer id=2" "expect ENOENT" "unpeer id=2" "peers count=1"
t "IPv6 paths" $K "attach node=1" key "peer id=2 local=::1 remote=::1" "sleep 300" \
	"peers count=1"
t "disarmed, armed again" $K "attach node=1" arm disarm arm disarm
t "the recorder tells of it" $K "recorder kind=attach" "recorder kind=pet" \
	"recorder kind=disarm" "recorder kind=peer-set"
owner 600000 arm
t "another process may read" $K "status armed=1" stats "peers count=0"
t "another process may not attach, pet, disarm or change anything" $K \
	"expect EBUSY" "attach node=1" "expect EPERM" pet "expect EPERM" disarm \
	"expect EPERM" key "expect EPERM" "peer id=2" "expect EPERM" "toc reason=x" \
	"status armed=1"
t "root of a container may do nothing" $K contain "status armed=1" "expect EPERM" pet \
	"expect EPERM" "attach node=1" "expect EPERM" "disarm force=1" "status armed=1"
t "another network namespace sees nothing" fails unshare -n $K status
t "unload is refused while armed" fails rmmod tocsin
t "suspend is refused while armed" sleep_refused
t "each CPU checks the leases" leases_checked_on_both
t "a CPU goes and comes back while armed" hotplug
t "each CPU checks the leases again" leases_checked_on_both
t "a killed owner's instance is resumed with its incarnation only" killed_owner_resumed
owner 600000 arm
t "force disarms from another socket" $K "disarm force=1" "status armed=0"
kill -9 $OWNER
wait $OWNER
t "nothing is left checking" fails grep -q check_fire /proc/timer_list
t "unload and load again, five times" reload
t "the recorder has limits, and room for the largest" recorder_sizes
exit 0
