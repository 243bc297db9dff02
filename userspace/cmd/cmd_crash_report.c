// SPDX-License-Identifier: GPL-2.0-or-later
/* cmcrash for a person: verdict, leases, peers, the last events. */
#include "cmd_crash.h"
#include "cmd.h"
#include "names.h"
#include "wire.h"

#include <errno.h>
#include <string.h>

#define LINE_SIZE	400

static double ms(u64 ns)
{
	return (double)ns / 1e6;
}

static void print_when(FILE *out, const struct crash_record *record)
{
	char text[64];

	if (!record->header->real_offset_ns)
		return;
	crash_time_print(text, sizeof(text), record->now_ns + record->header->real_offset_ns);
	fprintf(out, "When:     %s (%.3f s of the node's clock", text,
		(double)record->now_ns / 1e9);
	/* Who looks for it there does so by the time. */
	if (record->log_paired)
		fprintf(out, ", about %.2f s in the kernel's log",
			(double)(record->now_ns + (u64)record->log_ahead_ns) / 1e9);
	fprintf(out, ")\n");
}

static void print_found(FILE *out, const struct crash_found *found, u64 told)
{
	char text[64];

	fprintf(out, "  %#14llx  ", (unsigned long long)found->phys);
	if (found->error) {
		fprintf(out, "%s\n", found->error == -EPROTO ? "of another version of the module" :
			"damaged");
		return;
	}
	crash_time_print(text, sizeof(text), found->written_real_ns);
	fprintf(out, "last written %s, verdict: %s%s\n", text,
		core_verdict_name((enum core_verdict)found->verdict),
		found->phys == told ? "  <- told here" : "");
}

/* Memory outlives a reset: the others are of earlier boots, as far as that can be told. */
static void print_others(FILE *out, const struct crash_record *record)
{
	u32 i;

	if (record->found_count < 2)
		return;
	fprintf(out, "Others:   %u recorders are in %s; told is the one that was last written%s\n",
		record->found_count,
		record->searched_all ? "the dump" : "what was read of the dump",
		record->crash_real_ns ? " when it crashed" :
		" by the wall clock (the dump does not say when it crashed)");
	for (i = 0; i < record->found_count && i < CRASH_FOUND_MAX; i++)
		print_found(out, &record->found[i], record->header->phys);
	if (record->found_count > CRASH_FOUND_MAX)
		fprintf(out, "  and %u more\n", record->found_count - CRASH_FOUND_MAX);
}

static void print_lease(FILE *out, const struct crash_record *record,
			const char *name, u64 end_ns)
{
	if (end_ns == CORE_NEVER)
		fprintf(out, "  %-14s needs nobody\n", name);
	else if (!end_ns)
		fprintf(out, "  %-14s not running\n", name);
	else if (end_ns >= record->now_ns)
		fprintf(out, "  %-14s good for another %.0f ms\n", name,
			ms(end_ns - record->now_ns));
	else
		fprintf(out, "  %-14s ended %.3f ms before\n", name,
			ms(record->now_ns - end_ns));
}

static void print_leases(FILE *out, const struct crash_record *record)
{
	const struct recorder_header *header = record->header;

	fprintf(out, "\nLeases (%s):\n", header->armed ? "armed" : "not armed");
	if (record->torn)
		fprintf(out, "  The kernel was writing them and the view %s: they may be part old, "
			"part new\n", record->live ? "each time they were read" :
			"when it ended");
	print_lease(out, record, "quorum lease",
		    crash_lease_end(record, CORE_VERDICT_QUORUM_LEASE));
	print_lease(out, record, "safety lease",
		    crash_lease_end(record, CORE_VERDICT_SAFETY_LEASE));
	if (record->last_pet_ns && record->last_pet_ns <= record->now_ns)
		fprintf(out, "  cmcld last renewed its lease %.0f ms before\n",
			ms(record->now_ns - record->last_pet_ns));
	fprintf(out, "  MEMBER_TIMEOUT %.0f ms, SAFETY_TIMEOUT %.0f ms, TOC_MARGIN %.0f ms, "
		"interval %.0f ms\n", ms(header->member_timeout_ns),
		ms(header->safety_timeout_ns), ms(header->toc_margin_ns),
		ms(header->interval_ns));
}

