// SPDX-License-Identifier: GPL-2.0-or-later
/* What the recorder's numbers mean, in words. */
#include "cmd_crash.h"
#include "names.h"

#include <linux/tocsin.h>

#include <errno.h>
#include <string.h>

/*
 * The log counts on its own clock, which begins some time before that of the recorder: in
 * slow virtual machines 0.5 to 3.8 s were seen, so that this is much where it is not known,
 */
#define LOG_AHEAD_MAX_NS ((s64)(10 * CORE_NS_PER_S))
/* and where it is known by how much they may have drifted apart since. */
#define LOG_DRIFT_NS	((s64)CORE_NS_PER_S)

static double ms(u64 ns)
{
	return (double)ns / 1e6;
}

void crash_text_copy(char *to, size_t size, const char *from, size_t length)
{
	size_t at;

	for (at = 0; at + 1 < size && at < length && from[at]; at++)
		to[at] = from[at] >= ' ' && from[at] < 0x7f ? from[at] : '?';
	to[at] = '\0';
}

const char *crash_node_name(const struct crash_record *record, u16 id)
{
	static char names[4][RECORDER_NAME_SIZE + 16];
	static unsigned int next;
	char *name = names[next++ % 4];

	if (id && id == record->header->node_id && record->header->node[0])
		crash_text_copy(name, RECORDER_NAME_SIZE, record->header->node,
				RECORDER_NAME_SIZE);
	else if (id && id <= record->peers && record->peer[id - 1].name[0])
		crash_text_copy(name, RECORDER_NAME_SIZE, record->peer[id - 1].name,
				RECORDER_NAME_SIZE);
	else
		snprintf(name, sizeof(names[0]), "node %u", id);
	return name;
}

/* "cmcld (process 288)", "process 7" when it is not the one that attached. */
static const char *process_name(const struct crash_record *record, u64 pid)
{
	const struct recorder_header *header = record->header;
	static char text[64];
	char name[sizeof(header->owner_name) + 1];

	crash_text_copy(name, sizeof(name), header->owner_name, sizeof(header->owner_name));
	if (pid && pid == header->owner_pid && name[0])
		snprintf(text, sizeof(text), "%s (process %llu)", name, (unsigned long long)pid);
	else
		snprintf(text, sizeof(text), "process %llu", (unsigned long long)pid);
	return text;
}

/* The one that the module waits for; its name and number are also those of its journal. */
static const char *owner_name(const struct crash_record *record)
{
	return record->header->owner_pid ? process_name(record, record->header->owner_pid) :
	       "cmcld";
}

/* The verdict knows the end of its lease; the header may be a moment older. */
u64 crash_lease_end(const struct crash_record *record, enum core_verdict verdict)
{
	const struct recorder_header *header = record->header;

	if (header->verdict.code == verdict &&
	    header->verdict.late_ns <= header->verdict.at_ns)
		return header->verdict.at_ns - header->verdict.late_ns;
	return verdict == CORE_VERDICT_QUORUM_LEASE ? header->quorum_ns : record->safety_ns;
}

const char *crash_lease_ended(const struct crash_record *record, u64 *ago_ns)
{
	u64 quorum_ns = crash_lease_end(record, CORE_VERDICT_QUORUM_LEASE);
	u64 safety_ns = crash_lease_end(record, CORE_VERDICT_SAFETY_LEASE);
	bool quorum = quorum_ns && (quorum_ns <= safety_ns || !safety_ns);
	u64 end_ns = quorum ? quorum_ns : safety_ns;

	*ago_ns = 0;
	if (!end_ns || end_ns >= record->now_ns)
		return NULL;
	*ago_ns = record->now_ns - end_ns;
	return quorum ? "quorum" : "safety";
}

static void ended_print(const struct crash_record *record, const char *lease, u64 ago_ns,
			char *text, size_t size)
{
	const struct recorder_header *header = record->header;
	const char *why = "no CPU took interrupts any more (they hung, or the panic took that "
			  "long), so that nothing could check";

	if (header->action == TOCSIN_ACTION_REPORT)
		why = "it was only to report";
	else if (ago_ns <= header->toc_margin_ns)
		why = "no check had run since";
	snprintf(text, size, "not by the safety timer, although the %s lease had ended %.0f ms "
		 "before: %s; the peers may have taken over; look at the kernel's own messages "
		 "in the dump", lease, ms(ago_ns), why);
}

