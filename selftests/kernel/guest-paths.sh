#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Eight paths of both families between two instances, and what becomes of them
# when addresses, interfaces and keys change.  The timeout is long because a
# starved host may stop a virtual machine for a second.
. /test/guest-lib.sh
. /test/guest-net.sh

INSTANCE="action=2 safety=200000 member=4000"

# Of node $1, as the options of "peer": four lans, two families, the last one
# link-local.
paths_of() {
	other=$((3 - $1))
	echo "local=10.0.0.$1 remote=10.0.0.$other local1=fd00:0::$1 remote1=fd00:0::$other" \
		"local2=10.0.1.$1 remote2=10.0.1.$other local3=fd00:1::$1 remote3=fd00:1::$other" \
		"local4=10.0.2.$1 remote4=10.0.2.$other local5=fd00:2::$1 remote5=fd00:2::$other" \
		"local6=10.0.3.$1 remote6=10.0.3.$other" \
		"local7=fe80::$1 remote7=fe80::$other scope7=lan3"
}

node_b() {
	rm -f /tmp/b
	# Not by in_b: what is killed later must be the client itself.
	nsenter --net=$SPACES/b $K "attach node=2 $INSTANCE" key "peer id=1 $(paths_of 2)" "touch path=/tmp/b" \
		"$@" "sleep 1000000" >/tmp/node_b 2>&1 &
	B=$!
	await /tmp/b
}

end_b() {
	kill -9 $B
	wait $B
}


# change WHAT-BREAKS WHAT-MENDS PATHS [STATE]: those leave for it (down) and come
# back, the others stay.
change() {
	breaks=$1 mends=$2 gone=$3 state=${4:-down}
	set -- "sh $breaks"
	for index in $gone; do
		set -- "$@" "path index=$index state=$state"
	done
	set -- "$@" "hear id=2"
	for index in 0 1 2 3 4 5 6 7; do
		case " $gone " in *" $index "*) continue ;; esac
		set -- "$@" "path index=$index state=up within=0"
	done
	set -- "$@" "sh $mends"
	for index in $gone; do
		set -- "$@" "path index=$index state=up"
	done
	in_a "attach node=1 $INSTANCE" key "peer id=2 $(paths_of 1)" "hear id=2" \
		"path index=0" "path index=1" "path index=2" "path index=3" "path index=4" \
		"path index=5" "path index=6" "path index=7" \
		"$@" "peers count=1 up=1"
}

moved() {
	at a ip addr add 10.0.0.11/24 dev lan0
	at b ip addr add 10.0.0.12/24 dev lan0
	# b learns of the new addresses first, as by a change of the configuration.
	in_a "attach node=1 $INSTANCE" key "peer id=2 $(paths_of 1)" arm "hear id=2" \
		"path index=0" "path index=1" "event" \
		"peer id=2 $(paths_of 1 | sed 's/10.0.0.1 /10.0.0.11 /; s/10.0.0.2 /10.0.0.12 /')" \
		"touch path=/tmp/moved" "path index=0 state=down" "hear id=2" \
		"sh touch /tmp/go" "path index=0 state=up" "peers count=1 up=1" \
		"peer id=2 $(paths_of 1)" "path index=0 state=down" "peers count=1" disarm
}

mover_b() {
	node_b "sh until [ -e /tmp/go ]; do usleep 50000; done" \
		"peer id=1 $(paths_of 2 | sed 's/10.0.0.1 /10.0.0.11 /; s/10.0.0.2 /10.0.0.12 /')"
}

# New key without a gap: known to both, then used by both, then the old one goes.
rotated() {
	in_a "attach node=1 $INSTANCE" key "peer id=2 $(paths_of 1)" "hear id=2" \
		"path index=0" "path index=1" "path index=2" "path index=3" "path index=4" \
		"path index=5" "path index=6" "path index=7" "sh touch /tmp/known" \
		"key slot=1 id=8 transmit=0" "sh until [ -e /tmp/ready ]; do usleep 50000; done" \
		"whole since=1" "sleep 500" "key slot=1 id=8" "sleep 700" "sh touch /tmp/used" \
		"sh until [ -e /tmp/changed ]; do usleep 50000; done" "sleep 500" \
		"key slot=0 id=9 transmit=0" "sleep 1500" whole "peers count=1 up=1"
}

rotating_b() {
	rm -f /tmp/known /tmp/ready /tmp/used /tmp/changed
	node_b "sh until [ -e /tmp/known ]; do usleep 50000; done" "key slot=1 id=8 transmit=0" \
		"sh touch /tmp/ready" "sh until [ -e /tmp/used ]; do usleep 50000; done" \
		"key slot=1 id=8" "sleep 700" "sh touch /tmp/changed"
}

space a
space b
for number in 0 1 2 3; do
	lan $number
done
for node in a b; do
	at $node ip addr add fe80::$([ $node = a ] && echo 1 || echo 2)/64 dev lan3
done

node_b
t "eight paths of both families are up" change true true ""
t "an interface goes down and up" change "$IP -n a link set lan0 down" \
	"$IP -n a link set lan0 up; $IP -n a addr add fd00:0::1/64 dev lan0 2>/dev/null; true" "0 1"
t "the other end's interface goes down and up" change "$IP -n b link set lan1 down" \
	"$IP -n b link set lan1 up; $IP -n b addr add fd00:1::2/64 dev lan1" "2 3"
t "an IPv4 address goes and comes back" change "$IP -n a addr del 10.0.2.1/24 dev lan2" \
	"$IP -n a addr add 10.0.2.1/24 dev lan2" "4"
t "an IPv6 address goes and comes back" change "$IP -n a addr del fd00:2::1/64 dev lan2" \
	"$IP -n a addr add fd00:2::1/64 dev lan2" "5"
t "the other end's address goes and comes back" change \
	"$IP -n b addr del 10.0.3.2/24 dev lan3" "$IP -n b addr add 10.0.3.2/24 dev lan3" "6"
t "a link-local address goes and comes back" change "$IP -n a addr del fe80::1/64 dev lan3" \
	"$IP -n a addr add fe80::1/64 dev lan3" "7"
t "an interface is deleted and made again" change "$IP -n a link del lan1" \
	". /test/guest-net.sh; lan 1" "2 3"
t "what is sent on a path gets nowhere: it is not up, though heard" change \
	"$IP -n a route add blackhole 10.0.2.2/32; $IP -n a route add unreachable 10.0.1.2/32" \
	"$IP -n a route del blackhole 10.0.2.2/32; $IP -n a route del unreachable 10.0.1.2/32" "4 2" init
end_b
mover_b
t "addresses change, the peer stays heard" moved
end_b
rotating_b
t "a key changes and not one heartbeat is lost" rotated
end_b
exit 0
