// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes of records and messages.  Little endian, fields in a fixed order.  A
 * later format may append fields: a reader takes what it knows and ignores the
 * rest, so that a cluster can be upgraded node by node.
 */
#include "pkg_record.h"

#define FORMAT	1

struct cursor {
	u8 *out;
	const u8 *in;
	u16 at;
	u16 end;
	bool short_of;
};

static void put(struct cursor *c, u64 value, u16 bytes)
{
	core_assert(c->at + bytes <= c->end);
	for (u16 i = 0; i < bytes; i++)
		c->out[c->at++] = (u8)(value >> (8 * i));
}

static void put_bytes(struct cursor *c, const void *data, u16 bytes)
{
	core_assert(c->at + bytes <= c->end);
	memcpy(c->out + c->at, data, bytes);
	c->at = (u16)(c->at + bytes);
}

static bool has(struct cursor *c, u16 bytes)
{
	if (c->end - c->at < bytes)
		c->short_of = true;
	return !c->short_of;
}

static u64 get(struct cursor *c, u16 bytes)
{
	u64 value = 0;

	if (!has(c, bytes))
		return 0;
	for (u16 i = 0; i < bytes; i++)
		value |= (u64)c->in[c->at++] << (8 * i);
	return value;
}

static void get_bytes(struct cursor *c, void *data, u16 bytes)
{
	if (!has(c, bytes)) {
		memset(data, 0, bytes);
		return;
	}
	memcpy(data, c->in + c->at, bytes);
	c->at = (u16)(c->at + bytes);
}

static void put_restarts(struct cursor *c, const u16 *restarts)
{
	for (u16 i = 0; i < CONF_SERVICES_MAX; i++)
		put(c, restarts[i], 2);
}

static void get_restarts(struct cursor *c, u16 *restarts)
{
	for (u16 i = 0; i < CONF_SERVICES_MAX; i++)
		restarts[i] = (u16)get(c, 2);
}

int pkg_record_encode(const struct pkg_record *record, u8 *out)
{
	struct cursor c = { .out = out, .end = PKG_RECORD_MAX };

	put(&c, FORMAT, 1);
	put(&c, record->state, 1);
	put(&c, record->why, 1);
	put(&c, record->halt_reason, 1);
	put(&c, record->auto_run, 1);
	put(&c, record->owner, 2);
	put(&c, record->target, 2);
	put(&c, record->version, 4);
	put(&c, record->run, 4);
	put(&c, record->incarnation, 8);
	put_bytes(&c, record->disabled, PKG_NODE_BYTES);
	put_restarts(&c, record->restarts);
	put_bytes(&c, record->name, sizeof(record->name));
	return c.at;
}

static bool record_sound(const struct pkg_record *r)
{
	bool owned = r->state != PKG_HALTED;

	if (r->state > PKG_HALT_FAILED || r->why >= PKG_WHY_COUNT ||
	    r->halt_reason > PKG_HALT_AUTOMATIC)
		return false;
	if (r->owner > CORE_NODE_ID_MAX || r->target > CORE_NODE_ID_MAX || !r->version)
		return false;
	if (owned != (r->owner != 0) || owned != (r->incarnation != 0))
		return false;
	return r->name[0] && !r->name[CONF_NAME_MAX];
}

bool pkg_record_decode(struct pkg_record *record, const u8 *data, u16 length)
{
	struct cursor c = { .in = data, .end = length };

	memset(record, 0, sizeof(*record));
	if (get(&c, 1) < FORMAT)
		return false;
	record->state = (enum pkg_state)get(&c, 1);
	record->why = (enum pkg_reason)get(&c, 1);
	record->halt_reason = (enum pkg_halt_reason)get(&c, 1);
	record->auto_run = get(&c, 1) != 0;
	record->owner = (u16)get(&c, 2);
	record->target = (u16)get(&c, 2);
	record->version = (u32)get(&c, 4);
	record->run = (u32)get(&c, 4);
	record->incarnation = get(&c, 8);
	get_bytes(&c, record->disabled, PKG_NODE_BYTES);
	get_restarts(&c, record->restarts);
	get_bytes(&c, record->name, sizeof(record->name));
	return !c.short_of && record_sound(record);
}

int pkg_cluster_encode(const struct pkg_cluster *cluster, u8 *out)
{
	struct cursor c = { .out = out, .end = PKG_RECORD_MAX };

	put(&c, FORMAT, 1);
	put(&c, cluster->state, 1);
	put(&c, cluster->version, 4);
	put(&c, cluster->owner, 2);
	put(&c, cluster->incarnation, 8);
	return c.at;
}

bool pkg_cluster_decode(struct pkg_cluster *cluster, const u8 *data, u16 length)
{
	struct cursor c = { .in = data, .end = length };

	if (get(&c, 1) < FORMAT)
		return false;
	cluster->state = (enum pkg_cluster_state)get(&c, 1);
	cluster->version = (u32)get(&c, 4);
	cluster->owner = (u16)get(&c, 2);
	cluster->incarnation = get(&c, 8);
	return !c.short_of && cluster->state <= PKG_CLUSTER_HALTED &&
	       cluster->owner <= CORE_NODE_ID_MAX && cluster->version;
}

