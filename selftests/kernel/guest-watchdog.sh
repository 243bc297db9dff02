#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cmcld's hardware watchdog: what is taken, what is refused, and that it does not
# bite once it has been stopped. The emulated hardware resets the machine.
. /test/guest-lib.sh

STATE=/sys/class/watchdog/watchdog0/state

stopped() { [ "$(cat $STATE)" = inactive ]; }

refused() {
	words=$1
	shift
	$K "$@" >/tmp/refused 2>&1 && return 1
	cat /tmp/refused
	grep -q "$words" /tmp/refused
}

in_use() {
	exec 9>/dev/watchdog0
	refused "another program has it" "watchdog timeout=60"
	code=$?
	printf V >&9
	exec 9>&-
	return $code
}

# Stopped, it does not bite when its time is over.
fed_and_stopped() {
	$K "watchdog timeout=10 for=2000" && stopped && sleep 13 && stopped
}

reload() {
	# Compressed in some kernels.
	rmmod i6300esb && insmod /lib/modules/*/kernel/drivers/watchdog/i6300esb.ko* "$@" &&
		await /dev/watchdog0
}

await /dev/watchdog0
t "tried and stopped" $K "watchdog timeout=60 try=1"
t "started, fed, stopped: no reset when its time is over" fed_and_stopped
t "one that another program has is refused" in_use
t "a timeout that it cannot take is refused with its range" refused \
	"takes 1 to 2046 s, not 5000 s" "watchdog timeout=5000"
t "a device without attributes is refused" refused "/dev/watchdog0" \
	"watchdog path=/dev/watchdog timeout=60"
t "the driver is loaded anew" reload nowayout=1
t "one that cannot be stopped is refused" refused "nowayout=0" "watchdog timeout=60"
t "and was not started" stopped
exit 0