static void print_view(FILE *out, const struct crash_record *record,
		       const char *name, const struct recorder_view *view)
{
	unsigned int i;

	if (!view->epoch || view->count > CORE_VIEW_MEMBERS_MAX)
		return;
	fprintf(out, "%s view: epoch %llu:", name, (unsigned long long)view->epoch);
	for (i = 0; i < view->count; i++)
		fprintf(out, " %s", crash_node_name(record, view->member[i].id));
	fprintf(out, "\n");
}

static void print_peers(FILE *out, const struct crash_record *record)
{
	u32 i;

	fprintf(out, "\n%-16s %-8s %-10s %14s %14s %8s\n", "Peer", "STATE", "PATHS UP",
		"HEARD MS AGO", "ACKED MS AGO", "EPOCH");
	for (i = 0; i < record->peers; i++) {
		const struct recorder_peer *peer = &record->peer[i];
		char heard[24] = "never", acked[24] = "never", paths[16];

		if (!peer->id)
			continue;
		if (peer->heard_ns && peer->heard_ns <= record->now_ns)
			snprintf(heard, sizeof(heard), "%.0f",
				 ms(record->now_ns - peer->heard_ns));
		if (peer->acked_ns && peer->acked_ns <= record->now_ns)
			snprintf(acked, sizeof(acked), "%.0f",
				 ms(record->now_ns - peer->acked_ns));
		snprintf(paths, sizeof(paths), "%u of %u", peer->paths_up, peer->paths);
		fprintf(out, "%-16s %-8s %-10s %14s %14s %8llu\n",
			crash_node_name(record, peer->id),
			peer->heard ? "heard" : "silent", paths, heard, acked,
			(unsigned long long)peer->installed_epoch);
	}
}

static void print_path(FILE *out, const struct crash_record *record,
		       const struct recorder_path *path, u8 number)
{
	fprintf(out, "  path %u is %s", number, core_path_state_name(path->state));
	if (path->heard_ns && path->heard_ns <= record->now_ns)
		fprintf(out, ", heard %.0f ms before", ms(record->now_ns - path->heard_ns));
	if (path->rtt_ns)
		fprintf(out, ", round trip %.2f ms", ms(path->rtt_ns));
	fprintf(out, "; %llu received, %llu lost\n", (unsigned long long)path->received,
		(unsigned long long)path->lost);
}

static void print_paths(FILE *out, const struct crash_record *record)
{
	u32 i;
	u8 path;

	for (i = 0; i < record->peers; i++) {
		const struct recorder_peer *peer = &record->peer[i];

		if (!peer->id || !peer->paths)
			continue;
		fprintf(out, "\nPaths to %s:\n", crash_node_name(record, peer->id));
		for (path = 0; path < peer->paths && path < CORE_PATHS_MAX; path++)
			print_path(out, record, &peer->path[path], path);
	}
}

/* Peers wait for a lease's end and that long before they take over. */
static void print_margin(FILE *out, const struct recorder_header *header, u64 late_ns)
{
	if (header->toc_margin_ns && late_ns > header->toc_margin_ns)
		fprintf(out, ", more than TOC_MARGIN, %.0f ms: the peers may have taken over "
			"before; see TIMING, How much margin", ms(header->toc_margin_ns));
}

static void print_lateness(FILE *out, const struct recorder_header *header)
{
	if (!header->verdict.code)
		return;
	fprintf(out, "Lateness: %.3f ms after the deadline, found by CPU %u",
		ms(header->verdict.late_ns), header->verdict.cpu);
	print_margin(out, header, header->verdict.late_ns);
	fprintf(out, "\n");
}

/* The panic's own NMI may have stopped the rest before it saw that it was told: no lockup. */
static void print_stop(FILE *out, const struct recorder_header *header)
{
	const struct recorder_verdict *verdict = &header->verdict;
	u64 deadline_ns = verdict->at_ns - verdict->late_ns;

	if (!verdict->cpus_told)
		return;
	fprintf(out, "Stopped:  %llu of %llu other CPUs", (unsigned long long)verdict->cpus_stopped,
		(unsigned long long)verdict->cpus_told);
	if (verdict->stopped_ns > deadline_ns) {
		fprintf(out, ", the last one %.3f ms after the deadline",
			ms(verdict->stopped_ns - deadline_ns));
		if (verdict->late_ns <= header->toc_margin_ns)
			print_margin(out, header, verdict->stopped_ns - deadline_ns);
	}
	if (verdict->cpus_stopped < verdict->cpus_told)
		fprintf(out, "; the rest had not said so when the dump began");
	fprintf(out, "\n");
}

