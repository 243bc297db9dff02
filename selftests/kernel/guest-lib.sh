# SPDX-License-Identifier: GPL-2.0-or-later
# For scripts that run in a micro VM.  t NAME COMMAND...: one test; the host
# turns the lines "ok NAME" and "not ok NAME" into results.
K=/bin/kctl

t() {
	name=$1
	shift
	if "$@" >/tmp/out 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name"
		sed 's/^/# /' /tmp/out
		dmesg | tail -n 15 | sed 's/^/# /'
	fi
}

fails() { ! "$@"; }

# Say it before the deed that is not survived.
note() { echo "$*" >"$RESULT"; }

# Wait until a file says that a client in the background has got so far.
await() { until_so [ -e "$1" ]; }

# Until a command says yes, or some 30 s.
until_so() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		usleep 100000
	done
}