static void put_report(struct cursor *c, const struct pkg_report *r)
{
	put(c, r->kind, 1);
	put(c, r->outcome, 1);
	put(c, r->why, 1);
	put(c, r->clean, 1);
	put(c, r->slot, 2);
	put(c, r->run, 4);
	put(c, r->incarnation, 8);
	put_restarts(c, r->restarts);
}

static bool get_report(struct cursor *c, struct pkg_report *r)
{
	r->kind = (enum pkg_report_kind)get(c, 1);
	r->outcome = (enum pkg_outcome)get(c, 1);
	r->why = (enum pkg_reason)get(c, 1);
	r->clean = get(c, 1) != 0;
	r->slot = (u16)get(c, 2);
	r->run = (u32)get(c, 4);
	r->incarnation = get(c, 8);
	get_restarts(c, r->restarts);
	return r->kind != PKG_REPORT_NONE && r->kind < PKG_REPORT_KINDS &&
	       r->outcome <= PKG_UNABLE && r->why < PKG_WHY_COUNT && r->slot < PKG_SLOTS;
}

static void put_request(struct cursor *c, const struct pkg_request *r)
{
	put(c, r->id, 8);
	put(c, r->op, 1);
	put(c, r->slot, 2);
	put(c, r->node, 2);
	put(c, r->run, 4);
	put(c, (u64)r->force | (u64)r->again << 1 | (u64)r->cancel << 2, 1);
}

static bool get_request(struct cursor *c, struct pkg_request *r)
{
	u64 flags;

	r->id = get(c, 8);
	r->op = (enum pkg_op)get(c, 1);
	r->slot = (u16)get(c, 2);
	r->node = (u16)get(c, 2);
	r->run = (u32)get(c, 4);
	flags = get(c, 1);
	r->force = flags & 1;
	r->again = flags & 2;
	r->cancel = flags & 4;
	return r->op <= PKG_OP_OPEN_CLUSTER && r->node <= CORE_NODE_ID_MAX &&
	       (r->slot < PKG_SLOTS || r->op >= PKG_OP_HALT_CLUSTER);
}

static void put_reply(struct cursor *c, const struct pkg_reply *r)
{
	put(c, r->id, 8);
	put(c, r->answer, 1);
	put(c, r->result, 1);
	put(c, r->slot, 2);
	put(c, r->node, 2);
	put(c, r->version, 4);
	put(c, r->run, 4);
}

static bool get_reply(struct cursor *c, struct pkg_reply *r)
{
	r->id = get(c, 8);
	r->answer = (enum pkg_answer)get(c, 1);
	r->result = (enum pkg_result)get(c, 1);
	r->slot = (u16)get(c, 2);
	r->node = (u16)get(c, 2);
	r->version = (u32)get(c, 4);
	r->run = (u32)get(c, 4);
	return r->answer < PKG_ANSWERS && r->result <= PKG_E_CANCELLED;
}

static bool get_status(struct cursor *c, struct pkg_node_status *s)
{
	u64 flags;

	s->incarnation = get(c, 8);
	flags = get(c, 1);
	s->able = flags & 1;
	s->leaving = flags & 2;
	get_bytes(c, s->unfit, PKG_SLOT_BYTES);
	return s->incarnation != 0;
}

int pkg_message_encode(const struct pkg_message *m, u8 *out)
{
	struct cursor c = { .out = out, .end = PKG_MESSAGE_MAX };

	put(&c, FORMAT, 1);
	put(&c, m->type, 1);
	switch (m->type) {
	case PKG_MSG_REPORT:
		put_report(&c, &m->report);
		break;
	case PKG_MSG_STATUS:
		put(&c, m->status.incarnation, 8);
		put(&c, (u64)m->status.able | (u64)m->status.leaving << 1, 1);
		put_bytes(&c, m->status.unfit, PKG_SLOT_BYTES);
		break;
	case PKG_MSG_REQUEST:
		put_request(&c, &m->request);
		break;
	case PKG_MSG_REPLY:
		put_reply(&c, &m->reply);
		break;
	}
	return c.at;
}

bool pkg_message_decode(struct pkg_message *m, const u8 *data, u16 length)
{
	struct cursor c = { .in = data, .end = length };
	bool sound = false;

	memset(m, 0, sizeof(*m));
	if (get(&c, 1) < FORMAT)
		return false;
	m->type = (enum pkg_message_type)get(&c, 1);
	switch (m->type) {
	case PKG_MSG_REPORT:
		sound = get_report(&c, &m->report);
		break;
	case PKG_MSG_STATUS:
		sound = get_status(&c, &m->status);
		break;
	case PKG_MSG_REQUEST:
		sound = get_request(&c, &m->request);
		break;
	case PKG_MSG_REPLY:
		sound = get_reply(&c, &m->reply);
		break;
	}
	return sound && !c.short_of;
}
