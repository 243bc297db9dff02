#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Two virtual machines with a cable between them.  $1: what this one does; $2: node
# id; $3: the other's; $4: MEMBER_TIMEOUT in ms.
. /test/guest-lib.sh

echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
ip addr add 10.0.0.$2/24 dev eth0
ip -6 addr add fd00::$2/64 dev eth0
ip link set eth0 up
# The other machine may take its time to boot.
tries=0
until ping -c 1 -W 1 10.0.0.$3 >/dev/null 2>&1; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || exit 1
done
begin="attach node=$2 safety=120000 member=$4 interval=50"
peer="peer id=$3 local=10.0.0.$2 remote=10.0.0.$3 local1=fd00::$2 remote1=fd00::$3"

# Formed and armed, with a promise in the kernel; killed with no grace, or not.
dies() {
	on=3
	[ "$1" != hung ] || on=1
	taskset $on $K "$begin" key "$peer" "sleep 500" arm "form epoch=1 nodes=1,2" \
		"promise epoch=2 counter=7" "pet for=2500" "note armed" "touch path=/tmp/armed" \
		"pet for=120000" &
	await /tmp/armed || exit 1
	dmesg | grep -E "tocsin: (no )?last words at a panic" || exit 1
	[ "$1" != deaf ] || insmod /test/stuck.ko how=probe symbol=kdump_nmi_callback || exit 1
	# Time for the other to find out how far apart the clocks are.
	sleep 2
	[ "$1" != dump ] || $K kdump || exit 1
	[ "$1" != mute ] || echo N >/sys/class/tty/ttyS0/console || exit 1
	if [ "$1" = hung ]; then
		taskset -p 1 $$ && insmod /test/stuck.ko mask=2 && sleep 1
	fi
	if [ "$1" = kill ] || [ "$1" = hung ]; then
		kill -9 $!
	else
		$K crash
	fi
	sleep 60
}

# When the other has ended, this one must not take itself down for want of it.
hears() {
	t "$2" $K "$begin" key "$peer" "sleep 500" arm "form epoch=1 nodes=1,2" \
		"gasp $1" "disarm force=1"
	grep -E "last words|of its clock" /tmp/out | sed 's/^/# /'
}

case $1 in
sysrq | mute | kill | hung | dump | deaf) dies "$1" ;;
hears) hears "said=1 sync=$3" "a panic is told, with what was promised" ;;
either) hears any=1 "the machine ends" ;;
silence) hears said=0 "nothing is told, only silence is noticed" ;;
esac
