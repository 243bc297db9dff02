#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# KUnit ran when tocsin.ko was loaded, and runs the core's tests now; hand out
# what it says, for selftests/kernel/ktap.py.
insmod /test/core_kunit.ko || exit 1
for suite in /sys/kernel/debug/kunit/*; do
	echo "suite ${suite##*/}"
	cat "$suite/results"
done
