// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must survive a crash of the node (Documentation/MEMBERSHIP, rule 9).
 */
#include "member_bytes.h"
#include "member_state.h"

#define DISK_MAGIC	0x544d454du	/* "TMEM" */

size_t member_disk_encode(const struct member_disk *disk, u8 *buf)
{
	struct member_writer to = { .buf = buf, .room = MEMBER_DISK_BYTES_MAX };
	u16 i;

	core_assert(disk->value_count <= MEMBER_VALUES_MAX);
	member_header_put(&to, DISK_MAGIC);
	member_put(&to, disk->cluster, 8);
	member_put(&to, disk->node_id, 2);
	member_put_view(&to, &disk->committed);
	member_put_ballot(&to, &disk->promised);
	member_put(&to, disk->value_count, 2);
	for (i = 0; i < disk->value_count; i++)
		member_put_value(&to, &disk->value[i]);
	member_header_seal(&to);
	return to.length;
}

int member_disk_decode(struct member_disk *disk, const u8 *buf, size_t length,
		       u64 cluster, u16 node_id)
{
	struct member_reader from = { .buf = buf, .length = length };
	int err;
	u16 i;

	memset(disk, 0, sizeof(*disk));
	err = member_header_get(&from, DISK_MAGIC);
	if (err)
		return err;
	disk->cluster = member_get(&from, 8);
	disk->node_id = (u16)member_get(&from, 2);
	member_get_view(&from, &disk->committed);
	member_get_ballot(&from, &disk->promised);
	disk->value_count = (u16)member_get(&from, 2);
	if (disk->value_count > MEMBER_VALUES_MAX)
		return -EBADMSG;
	for (i = 0; i < disk->value_count; i++)
		member_get_value(&from, &disk->value[i]);
	if (from.bad || from.at != length)
		return -EBADMSG;
	return disk->cluster == cluster && disk->node_id == node_id ? 0 : -EXDEV;
}

static void value_drop(struct member_disk *disk, u16 at)
{
	core_assert(at < disk->value_count);
	disk->value_count--;
	memmove(&disk->value[at], &disk->value[at + 1],
		(disk->value_count - at) * sizeof(disk->value[0]));
}

/* Are the nodes of one view all in another, whatever their incarnations? */
static bool nodes_within(const struct core_view *inner, const struct core_view *outer)
{
	u16 i;

	for (i = 0; i < inner->count; i++)
		if (core_view_find(outer, inner->member[i].id) < 0)
			return false;
	return true;
}

/*
 * A formation has the promise of each of its nodes: a value of which all nodes
 * take part in it can never be committed any more.
 */
static void values_forget(struct member_disk *disk, const struct core_view *formed)
{
	u16 i = 0;

	while (i < disk->value_count) {
		if (nodes_within(&disk->value[i].view, formed))
			value_drop(disk, i);
		else
			i++;
	}
}

/*
 * Room for one more: of the values of one epoch that were not formed, only the
 * one of the highest ballot is needed (a higher ballot than that of a chosen
 * value carries the same value); it is the lowest that goes.
 */
static bool values_squeeze(struct member_disk *disk, u64 epoch)
{
	int lowest = -1;
	u16 i;

	if (disk->value_count < MEMBER_VALUES_MAX)
		return true;
	for (i = 0; i < disk->value_count; i++) {
		if (disk->value[i].formed || disk->value[i].view.epoch != epoch)
			continue;
		if (lowest < 0 || member_ballot_compare(&disk->value[i].ballot,
							&disk->value[lowest].ballot) < 0)
			lowest = i;
	}
	if (lowest < 0)
		return false;
	value_drop(disk, (u16)lowest);
	return true;
}

/* Remember an accepted value; false: no room, it must not be accepted. */
bool member_disk_accept(struct member_disk *disk, const struct member_value *value)
{
	u16 i;

	for (i = 0; i < disk->value_count; i++) {
		struct member_value *known = &disk->value[i];

		if (!member_view_same(&known->view, &value->view))
			continue;
		if (member_ballot_compare(&known->ballot, &value->ballot) < 0)
			known->ballot = value->ballot;
		return true;
	}
	if (value->formed)
		values_forget(disk, &value->view);
	if (!values_squeeze(disk, value->view.epoch))
		return false;
	disk->value[disk->value_count++] = *value;
	return true;
}

/* Give the newest state to the shell; one write at a time. Returns the token
 * of the write that has it. */
u64 member_disk_write(struct member *m)
{
	struct member_action *action;

	if (m->disk_busy) {
		m->disk_dirty = true;
		return m->disk_token + 1;
	}
	action = member_act(m, MEMBER_ACTION_DISK_WRITE);
	m->disk_busy = true;
	m->disk_dirty = false;
	m->disk_token++;
	action->disk.bytes = m->disk_bytes;
	action->disk.length = member_disk_encode(&m->disk, m->disk_bytes);
	action->disk.token = m->disk_token;
	return m->disk_token;
}

void member_disk_done(struct member *m, u64 token, int result)
{
	if (!m->disk_busy || token != m->disk_token)
		return;
	m->disk_busy = false;
	if (result)
		member_report(m, MEMBER_REASON_DISK_FAILED, 0, (u64)-result, 0);
	if (m->disk_dirty)
		member_disk_write(m);
	member_accept_synced(m, token, result);
	member_form_synced(m, token, result);
}
