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
t "hear, form, be up, measure" $K "attach node=1 safety=20000 member=8000" key "peer id=2" arm \
	"event" "hear id=2" "event type=path-state" "form epoch=1 nodes=1,2" "pet for=1500" \
	"peers count=1 up=1" stats "expect EBUSY" disarm "expect EBUSY" "unpeer id=2" \
	"leave id=2" disarm "status armed=0" "expect EBUSY" arm
t "tracepoints tell of it" traced
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
t "nothing is sent or taken without a key" fails $K \
	"attach node=1 safety=20000 member=8000" "peer id=2" \
	"hear id=2"
kill -9 $FAKE
exit 0
