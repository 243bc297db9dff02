/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of nl.h on top of cmcld_fake_kernel.h, in place of lib/nl. */
#ifndef CMCLD_FAKE_NL_H
#define CMCLD_FAKE_NL_H

#include "cmcld_fake_kernel.h"

int nl_open(struct nl **nl)
{
	*nl = calloc(1, sizeof(**nl));
	(*nl)->core = aligned_alloc(64, (core_size() + 63) & ~(size_t)63);
	return 0;
}

void nl_close(struct nl *nl)
{
	pthread_mutex_lock(&fake_lock);
	fake_node[nl->id] = NULL;
	pthread_mutex_unlock(&fake_lock);
	free(nl->core);
	free(nl);
}

const char *nl_error(const struct nl *nl)
{
	return "";
}

int nl_events_open(struct nl_events **events)
{
	*events = calloc(1, sizeof(**events));
	(*events)->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	fake_fresh = *events;
	return 0;
}

void nl_events_close(struct nl_events *events)
{
	int i;

	pthread_mutex_lock(&fake_lock);
	for (i = 1; i <= FAKE_NODES; i++)
		if (fake_node[i] && fake_node[i]->events == events)
			fake_node[i] = NULL;
	pthread_mutex_unlock(&fake_lock);
	close(events->fd);
	free(events);
}

int nl_events_fd(const struct nl_events *events)
{
	return events->fd;
}

int nl_events_read(struct nl_events *events, struct nl_event *event)
{
	eventfd_t count;
	int err = -EAGAIN;

	pthread_mutex_lock(&fake_lock);
	if (events->overrun) {
		events->overrun = false;
		err = -ENOBUFS;
	} else if (events->count) {
		err = 0;
		event->core = events->event[events->first];
		event->has_gasp = false;
		event->lost = events->lost;
		events->first = (events->first + 1) % FAKE_EVENTS;
		events->count--;
	} else {
		eventfd_read(events->fd, &count);
	}
	pthread_mutex_unlock(&fake_lock);
	return err;
}

int nl_attach(struct nl *nl, const struct nl_config *config, u64 *incarnation)
{
	struct core_config core = config->core;
	int err;

	core.incarnation = base_random_u64();
	*incarnation = core.incarnation;
	nl->incarnation = core.incarnation;
	nl->id = core.node_id;
	nl->interval_ns = core.interval_ns;
	nl->events = fake_fresh;
	err = core_init(nl->core, &core, base_clock_ns());
	pthread_mutex_lock(&fake_lock);
	if (!err)
		fake_node[nl->id] = nl;
	pthread_mutex_unlock(&fake_lock);
	return err;
}

bool nl_has_device(const struct nl *nl)
{
	return true;
}

int nl_key_set(struct nl *nl, u8 slot, u32 key_id, const u8 key[TOCSIN_KEY_SIZE], bool transmit)
{
	return 0;
}

int nl_peer_set(struct nl *nl, u16 id, const char *name, const struct nl_path_address *path,
		u8 paths)
{
	nl->paths = paths;
	return FAKE_CALL(nl, core_peer_add(nl->core, id, paths));
}

int nl_arm(struct nl *nl, u32 *warnings)
{
	return FAKE_CALL(nl, core_arm(nl->core, base_clock_ns()));
}

int nl_pet(struct nl *nl)
{
	return FAKE_RENEW(nl, core_pet(nl->core, base_clock_ns()));
}

int nl_renew(const struct nl *nl)
{
	return FAKE_RENEW(nl, core_pet(nl->core, base_clock_ns()));
}

int nl_disarm(struct nl *nl, bool force)
{
	return FAKE_CALL(nl, core_disarm(nl->core, force, base_clock_ns()));
}

int nl_acknowledge(struct nl *nl, u16 id, u64 incarnation)
{
	return FAKE_CALL(nl, core_acknowledge(nl->core, id, incarnation));
}

int nl_promise(struct nl *nl, u64 epoch, const struct core_ballot *ballot)
{
	return FAKE_CALL(nl, core_promise(nl->core, epoch, ballot));
}

int nl_accept(struct nl *nl, const struct core_view *view, u64 ballot_counter,
	      u16 ballot_node, struct core_ages *ages)
{
	return FAKE_CALL(nl, core_accept(nl->core, view, ballot_counter, ballot_node,
					 base_clock_ns(), ages));
}

int nl_install(struct nl *nl, const struct core_view *view)
{
	return FAKE_CALL(nl, core_install(nl->core, view, base_clock_ns()));
}

int nl_leave(struct nl *nl)
{
	return FAKE_CALL(nl, core_leave(nl->core));
}

int nl_toc_request(struct nl *nl, const char *reason)
{
	nl->dead = true;
	nl->verdict = CORE_VERDICT_REQUESTED;
	return 0;
}

int nl_stats_get(struct nl *nl, struct nl_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	return 0;
}

int nl_peer_list(struct nl *nl, struct nl_peer *peer, size_t max, size_t *count)
{
	int err = nl->list_err;

	if (fake_peer_list)
		return fake_peer_list(peer, max, count);
	nl->list_err = 0;
	*count = !err && nl->listed;
	if (*count)
		*peer = *nl->listed;
	return err;
}

#endif
