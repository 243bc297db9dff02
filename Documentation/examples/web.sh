#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# External script of the example package web: the page says where it comes from.
# start and stop may be repeated: what is done already is not an error.

case $1 in
start)
	mkdir -p /run/web || exit 2	# this node is not fit: try another
	cp -r "$PEV_ROOT"/. /run/web/ 2>/dev/null
	echo "package $SG_PACKAGE on $SG_NODE, run $SG_RUN_ID" >/run/web/where.txt
	;;
stop)
	echo "halting because of: $SG_HALT_REASON"
	rm -rf /run/web
	;;
validate)
	[ -x /bin/busybox ] || { echo "busybox is not installed"; exit 1; }
	;;
*)
	echo "usage: $0 start|stop|validate" >&2
	exit 1
	;;
esac
exit 0
