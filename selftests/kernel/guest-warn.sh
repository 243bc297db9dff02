#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a node is warned of when it arms: the bits of the answer, the lines in the log.
. /test/guest-lib.sh

NO_KDUMP=1 NO_RESTART=2 MARGIN=8 NO_GASP=16
NOTIFIERS=/sys/module/kernel/parameters/crash_kexec_post_notifiers

# warned BITS BITS [OPTION OF attach]...: of the first, each; of the second, none.
warned() {
	on=$1 off=$2
	shift 2
	dmesg -c >/dev/null
	$K "attach node=1 safety=20000 $*" arm "status warned=$on unwarned=$off" disarm
}

told() { dmesg | grep -F "tocsin: $1"; }

loaded() { rmmod tocsin && insmod /lib/modules/*/extra/tocsin.ko "$@"; }

no_restart() {
	kept=$(cat /proc/sys/kernel/panic)
	echo 0 >/proc/sys/kernel/panic
	warned $((NO_KDUMP | NO_RESTART)) $MARGIN && told "kernel.panic is 0: no restart"
	result=$?
	# A machine that goes down without being asked would never end the test.
	echo "$kept" >/proc/sys/kernel/panic
	return $result
}

preempt_rt() { grep -q PREEMPT_RT /proc/version; }

# Where the kernel can have them, and where it cannot whatever is asked for.
last_words() {
	if preempt_rt; then
		no_last_words
	else
		warned 0 $NO_GASP && told "last words at a panic: ready on 0 of 0 paths"
	fi
}

no_last_words() {
	preempt_rt && set -- "the network devices' locks sleep"
	warned $NO_GASP 0 && told "no last words at a panic: $1"
}

refused() {
	rmmod tocsin && fails insmod /lib/modules/*/extra/tocsin.ko gasp=sometimes &&
		told "gasp=sometimes: auto, on or off" && insmod /lib/modules/*/extra/tocsin.ko
}

t "no crash kernel is loaded" eval \
	'warned $NO_KDUMP $((NO_RESTART | MARGIN)) && told "no crash kernel is loaded"'
t "nothing restarts the node" no_restart
t "a short margin" eval 'warned $MARGIN 0 margin=19 && told "the TOC margin is below 20 ms"'
t "who only reports is warned of nothing" eval \
	'warned 0 $((NO_KDUMP | MARGIN | NO_GASP)) action=2 margin=19 && fails told "no "'
t "no last words by default" no_last_words "crash_kexec_post_notifiers is off"
t "gasp=on: last words, as no dump comes after them" eval 'loaded gasp=on && last_words'
echo Y >$NOTIFIERS
t "gasp=off: none, although the kernel would" eval \
	'loaded gasp=off && no_last_words "switched off by the module"'
t "gasp=auto: last words, as the kernel puts them before the dump" eval \
	'loaded gasp=auto && last_words'
t "gasp knows three words" refused
exit 0
