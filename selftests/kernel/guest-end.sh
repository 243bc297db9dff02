#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The ways a node goes down; $1 says which. None returns.
. /test/guest-lib.sh

# $2: what is done before the renewals.
together() {
	$K "fake id=2 local=127.0.0.2 member=3000 $1" >/tmp/fake 2>&1 &
	$K "attach node=1 safety=20000 member=3000" key "peer id=2" arm "form epoch=1 nodes=1,2" \
		"note armed" ${2:-status} "pet for=30000"
}

killed() {
	$K "attach node=1 safety=20000 detach=$1" arm "touch path=/tmp/armed" \
		"pet for=60000" &
	await /tmp/armed && note armed
	usleep 300000
	kill -9 $!
	sleep 30
}

stuck() {
	taskset "$1" $K "attach node=1 safety=1000 detach=1000" arm "touch path=/tmp/armed" \
		"pet for=60000" &
	await /tmp/armed && note armed
	insmod /test/stuck.ko mask="$1"
	sleep 30
}

# Two virtual machines with a cable between them; node 1 pulls it.
apart() {
	echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
	ip addr add 10.0.0.$1/24 dev eth0
	ip -6 addr add fd00::$1/64 dev eth0
	ip link set eth0 up
	$K "attach node=$1 safety=60000 member=3000" key \
		"peer id=$2 local=10.0.0.$1 remote=10.0.0.$2 local1=fd00::$1 remote1=fd00::$2" \
		arm "form epoch=1 nodes=1,2" "touch path=/tmp/formed" "pet for=1500" \
		"peers up=1" "note armed" "touch path=/tmp/armed" "pet for=60000" &
	await /tmp/armed || exit 1
	[ "$1" = 2 ] || { usleep 500000 && ip link set eth0 down; }
	sleep 40
}

case $1 in
unpetted) $K "attach node=1 safety=700" arm "note armed" "sleep 20000" ;;
late) $K "attach node=1 safety=700" arm "note armed" "sleep 650" pet "sleep 20000" ;;
killed) killed 0 ;;
grace) killed 800 ;;
requested) $K "attach node=1" arm "note armed" "toc reason=word-from-the-test" ;;
alone) together "quiet=1000" ;;
evicted) together "evict=800" ;;
leaving) together "evict=800" depart ;;
restart) $K "attach node=1 safety=700 action=1" arm "note armed" "sleep 20000" ;;
shutdown)
	$K "attach node=1 safety=5000 detach=5000" arm "note armed" "touch path=/tmp/armed" \
		"pet for=60000" &
	await /tmp/armed || exit 1
	exec reboot -f
	;;
hanging)
	echo 2 >/sys/module/tocsin/parameters/shutdown_grace_s
	$K "attach node=1 safety=5000 detach=5000" arm "note armed" "touch path=/tmp/armed" \
		"pet for=60000" &
	await /tmp/armed || exit 1
	insmod /test/stuck.ko how=shutdown || exit 1
	exec reboot -f
	;;
stuck) stuck "$2" ;;
apart) apart "$2" "$3" ;;
esac
