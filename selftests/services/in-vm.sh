#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Inside of the micro VM: what the tests of cmsrvassistd need, then the tests.
mkdir -p /sys/fs/cgroup /tmp
mount -t cgroup2 none /sys/fs/cgroup || exit 1
mount -t tmpfs none /tmp || exit 1
PATH=/usr/sbin:$PATH		# iproute2, before busybox's ip
export PATH CMOCKA_MESSAGE_OUTPUT=TAP
status=0
for name in assistd_run_test assistd_address_test; do
	test=$(find / -xdev -name "cmsrvassistd_$name" -type f | head -n 1)
	"$test" || status=1
done
exit $status
