// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that read: status, counters, the flight recorder. */
#include "nl_socket.h"

#include <stdlib.h>

/* Larger than any recorder: a size beyond it is not believed. */
#define RECORDER_SIZE_MAX	(16U << 20)

static int member_take(const struct nlattr *nest, struct core_view *view)
{
	struct core_member *member = &view->member[view->count];
	const struct nlattr *attr;

	if (view->count == CORE_VIEW_MEMBERS_MAX)
		return -EIO;
	nl_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == TOCSIN_A_MEMBER_ID)
			member->id = nl_attr_number(attr);
		if (mnl_attr_get_type(attr) == TOCSIN_A_MEMBER_INCARNATION)
			member->incarnation = nl_attr_number(attr);
	}
	view->count++;
	return 0;
}

int nl_view_take(const struct nlattr *nest, struct core_view *view)
{
	const struct nlattr *attr;
	int err = 0;

	nl_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case TOCSIN_A_VIEW_EPOCH:
			view->epoch = nl_attr_number(attr);
			break;
		case TOCSIN_A_VIEW_HASH:
			view->hash = nl_attr_number(attr);
			break;
		case TOCSIN_A_VIEW_ARBITER:
			view->arbiter = nl_attr_number(attr);
			break;
		case TOCSIN_A_VIEW_STATE:
			view->state = nl_attr_number(attr);
			break;
		case TOCSIN_A_VIEW_COORDINATOR:
			view->coordinator = nl_attr_number(attr);
			break;
		case TOCSIN_A_VIEW_MEMBER:
			err = err ? err : member_take(attr, view);
			break;
		}
	}
	return err;
}

/* Return: true when the field belongs to the configuration. */
static bool config_take(const struct nlattr *attr, struct nl_config *config)
{
	u64 number = nl_attr_number(attr);

	switch (mnl_attr_get_type(attr)) {
	case TOCSIN_A_STATUS_ACTION:
		config->action = number;
		return true;
	case TOCSIN_A_STATUS_NODE_ID:
		config->core.node_id = number;
		return true;
	case TOCSIN_A_STATUS_PORT:
		config->port = number;
		return true;
	case TOCSIN_A_STATUS_CLUSTER_ID:
		config->core.cluster_id = number;
		return true;
	case TOCSIN_A_STATUS_INCARNATION:
		config->core.incarnation = number;
		return true;
	case TOCSIN_A_STATUS_INTERVAL_NS:
		config->core.interval_ns = number;
		return true;
	case TOCSIN_A_STATUS_MEMBER_TIMEOUT_NS:
		config->core.member_timeout_ns = number;
		return true;
	case TOCSIN_A_STATUS_SAFETY_TIMEOUT_NS:
		config->core.safety_timeout_ns = number;
		return true;
	case TOCSIN_A_STATUS_ON_DETACH_NS:
		config->core.on_detach_ns = number;
		return true;
	case TOCSIN_A_STATUS_TOC_MARGIN_NS:
		config->toc_margin_ns = number;
		return true;
	}
	return false;
}

static int field_take(const struct nlattr *attr, struct nl_status *status)
{
	switch (mnl_attr_get_type(attr)) {
	case TOCSIN_A_STATUS_ATTACHED:
		status->attached = true;
		break;
	case TOCSIN_A_STATUS_ARMED:
		status->armed = true;
		break;
	case TOCSIN_A_STATUS_OWNED:
		status->owned = true;
		break;
	case TOCSIN_A_STATUS_VERDICT:
		status->verdict = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATUS_WARNINGS:
		status->warnings = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATUS_NOW_NS:
		status->now_ns = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATUS_SAFETY_NS:
		status->safety_ns = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATUS_QUORUM_NS:
		status->quorum_ns = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATUS_FRONTIER_EPOCH:
		status->frontier.epoch = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATUS_FRONTIER_HASH:
		status->frontier.hash = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATUS_INSTALLED:
		return nl_view_take(attr, &status->installed);
	case TOCSIN_A_STATUS_ACCEPTED:
		return nl_view_take(attr, &status->accepted);
	}
	return 0;
}

static int status_take(const struct nlattr *first, size_t size, void *context)
{
	struct nl_status *status = context;
	const struct nlattr *attr, *field;
	int err = 0;

	nl_for_each(attr, first, size) {
		if (mnl_attr_get_type(attr) != TOCSIN_A_STATUS)
			continue;
		nl_for_each_nested(field, attr)
			if (!err && !config_take(field, &status->config))
				err = field_take(field, status);
	}
	return err;
}

