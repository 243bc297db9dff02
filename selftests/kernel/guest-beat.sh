#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Heartbeats with a peer in user space. The timeout is long because a starved
# host may stop a virtual machine for a second.
. /test/guest-lib.sh

TRACING=/sys/kernel/tracing
echo 1 >$TRACING/events/tocsin/enable

traced() {
	for event in tocsin_hb_tx tocsin_hb_rx tocsin_path_state tocsin_lease; do
		grep -q "$event: .*=" $TRACING/trace || return 1
	done
	echo 0 >$TRACING/events/tocsin/enable
}

$K "fake id=2 local=127.0.0.2 member=8000 for=120000" >/tmp/fake 2>&1 &
FAKE=$!
# Events are listened to before there is a peer that could be up too soon.
t "hear, form, be up, measure" $K "attach node=1 safety=20000 member=8000" "event" key \
	"peer id=2" arm "hear id=2" "event type=path-state" "form epoch=1 nodes=1,2" "pet for=1500" \
	"peers count=1 up=1" stats "expect EBUSY" disarm "expect EBUSY" "unpeer id=2" \
	"leave id=2" disarm "status armed=0" "expect EBUSY" arm
t "tracepoints tell of it" traced
kill -9 $FAKE
wait $FAKE
$K "fake id=2 local=127.0.0.2 member=8000 for=120000" >/tmp/fake 2>&1 &
FAKE=$!
# It looks like a machine that stood still; the peer's acknowledgements say that
# nothing is lost.
battery_clock_set() {
	$K "attach node=1 safety=20000 member=8000" key "peer id=2" arm "hear id=2" \
		"form epoch=1 nodes=1,2" "touch path=/tmp/formed" "pet for=8000" \
		"status armed=1" "leave id=2" disarm >/tmp/battery 2>&1 &
	owner=$!
	await /tmp/formed && sleep 2 && date -s "@$(($(date +%s) + 3600))" && hwclock -w -u &&
		wait $owner || { cat /tmp/battery; return 1; }
	dmesg | grep -q 'stood still for up to' &&
		dmesg | grep -q 'a majority has acknowledged this node since'
}

t "setting the battery clock takes nobody down" battery_clock_set
kill -9 $FAKE
wait $FAKE
$K "fake id=2 local=127.0.0.2 member=8000 for=120000" >/tmp/fake 2>&1 &
FAKE=$!
t "bad datagrams change nothing and are counted" $K "attach node=1 safety=20000 member=8000" key \
	"peer id=2" "hear id=2" spray "peers up=1"
t "a key change leaves no gap" $K "attach node=1 safety=20000 member=3000" \
	"key slot=1 id=8 transmit=0" \
	key "peer id=2" "hear id=2" "key slot=1 id=9 transmit=0" "sleep 1800" "peers up=1" \
	"key slot=0" "sleep 1800" "peers up=1"
t "each beat is counted with its lateness" $K "attach node=1 safety=20000 member=8000" \
	key "peer id=2" "sleep 2000" "stats beats=5"
# The peer sends all the time, as the test before has seen.
t "nothing is sent or taken without a key" $K "attach node=1 safety=20000 member=8000" \
	"stats mark=1" "peer id=2" "sleep 3000" "peers count=1 heard=0" "stats sent_max=0 drop=key"
kill -9 $FAKE
exit 0
