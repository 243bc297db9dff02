#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Through which devices the last words can go, and what is said of those through
# which they cannot.  Real drivers, at the emulator's devices.
. /test/guest-lib.sh
IP=/usr/sbin/ip

# The interface of a driver ($1), or of a kind of bus ($2).
interface() {
	for path in /sys/class/net/*; do
		driver=$(readlink -f "$path/device/driver")
		case "$(readlink -f "$path/device/subsystem")/${driver##*/}" in
		*/"$1") echo "${path##*/}" ;;
		esac
	done
}

# path INTERFACE: a peer behind it, whose hardware address is known.
path() {
	$IP addr add 10.9.0.1/24 dev "$1" && $IP link set "$1" up &&
		$IP neigh replace 10.9.0.2 lladdr 52:54:00:00:09:02 dev "$1" nud permanent
}

# told WORDS: what is said when such a node arms.
told() {
	dmesg -c >/dev/null
	$K "attach node=1" key "peer id=2 local=10.9.0.1 remote=10.9.0.2" arm disarm || return 1
	dmesg | grep "last words"
	dmesg | grep -qF "tocsin: last words at a panic: $1"
}

# through INTERFACE WORDS: the same of an interface that has the address meanwhile.
through() {
	[ -n "$1" ] && path "$1" && told "$2"
	result=$?
	$IP addr flush dev "$1"
	return $result
}

none="ready on 0 of 1 paths; first of the others: "
not_own="${none}its device is no Ethernet adapter of its own"
locks="${none}its device's driver is not known to send without locks of its own"
changed="${none}its packets are changed on their way (IPsec)"

# A failover device passes for one of its standby's driver.
standby() {
	for path in /sys/class/net/*/lower_*; do
		path=${path%/*}
		echo "${path##*/}"
	done
}

signed() {
	$IP xfrm state add src 10.9.0.1 dst 10.9.0.2 proto ah spi 0x900 mode transport \
		auth 'hmac(sha256)' 0x$(printf '%064d' 7) &&
		$IP xfrm policy add src 10.9.0.1 dst 10.9.0.2 dir out \
			tmpl proto ah mode transport &&
		through "$virtio" "$changed"
	result=$?
	$IP xfrm policy flush
	$IP xfrm state flush
	return $result
}

pair() {
	$IP link add veth9 type veth peer name veth8 && $IP link set veth8 up &&
		through veth9 "$not_own"
}

vlan() {
	$IP link add link "$virtio" name vlan9 type vlan id 9 && through vlan9 "$not_own"
}

bridge() {
	$IP link add bridge9 type bridge && through bridge9 "$not_own"
}

# Its peer has not been spoken to.
stranger() {
	$IP addr add 10.9.0.1/24 dev "$virtio" &&
		told "${none}its neighbour's hardware address is not known yet"
	result=$?
	$IP addr flush dev "$virtio"
	return $result
}

virtio=$(interface virtio/virtio_net | head -n 1)
$IP link set "$virtio" up
t "a virtio adapter takes last words" through "$virtio" "ready on 1 of 1 paths"
t "not while the neighbour is unknown" stranger
t "not where IPsec signs" signed
t "again when it signs no longer" through "$virtio" "ready on 1 of 1 paths"
t "not through a driver that locks: vmxnet3" through "$(interface pci/vmxnet3)" "$locks"
t "not through a driver that locks: USB" through "$(interface usb/cdc_ether)$(
	interface usb/rndis_host)" "$locks"
t "not through a failover device" through "$(standby)" "$not_own"
t "not through one end of a pair" pair
t "not through a VLAN" vlan
t "not through a bridge" bridge
exit 0
