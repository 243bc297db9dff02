// SPDX-License-Identifier: GPL-2.0-or-later
/* cmcrash for programs: one JSON object. Times are the node's kernel clock. */
#include "cmd_crash.h"
#include "names.h"

#include <jansson.h>

static json_t *identity(u64 number)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)number);
	return json_string(text);
}

static json_t *view_json(const struct crash_record *record,
			 const struct recorder_view *view)
{
	json_t *members = json_array();
	unsigned int i;

	for (i = 0; i < view->count && i < CORE_VIEW_MEMBERS_MAX; i++)
		json_array_append_new(members, json_string(
			crash_node_name(record, view->member[i].id)));
	return json_pack("{s:I,s:o}", "epoch", (json_int_t)view->epoch, "members",
			 members);
}

static json_t *paths_json(const struct recorder_peer *peer)
{
	json_t *paths = json_array();
	u8 i;

	for (i = 0; i < peer->paths && i < CORE_PATHS_MAX; i++)
		json_array_append_new(paths,
			json_pack("{s:s,s:I,s:I,s:I,s:I}", "state",
				  core_path_state_name(peer->path[i].state),
				  "heard_ns", (json_int_t)peer->path[i].heard_ns,
				  "received", (json_int_t)peer->path[i].received,
				  "lost", (json_int_t)peer->path[i].lost,
				  "rtt_ns", (json_int_t)peer->path[i].rtt_ns));
	return paths;
}

static json_t *peers_json(const struct crash_record *record)
{
	json_t *peers = json_array();
	u32 i;

	for (i = 0; i < record->peers; i++) {
		const struct recorder_peer *peer = &record->peer[i];

		if (!peer->id)
			continue;
		json_array_append_new(peers,
			json_pack("{s:s,s:i,s:b,s:i,s:i,s:I,s:I,s:I,s:o,s:o}",
				  "name", crash_node_name(record, peer->id),
				  "id", peer->id, "heard", peer->heard,
				  "paths", peer->paths, "paths_up", peer->paths_up,
				  "heard_ns", (json_int_t)peer->heard_ns,
				  "acknowledged_ns", (json_int_t)peer->acked_ns,
				  "installed_epoch", (json_int_t)peer->installed_epoch,
				  "incarnation", identity(peer->incarnation),
				  "path", paths_json(peer)));
	}
	return peers;
}

static json_t *events_json(const struct crash_record *record)
{
	const struct recorder_entry *entry;
	json_t *events = json_array();
	char text[400];
	u64 number = 0;

	while ((entry = crash_record_next(record, &number))) {
		crash_entry_print(record, entry, text, sizeof(text));
		json_array_append_new(events,
			json_pack("{s:I,s:s,s:i,s:b,s:s}",
				  "t_ns", (json_int_t)entry->time_ns,
				  "kind", recorder_kind_name(entry->kind),
				  "cpu", entry->cpu,
				  "important", crash_entry_matters(record, entry),
				  "text", text));
	}
	return events;
}

/* A lease without end is null. */
static json_t *lease_json(u64 end_ns)
{
	return end_ns == CORE_NEVER ? json_null() : json_integer((json_int_t)end_ns);
}

static json_t *time_json(u64 real_ns)
{
	return real_ns ? json_integer((json_int_t)real_ns) : json_null();
}

/* All that are in the dump, or as many as there is room for. */
static json_t *recorders_json(const struct crash_record *record)
{
	json_t *recorders = json_array();
	u32 i;

	for (i = 0; i < record->found_count && i < CRASH_FOUND_MAX; i++) {
		const struct crash_found *found = &record->found[i];

		json_array_append_new(recorders,
			json_pack("{s:I,s:b,s:b,s:o,s:s?,s:s?}",
				  "phys", (json_int_t)found->phys,
				  "told", found->phys == record->header->phys,
				  "readable", !found->error,
				  "written_real_ns", time_json(found->written_real_ns),
				  "boot", found->error ? NULL : crash_boot_name(found->boot),
				  "verdict_code", found->error ? NULL :
				  core_verdict_name((enum core_verdict)found->verdict)));
	}
	return recorders;
}

/* Of which boot it is, and whether there are others. */
static void add_boot(json_t *root, const struct crash_record *record)
{
	char text[400];

	json_object_set_new(root, "doubt", crash_doubt_print(record, text, sizeof(text)) ?
			    json_string(text) : json_null());
	json_object_set_new(root, "boot", json_string(crash_boot_name(crash_record_boot(record))));
	json_object_set_new(root, "crash_real_ns", time_json(record->crash_real_ns));
	json_object_set_new(root, "written_ns", json_integer((json_int_t)record->written_ns));
	json_object_set_new(root, "recorders_found", json_integer(record->found_count));
	json_object_set_new(root, "recorders", recorders_json(record));
	json_object_set_new(root, "searched_all", json_boolean(record->searched_all));
}

