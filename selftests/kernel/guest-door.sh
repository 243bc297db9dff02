#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What netlink and the device let in, and what an armed node refuses.
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

armed_again() {
	rm -f /tmp/armed /tmp/again
	$K "attach node=1 safety=20000" key "peer id=2" arm disarm \
		"sh echo 0 >/sys/devices/system/cpu/cpu1/online" arm disarm \
		"sh echo 1 >/sys/devices/system/cpu/cpu1/online" arm "touch path=/tmp/armed" \
		"pet until=/tmp/again" disarm "status armed=0" >/tmp/owner 2>&1 &
	again=$!
	await /tmp/armed && until_so leases_checked_on_both
	checked=$?
	touch /tmp/again
	wait $again && return $checked
}

unloads_disarmed() {
	rm -f /tmp/disarmed
	$K no-device "attach node=1 safety=20000" key "peer id=2" arm disarm \
		"touch path=/tmp/disarmed" "sleep 600000" >/tmp/owner 2>&1 &
	disarmed=$!
	await /tmp/disarmed && rmmod tocsin && insmod /lib/modules/*/extra/tocsin.ko
	result=$?
	kill -9 $disarmed
	wait $disarmed
	return $result
}

# A timer that fires at the moment of reading is not in the list.
leases_checked_on_both() {
	grep -q check_fire /proc/timer_list &&
		[ "$(grep -c check_fire /proc/timer_list)" = 2 ]
}

killed_owner_resumed() {
	kill -9 $OWNER
	wait $OWNER
	$K "expect EPERM" "device incarnation=/tmp/incarnation" \
		"expect EBUSY" "attach node=1" "expect ESTALE" "attach node=1 incarnation=77" \
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

device_bars_unload() {
	rm -f /tmp/held
	$K device "touch path=/tmp/held" "sleep 600000" >/tmp/holder 2>&1 &
	holder=$!
	await /tmp/held && fails rmmod tocsin || return 1
	kill -9 $holder
	wait $holder
	rmmod tocsin && insmod /lib/modules/*/extra/tocsin.ko
}

# Capabilities count, not who may open the file.
others_refused() {
	$K nobody "expect EACCES" device || return 1
	chmod 666 /dev/tocsin
	$K nobody "expect EPERM" device
	result=$?
	chmod 600 /dev/tocsin
	return $result
}

# Renew until told that it is enough.  $1: a name, $2...: what comes first.
LEASE_MS=5000
renewing() {
	name=$1
	shift
	exec unshare -n $K "$@" "attach node=2 action=2 safety=$LEASE_MS" arm \
		"touch path=/tmp/$name-armed" "pet until=/tmp/enough" \
		"touch path=/tmp/$name-lives" pet disarm
}

# A request of one family is slow, and somebody waits to remove that family.
netlink_stops() {
	insmod /test/slowfamily.ko || return 1
	$K "slow family=$(cat /sys/module/slowfamily/parameters/family)" &
	SLOW=$!
	until_so grep -q Y /sys/module/slowfamily/parameters/asked || return 1
	rmmod slowfamily &
	UNLOADING=$!
	until_so grep -q ') D ' /proc/$UNLOADING/stat
}

netlink_goes_on() {
	kill -9 $SLOW
	wait $SLOW
	wait $UNLOADING
}

# Asks for its end while nobody gets through by netlink.
ending() {
	exec unshare -n $K "attach node=3 action=2 safety=60000" arm "touch path=/tmp/end-armed" \
		"pet until=/tmp/end" "toc reason=strike" "touch path=/tmp/end-came" \
		"sleep 600000"
}

# Two nodes that renew; only the one that asks by netlink loses its lease.
device_waits_for_nobody() {
	ending >/tmp/by-end 2>&1 &
	end=$!
	await /tmp/end-armed || return 1
	renewing device >/tmp/by-device 2>&1 &
	device=$!
	renewing netlink no-device >/tmp/by-netlink 2>&1 &
	netlink=$!
	await /tmp/device-armed && await /tmp/netlink-armed && netlink_stops || return 1
	usleep $((LEASE_MS * 2500))
	kill -0 $netlink && touch /tmp/enough && await /tmp/device-lives &&
		touch /tmp/end && await /tmp/end-came
	lives=$?
	netlink_goes_on || return 1
	kill -9 $end
	wait $end
	wait $netlink
	cat /tmp/by-device /tmp/by-netlink /tmp/by-end
	[ $lives = 0 ] && grep -q 'pet: Timer expired' /tmp/by-netlink &&
		fails [ -e /tmp/netlink-lives ] && wait $device
}

taken_down_by_device() {
	unshare -n $K "attach node=1 action=2 safety=60000 save=/tmp/down" event \
		"expect EPERM" "device incarnation=/tmp/down reason=early" arm \
		"expect EPERM" "device incarnation=77 reason=stranger" \
		"expect EINVAL" "device incarnation=/tmp/down reason=long size=129" \
		"expect EINVAL" "device incarnation=/tmp/down size=9" pet \
		"device incarnation=/tmp/down reason=longest size=128" \
		"event type=toc within=20000 pet=0" "expect ETIME" pet status >/tmp/down-said
	result=$?
	cat /tmp/down-said
	grep -q 'verdict=requested' /tmp/down-said && return $result
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
	"expect ENODEV" "peer id=2" "peers count=0" "status attached=0"
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
	says "not armed: arm first)" no-device "attach node=1" pet &&
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
t "the device renews for the one who is armed" $K "attach node=1 save=/tmp/incarnation" \
	"expect EPERM" "device incarnation=/tmp/incarnation" arm \
	"device incarnation=/tmp/incarnation" "stats pets=1" "expect EINVAL" \
	"device incarnation=/tmp/incarnation size=7" "expect EINVAL" \
	"device incarnation=/tmp/incarnation size=9" "expect EINVAL" \
	"device incarnation=/tmp/incarnation size=0" "expect EPERM" "device incarnation=77" \
	"expect EPERM" "device incarnation=0" disarm "expect EPERM" pet \
	"expect EPERM" "device incarnation=/tmp/incarnation"
t "the device takes down who is armed, for a reason" taken_down_by_device
t "nothing attached, nothing renewed" $K "expect ENODEV" "device incarnation=/tmp/incarnation" \
	"expect ENODEV" "device incarnation=0"
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
t "root of a container may not open the device" $K contain "expect EPERM" device
t "nor may anybody else" others_refused
t "who may not administer the network gets no events" eval \
	'$K event && $K nobody "expect EPERM" event && $K contain "expect EPERM" event'
t "another network namespace sees nothing" fails unshare -n $K status
t "nor does the device there" unshare -n $K "expect ENODEV" \
	"device incarnation=/tmp/incarnation"
t "unload is refused while armed" fails rmmod tocsin
t "suspend is refused while armed" sleep_refused
t "each CPU checks the leases" until_so leases_checked_on_both
t "a CPU goes and comes back while armed" hotplug
t "each CPU checks the leases again" until_so leases_checked_on_both
t "a killed owner's instance is resumed with its incarnation only" killed_owner_resumed
owner 600000 arm
t "force disarms from another socket" $K "disarm force=1" "status armed=0"
kill -9 $OWNER
wait $OWNER
t "nothing is left checking" fails grep -q check_fire /proc/timer_list
t "arming again, after a CPU was gone meanwhile" armed_again
t "unload while attached, and disarmed" unloads_disarmed
t "unload is refused while the device is open" device_bars_unload
t "renewals, and the end, by the device wait for no other family" device_waits_for_nobody
t "unload and load again, five times" reload
t "the recorder has limits, and room for the largest" recorder_sizes
exit 0