/* How many of all, and of those that belong in a short list. */
static unsigned int count_events(const struct crash_record *record, unsigned int *all)
{
	const struct recorder_entry *entry;
	unsigned int count = 0;
	u64 number = 0;

	for (*all = 0; (entry = crash_record_next(record, &number)); ++*all)
		count += crash_entry_matters(record, entry);
	return count;
}

static void print_events(FILE *out, const struct crash_record *record,
			 unsigned int most)
{
	unsigned int all, skip = count_events(record, &all);
	const struct recorder_entry *entry;
	char text[LINE_SIZE];
	u64 number = 0;

	if (crash_record_missing(record))
		fprintf(out, "\n%llu events could not be read: %s\n",
			(unsigned long long)crash_record_missing(record),
			record->cut ? "the dump is cut off" : "being written at the end");
	fprintf(out, "\nEvents, milliseconds before the end%s:\n",
		most && (skip > most || skip < all) ? " (others with -a)" : "");
	skip = skip > most ? skip - most : 0;
	while ((entry = crash_record_next(record, &number))) {
		if (most && !crash_entry_matters(record, entry))
			continue;
		if (most && skip) {
			skip--;
			continue;
		}
		crash_entry_print(record, entry, text, sizeof(text));
		fprintf(out, "  %+12.1f  %s\n",
			(double)(s64)(entry->time_ns - record->now_ns) / 1e6, text);
	}
}

/* Line 1 is the verdict, and no more certain than it is. */
static void print_verdict(FILE *out, const struct crash_record *record)
{
	char text[LINE_SIZE], doubt[LINE_SIZE];
	bool doubtful = crash_doubt_print(record, doubt, sizeof(doubt));

	crash_verdict_print(record, text, sizeof(text));
	fprintf(out, "%s%s: %s\n", record->header->verdict.code ? "TOC" : "No TOC",
		doubtful ? " (of another boot?)" : "", text);
	if (doubtful)
		fprintf(out, "Doubt:    %s\n", doubt);
}

static void print_node(FILE *out, const struct crash_record *record)
{
	const struct recorder_header *header = record->header;
	char kernel[RECORDER_NAME_SIZE + 1], build[RECORDER_NAME_SIZE + 1];

	crash_text_copy(kernel, sizeof(kernel), header->kernel, RECORDER_NAME_SIZE);
	crash_text_copy(build, sizeof(build), header->build, RECORDER_NAME_SIZE);
	fprintf(out, "\nNode:     %s (id %u), kernel %s, module %s\n",
		crash_node_name(record, header->node_id), header->node_id, kernel, build);
}

/* A heartbeat may also come between the verdict and the moment that this is written. */
static void print_last_heard(FILE *out, const struct crash_record *record)
{
	const struct recorder_verdict *verdict = &record->header->verdict;
	u64 ago_ns = 0;

	if (!verdict->last_peer)
		return;
	if (verdict->last_heard_ns <= record->now_ns)
		ago_ns = record->now_ns - verdict->last_heard_ns;
	fprintf(out, "Last heard: %s, %.0f ms before\n",
		crash_node_name(record, verdict->last_peer), ms(ago_ns));
}

void crash_report_print(FILE *out, const struct crash_record *record,
			unsigned int events)
{
	const struct recorder_header *header = record->header;

	print_verdict(out, record);
	if (record->cut)
		fprintf(out, "Cut off:  %llu of %llu KiB of the flight recorder are not in the "
			"dump; peers, paths and events below are what is left\n",
			(unsigned long long)record->cut / 1024,
			(unsigned long long)header->total_size / 1024);
	print_node(out, record);
	fprintf(out, "Recorder: at physical address %#llx\n", (unsigned long long)header->phys);
	print_others(out, record);
	print_when(out, record);
	print_lateness(out, header);
	print_stop(out, header);
	print_last_heard(out, record);
	print_leases(out, record);
	fprintf(out, "\n");
	print_view(out, record, "Installed", &header->installed);
	print_view(out, record, "Accepted", &header->accepted);
	print_peers(out, record);
	print_paths(out, record);
	print_events(out, record, events);
}