static void add_leases(json_t *root, const struct crash_record *record)
{
	const struct recorder_header *header = record->header;
	u64 ago_ns;
	const char *ended = crash_lease_ended(record, &ago_ns);
	const char *unseen = crash_lease_unseen(record);

	json_object_set_new(root, "quorum_lease_ns", lease_json(header->quorum_ns));
	json_object_set_new(root, "safety_lease_ns", lease_json(record->safety_ns));
	json_object_set_new(root, "lease_ended", header->armed && ended ? json_string(ended) :
			    json_null());
	json_object_set_new(root, "lease_ended_unseen", unseen && !ended ? json_string(unseen) :
			    json_null());
	json_object_set_new(root, "log_end_ns", json_integer((json_int_t)record->log_ns));
	json_object_set_new(root, "log_ahead_ns", record->log_paired ?
			    json_integer((json_int_t)record->log_ahead_ns) : json_null());
	json_object_set_new(root, "lease_ended_before_ns",
			    json_integer(header->armed ? (json_int_t)ago_ns : 0));
}

static void add_node(json_t *root, const struct crash_record *record)
{
	const struct recorder_header *header = record->header;
	char kernel[RECORDER_NAME_SIZE + 1], build[RECORDER_NAME_SIZE + 1];

	crash_text_copy(kernel, sizeof(kernel), header->kernel, RECORDER_NAME_SIZE);
	crash_text_copy(build, sizeof(build), header->build, RECORDER_NAME_SIZE);
	json_object_set_new(root, "node",
		json_string(crash_node_name(record, header->node_id)));
	json_object_set_new(root, "node_id", json_integer(header->node_id));
	json_object_set_new(root, "kernel", json_string(kernel));
	json_object_set_new(root, "module", json_string(build));
	json_object_set_new(root, "source", json_string(record->source));
	json_object_set_new(root, "recorder_phys", json_integer((json_int_t)header->phys));
	json_object_set_new(root, "cluster_id", identity(header->cluster_id));
	json_object_set_new(root, "incarnation", identity(header->incarnation));
}

static void add_settings(json_t *root, const struct recorder_header *header)
{
	json_object_set_new(root, "member_timeout_ns",
			    json_integer((json_int_t)header->member_timeout_ns));
	json_object_set_new(root, "safety_timeout_ns",
			    json_integer((json_int_t)header->safety_timeout_ns));
	json_object_set_new(root, "toc_margin_ns",
			    json_integer((json_int_t)header->toc_margin_ns));
	json_object_set_new(root, "interval_ns",
			    json_integer((json_int_t)header->interval_ns));
}

void crash_json_print(FILE *out, const struct crash_record *record)
{
	const struct recorder_header *header = record->header;
	json_t *root = json_object();
	char text[400];

	crash_verdict_print(record, text, sizeof(text));
	json_object_set_new(root, "verdict", json_string(text));
	json_object_set_new(root, "cut_bytes", json_integer((json_int_t)record->cut));
	json_object_set_new(root, "verdict_code",
		json_string(core_verdict_name((enum core_verdict)header->verdict.code)));
	add_boot(root, record);
	add_node(root, record);
	add_settings(root, header);
	json_object_set_new(root, "armed", json_boolean(header->armed));
	json_object_set_new(root, "state_torn", json_boolean(record->torn));
	json_object_set_new(root, "at_ns", json_integer((json_int_t)record->now_ns));
	json_object_set_new(root, "late_ns",
			    json_integer((json_int_t)header->verdict.late_ns));
	json_object_set_new(root, "cpus_told",
			    json_integer((json_int_t)header->verdict.cpus_told));
	json_object_set_new(root, "cpus_stopped",
			    json_integer((json_int_t)header->verdict.cpus_stopped));
	json_object_set_new(root, "stopped_ns",
			    json_integer((json_int_t)header->verdict.stopped_ns));
	json_object_set_new(root, "cpu", json_integer(header->verdict.cpu));
	json_object_set_new(root, "real_offset_ns",
			    json_integer((json_int_t)header->real_offset_ns));
	add_leases(root, record);
	json_object_set_new(root, "last_renewal_ns",
			    json_integer((json_int_t)record->last_pet_ns));
	json_object_set_new(root, "installed", view_json(record, &header->installed));
	json_object_set_new(root, "accepted", view_json(record, &header->accepted));
	json_object_set_new(root, "peers", peers_json(record));
	json_object_set_new(root, "events", events_json(record));
	json_dumpf(root, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(root);
}