const char *crash_lease_unseen(const struct crash_record *record)
{
	s64 ahead_ns = record->log_paired ? record->log_ahead_ns + LOG_DRIFT_NS :
		       LOG_AHEAD_MAX_NS;
	struct crash_record later = *record;
	u64 ago_ns;

	if (!record->log_ns || (s64)record->log_ns < ahead_ns || !record->header->armed ||
	    crash_record_boot(record) != CRASH_BOOT_THIS)
		return NULL;
	later.now_ns = record->log_ns - (u64)ahead_ns;
	return crash_lease_ended(&later, &ago_ns);
}

static void good_print(const struct crash_record *record, char *text, size_t size)
{
	const char *unseen = crash_lease_unseen(record);
	u64 ahead_ns = record->log_paired ? (u64)record->log_ahead_ns : 0;
	char more[200] = "";

	if (unseen)
		snprintf(more, sizeof(more), ", but the kernel's log goes on to %.3f s%s: the %s "
			 "lease may have ended unseen, and the peers may have taken over",
			 (double)(record->log_ns - ahead_ns) / 1e9,
			 record->log_paired ? "" : " of its own clock", unseen);
	snprintf(text, size, "not by the safety timer: both leases were good as far as recorded "
		 "(last at %.3f s of the node's clock)%s; look at the kernel's own messages "
		 "in the dump", (double)record->now_ns / 1e9, more);
}

static void none_print(const struct crash_record *record, char *text, size_t size)
{
	u64 ago_ns;
	const char *lease = crash_lease_ended(record, &ago_ns);

	if (record->live && !record->header->armed)
		snprintf(text, size, "the safety timer is not armed");
	else if (record->live && lease)
		snprintf(text, size, "the safety timer is armed, and the %s lease has ended",
			 lease);
	else if (record->live)
		snprintf(text, size, "the safety timer is armed and both leases are good as far "
			 "as recorded");
	else if (!record->header->armed)
		snprintf(text, size, "not by the safety timer: it was not armed; look at the "
			 "kernel's own messages in the dump");
	else if (lease)
		ended_print(record, lease, ago_ns, text, size);
	else
		good_print(record, text, size);
}

void crash_verdict_print(const struct crash_record *record, char *text, size_t size)
{
	const struct recorder_header *header = record->header;
	char reason[RECORDER_REASON_SIZE];

	crash_text_copy(reason, sizeof(reason), header->verdict.reason, RECORDER_REASON_SIZE);
	switch (header->verdict.code) {
	case CORE_VERDICT_NONE:
		none_print(record, text, size);
		break;
	case CORE_VERDICT_QUORUM_LEASE:
		snprintf(text, size, "the quorum lease ran out: no majority acknowledged "
			 "this node's heartbeats for %.0f ms (MEMBER_TIMEOUT): cut off, "
			 "or too slow to be heard", ms(header->member_timeout_ns));
		break;
	case CORE_VERDICT_SAFETY_LEASE:
		snprintf(text, size, "the safety lease ran out: %s did not renew it "
			 "for %.0f ms (SAFETY_TIMEOUT): it hung, was starved, crashed and "
			 "took longer than that to dump core, or its CPU hung",
			 owner_name(record), ms(header->safety_timeout_ns));
		break;
	case CORE_VERDICT_DETACHED:
		snprintf(text, size, "%s went away without disarming the safety "
			 "timer: it was killed or it crashed", owner_name(record));
		break;
	case CORE_VERDICT_EVICTED:
		snprintf(text, size, "evicted: the other members have installed a "
			 "newer view without this node");
		break;
	case CORE_VERDICT_STOPPED:
		snprintf(text, size, "stopped: this machine stood still, its clocks with it "
			 "(a hypervisor's pause?), and no majority acknowledged it afterwards; "
			 "the others may have taken over");
		break;
	case CORE_VERDICT_REQUESTED:
		snprintf(text, size, "cmcld asked for it: %s", reason);
		break;
	default:
		snprintf(text, size, "unknown verdict %u", header->verdict.code);
	}
}

