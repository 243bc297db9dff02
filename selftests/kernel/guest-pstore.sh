#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: guest-pstore.sh fall     a TOC; the memory of the machine stays
#        guest-pstore.sh read     after the reset: what pstore has kept of it
. /test/guest-lib.sh

kept() {
	mount -t pstore pstore /sys/fs/pstore || return 1
	cat /sys/fs/pstore/dmesg-* | grep "$1"
}

case $1 in
fall) $K "attach node=1 safety=700" arm "note armed" "sleep 20000" ;;
read) t "pstore has kept the verdict" kept \
	"Kernel panic - not syncing: tocsin: TOC: safety lease ran out" ;;
esac