int nl_status_get(struct nl *nl, struct nl_status *status)
{
	memset(status, 0, sizeof(*status));
	status->safety_ns = CORE_NEVER;
	status->quorum_ns = CORE_NEVER;
	nl_request_begin(nl, TOCSIN_CMD_STATUS_GET);
	return nl_request_run(nl, status_take, status);
}

static void drop_take(const struct nlattr *nest, struct nl_stats *stats)
{
	const struct nlattr *attr;
	u64 reason = 0, count = 0;

	nl_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == TOCSIN_A_DROP_REASON)
			reason = nl_attr_number(attr);
		if (mnl_attr_get_type(attr) == TOCSIN_A_DROP_COUNT)
			count = nl_attr_number(attr);
	}
	if (reason < CORE_DROP_COUNT)
		stats->dropped[reason] = count;
}

static void late_take(const struct nlattr *nest, struct nl_stats *stats)
{
	struct nl_late late = { 0 };
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == TOCSIN_A_LATE_BELOW_NS)
			late.below_ns = nl_attr_number(attr);
		if (mnl_attr_get_type(attr) == TOCSIN_A_LATE_COUNT)
			late.count = nl_attr_number(attr);
	}
	if (stats->late_count < NL_LATE_MAX)
		stats->late[stats->late_count++] = late;
}

static void counter_take(const struct nlattr *attr, struct nl_stats *stats)
{
	switch (mnl_attr_get_type(attr)) {
	case TOCSIN_A_STATS_RECEIVED:
		stats->received = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATS_SENT:
		stats->sent = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATS_SEND_ERRORS:
		stats->send_errors = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATS_LATE_LAST_NS:
		stats->late_last_ns = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATS_LATE_MAX_NS:
		stats->late_max_ns = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATS_CHECK_LATE_MAX_NS:
		stats->check_late_max_ns = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATS_PETS:
		stats->pets = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATS_EVENTS_LOST:
		stats->events_lost = nl_attr_number(attr);
		break;
	case TOCSIN_A_STATS_DROP:
		drop_take(attr, stats);
		break;
	case TOCSIN_A_STATS_LATE:
		late_take(attr, stats);
		break;
	}
}

static int stats_take(const struct nlattr *first, size_t size, void *context)
{
	const struct nlattr *attr, *field;

	nl_for_each(attr, first, size) {
		if (mnl_attr_get_type(attr) != TOCSIN_A_STATS)
			continue;
		nl_for_each_nested(field, attr)
			counter_take(field, context);
	}
	return 0;
}

int nl_stats_get(struct nl *nl, struct nl_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	nl_request_begin(nl, TOCSIN_CMD_STATS_GET);
	return nl_request_run(nl, stats_take, stats);
}

struct piece {
	u8 *data;
	u32 size;		/* of the whole recorder */
	u32 offset;		/* taken so far */
};

static int piece_take(const struct nlattr *first, size_t size, void *context)
{
	struct piece *piece = context;
	const struct nlattr *attr, *data = NULL;
	u32 total = 0, offset = 0, length;
	u8 *grown;

	nl_for_each(attr, first, size) {
		if (mnl_attr_get_type(attr) == TOCSIN_A_SIZE)
			total = nl_attr_number(attr);
		if (mnl_attr_get_type(attr) == TOCSIN_A_OFFSET)
			offset = nl_attr_number(attr);
		if (mnl_attr_get_type(attr) == TOCSIN_A_DATA)
			data = attr;
	}
	if (!data || offset != piece->offset || !total || total > RECORDER_SIZE_MAX)
		return -EIO;
	if (!piece->data) {
		grown = malloc(total);
		if (!grown)
			return -ENOMEM;
		piece->data = grown;
		piece->size = total;
	}
	length = mnl_attr_get_payload_len(data);
	if (total != piece->size || !length || length > total - offset)
		return -EIO;
	memcpy(piece->data + offset, mnl_attr_get_payload(data), length);
	piece->offset += length;
	return 0;
}

int nl_recorder_get(struct nl *nl, u8 **data, size_t *size)
{
	struct piece piece = { 0 };
	u32 before;
	int err;

	do {
		before = piece.offset;
		nl_request_begin(nl, TOCSIN_CMD_RECORDER_GET);
		mnl_attr_put_u32(nl->request, TOCSIN_A_OFFSET, piece.offset);
		err = nl_request_run(nl, piece_take, &piece);
		if (!err && piece.offset == before)
			err = -EIO;
	} while (!err && piece.offset < piece.size);
	if (err) {
		free(piece.data);
		return err;
	}
	*data = piece.data;
	*size = piece.size;
	return 0;
}