static void print_event(const struct crash_record *record,
			const struct recorder_entry *entry, char *text, size_t size)
{
	const char *peer = crash_node_name(record, entry->peer);
	u64 value = entry->arg[1];

	switch (entry->arg[0]) {
	case CORE_EVENT_PEER_HEARD:
		snprintf(text, size, "%s is heard (incarnation %016llx)", peer,
			 (unsigned long long)entry->arg[3]);
		break;
	case CORE_EVENT_PEER_SILENT:
		snprintf(text, size, "%s is silent for %.0f ms", peer, ms(value));
		break;
	case CORE_EVENT_PEER_GASP:
		snprintf(text, size, "%s says that it goes down", peer);
		break;
	case CORE_EVENT_PATH_STATE:
		snprintf(text, size, "path %u to %s is %s", entry->path, peer,
			 core_path_state_name((enum core_path_state)value));
		break;
	case CORE_EVENT_FRONTIER:
		snprintf(text, size, "%s has moved to another epoch", peer);
		break;
	case CORE_EVENT_LEASE_HALF:
		snprintf(text, size, "half of the %s lease is used up: %.0f ms left",
			 core_lease_name((enum core_lease)entry->path), ms(value));
		break;
	case CORE_EVENT_LEASE_THREE_QUARTERS:
		snprintf(text, size, "three quarters of the %s lease are used up: %.0f ms left",
			 core_lease_name((enum core_lease)entry->path), ms(value));
		break;
	case CORE_EVENT_LEASE_HOLDS:
		snprintf(text, size, "the lease under the accepted view holds");
		break;
	case CORE_EVENT_TOC:
		snprintf(text, size, "TOC: %s",
			 core_verdict_name((enum core_verdict)value));
		break;
	default:
		snprintf(text, size, "event %llu", (unsigned long long)entry->arg[0]);
	}
}

static const char *outcome(u64 result)
{
	static char text[48];

	if (!result)
		return "";
	snprintf(text, sizeof(text), ", refused: %s", strerror((int)(0 - result)));
	return text;
}

static void print_agreement(const struct crash_record *record,
			    const struct recorder_entry *entry, char *text, size_t size)
{
	unsigned long long epoch = entry->arg[0];

	if (entry->kind == RECORDER_PROMISE)
		snprintf(text, size, "promised ballot %llu of %s for epoch %llu%s",
			 (unsigned long long)entry->arg[1],
			 crash_node_name(record, entry->peer), epoch, outcome(entry->arg[3]));
	else if (entry->kind == RECORDER_ACCEPT)
		snprintf(text, size, "accepted the view of epoch %llu%s", epoch,
			 outcome(entry->arg[3]));
	else if (entry->kind == RECORDER_INSTALL)
		snprintf(text, size, "installed the view of epoch %llu, %llu members%s",
			 epoch, (unsigned long long)entry->arg[2],
			 outcome(entry->arg[3]));
	else
		snprintf(text, size, "hears and acknowledges %s, incarnation %016llx%s",
			 crash_node_name(record, entry->peer), epoch,
			 outcome(entry->arg[3]));
}

static void print_renewal(const struct recorder_entry *entry, char *text, size_t size)
{
	int error = (int)(0 - entry->arg[3]);

	/* Of a lease that has ended nothing is left: no number. */
	if (entry->arg[3])
		snprintf(text, size, "a renewal of the safety lease was refused: %s",
			 error == EPERM ? "the safety timer was not armed" :
			 error == ETIME ? "a lease had ended" : strerror(error));
	else
		snprintf(text, size, "safety lease renewed with %.0f ms left",
			 ms(entry->arg[1]));
}

static void print_configured(const struct crash_record *record,
			     const struct recorder_entry *entry, char *text, size_t size)
{
	const char *peer = crash_node_name(record, entry->peer);
	unsigned long long first = entry->arg[0];
	const char *end = outcome(entry->arg[3]);

	if (entry->kind == RECORDER_PEER_SET)
		snprintf(text, size, "%s configured with %llu paths%s", peer, first, end);
	else if (entry->kind == RECORDER_PEER_DEL)
		snprintf(text, size, "%s taken out of the configuration%s", peer, end);
	else
		snprintf(text, size, "key %llu set in slot %llu, for receiving%s%s",
			 (unsigned long long)entry->arg[1], first,
			 entry->arg[2] ? " and sending" : "", end);
}

static void print_control(const struct crash_record *record,
			  const struct recorder_entry *entry, char *text, size_t size)
{
	const char *process = process_name(record, entry->arg[2]);
	const char *end = outcome(entry->arg[3]);

	switch (entry->kind) {
	case RECORDER_ATTACH:
		snprintf(text, size, "%s attached, incarnation %016llx%s%s", process,
			 (unsigned long long)entry->arg[0],
			 entry->arg[1] ? ", resumed" : "", end);
		break;
	case RECORDER_ARM:
		snprintf(text, size, "%s armed the safety timer%s", process, end);
		break;
	case RECORDER_PET:
		print_renewal(entry, text, size);
		break;
	case RECORDER_DISARM:
		snprintf(text, size, "%s disarmed the safety timer%s", process, end);
		break;
	case RECORDER_DETACH:
		snprintf(text, size, "%s went away without disarming", process);
		break;
	case RECORDER_LEAVE:
		snprintf(text, size, "%s said that this node leaves in order%s", process,
			 end);
		break;
	case RECORDER_TOC_REQUEST:
		snprintf(text, size, "%s asked for a TOC%s", process, end);
		break;
	default:
		snprintf(text, size, "%s%s", recorder_kind_name(entry->kind), end);
	}
}

static void print_machine(const struct recorder_entry *entry, char *text, size_t size)
{
	switch (entry->kind) {
	case RECORDER_VERDICT:
		snprintf(text, size, "VERDICT on CPU %u: %s, %.3f ms after the deadline",
			 entry->cpu, core_verdict_name((enum core_verdict)entry->arg[0]),
			 ms(entry->arg[1]));
		break;
	case RECORDER_LOAD:
		snprintf(text, size, "the module was loaded");
		break;
	case RECORDER_REBOOT:
		snprintf(text, size, "shutdown or reboot began");
		break;
	case RECORDER_CPU:
		snprintf(text, size, "CPU %llu went %s", (unsigned long long)entry->arg[0],
			 entry->arg[1] ? "online" : "offline");
		break;
	case RECORDER_CHECK_LATE:
		snprintf(text, size, "the check on CPU %llu was %.1f ms late",
			 (unsigned long long)entry->arg[0], ms(entry->arg[1]));
		break;
	case RECORDER_GASP:
		snprintf(text, size, "last words %s", entry->arg[0] == RECORDER_GASP_SENT ?
			 "sent" : entry->arg[0] == RECORDER_GASP_UNCONFIRMED ?
			 "not sent: not all CPUs confirmed their stop" :
			 "not sent: none were ready");
		break;
	case RECORDER_SEND_LATE:
		snprintf(text, size, "heartbeats were sent %.1f ms late", ms(entry->arg[0]));
		break;
	case RECORDER_STOOD_STILL:
		snprintf(text, size, "the machine stood still for up to %.0f ms, or its "
			 "battery clock was set", ms(entry->arg[0]));
		break;
	default:
		snprintf(text, size, "%s", recorder_kind_name(entry->kind));
	}
}

void crash_entry_print(const struct crash_record *record,
		       const struct recorder_entry *entry, char *text, size_t size)
{
	switch (entry->kind) {
	case RECORDER_EVENT:
		print_event(record, entry, text, size);
		break;
	case RECORDER_ACKNOWLEDGE:
	case RECORDER_PROMISE:
	case RECORDER_ACCEPT:
	case RECORDER_INSTALL:
		print_agreement(record, entry, text, size);
		break;
	case RECORDER_KEY_SET:
	case RECORDER_PEER_SET:
	case RECORDER_PEER_DEL:
		print_configured(record, entry, text, size);
		break;
	case RECORDER_LOAD:
	case RECORDER_VERDICT:
	case RECORDER_REBOOT:
	case RECORDER_CPU:
	case RECORDER_CHECK_LATE:
	case RECORDER_SEND_LATE:
	case RECORDER_STOOD_STILL:
	case RECORDER_GASP:
		print_machine(entry, text, size);
		break;
	default:
		print_control(record, entry, text, size);
	}
}

bool crash_entry_matters(const struct crash_record *record,
			 const struct recorder_entry *entry)
{
	u64 worth_ns = record->header->interval_ns;

	switch (entry->kind) {
	case RECORDER_PET:
		return entry->arg[3] != 0;
	case RECORDER_EVENT:
		return entry->arg[0] != CORE_EVENT_FRONTIER;
	case RECORDER_CHECK_LATE:
		return entry->arg[1] >= worth_ns;
	case RECORDER_SEND_LATE:
		return entry->arg[0] >= worth_ns;
	default:
		return true;
	}
}
