// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_publish.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmcld_member.h"
#include "cmcld_nodes.h"
#include "cmcld_pet.h"
#include "cmcld_pkg.h"
#include "cmcld_watchdog.h"

#define SOON_NS		(10 * BASE_NS_PER_MS)
#define REFRESH_NS	BASE_NS_PER_S

struct cmcld_publish {
	int timer;
	bool marked;
	enum cmcld_phase told_phase;
	u64 told_epoch;
};

static enum cmcld_phase phase_of(const struct cmcld *cmcld)
{
	switch (cmcld_member_phase(cmcld)) {
	case MEMBER_PHASE_SEARCHING:
		return CMCLD_SEEKING;
	case MEMBER_PHASE_JOINING:
		return CMCLD_JOINING;
	case MEMBER_PHASE_FORMING:
		return CMCLD_FORMING;
	case MEMBER_PHASE_INSTALLING:
	case MEMBER_PHASE_RECONFIGURING:
		return CMCLD_REFORMING;
	case MEMBER_PHASE_MEMBER:
		return CMCLD_MEMBER;
	case MEMBER_PHASE_LEAVING:
		return CMCLD_LEAVING;
	case MEMBER_PHASE_LEFT:
	case MEMBER_PHASE_EVICTED:
		break;
	}
	return CMCLD_LEFT;
}

static void fill(const struct cmcld *cmcld, struct cmcld_snapshot *snapshot)
{
	const struct core_view *view = cmcld_member_view(cmcld);
	u16 i;

	snapshot->conf = cmcld->conf;
	snapshot->t_ns = base_clock_ns();
	snapshot->installed_ns = cmcld_member_installed_ns(cmcld);
	snapshot->phase = phase_of(cmcld);
	snapshot->self = cmcld->self;
	snapshot->armed = cmcld_pet_armed(cmcld);
	if (cmcld_pet_watchdog(cmcld))
		snapshot->watchdog_s = cmcld_watchdog_seconds(cmcld->watchdog);
	snapshot->assist = cmcld_assist_connected(cmcld->assist);
	snapshot->incarnation = cmcld->incarnation;
	snapshot->late_max_ns = cmcld_pet_late_max_ns(cmcld);
	snapshot->dropped = cmcld_session_dropped(cmcld->session);
	snapshot->qs = cmcld->qs;
	if (view)
		snapshot->view = *view;
	cmcld_nodes_snapshot(cmcld, snapshot);
	for (i = 0; i < cmcld->conf->package_count; i++)
		cmcld_pkg_status(cmcld, i, &snapshot->package[i]);
}

static void tell_status(struct cmcld *cmcld, const struct cmcld_snapshot *snapshot)
{
	struct cmcld_publish *publish = cmcld->publish;
	char text[200];
	int size;

	if (snapshot->phase == publish->told_phase &&
	    snapshot->view.epoch == publish->told_epoch)
		return;
	publish->told_phase = snapshot->phase;
	publish->told_epoch = snapshot->view.epoch;
	size = snprintf(text, sizeof(text), "%s %s, epoch %llu, %u members",
			cmcld->conf->cluster.name, cmcld_phase_name(snapshot->phase),
			(unsigned long long)snapshot->view.epoch, snapshot->view.count);
	cmcld_tell(cmcld, CMCLD_TELL_STATUS, 0, text, (size_t)size + 1);
}

void cmcld_publish_now(struct cmcld *cmcld)
{
	struct cmcld_publish *publish = cmcld->publish;
	struct cmcld_snapshot *snapshot = cmcld_snapshot_begin(cmcld->publisher);
	u64 next_ns = snapshot ? REFRESH_NS : SOON_NS;

	cmcld_loop_timer_set(cmcld->loop, publish->timer, base_clock_ns() + next_ns);
	publish->marked = !snapshot;
	if (!snapshot)
		return;
	fill(cmcld, snapshot);
	tell_status(cmcld, snapshot);
	cmcld_snapshot_publish(cmcld->publisher, snapshot);
}

static void on_timer(void *arg, u64 now_ns)
{
	cmcld_publish_now(arg);
}

void cmcld_publish_mark(struct cmcld *cmcld)
{
	if (cmcld->publish->marked)
		return;
	cmcld->publish->marked = true;
	cmcld_loop_timer_set(cmcld->loop, cmcld->publish->timer, base_clock_ns() + SOON_NS);
}

int cmcld_publish_create(struct cmcld *cmcld)
{
	struct cmcld_publish *publish = calloc(1, sizeof(*publish));

	if (!publish)
		return -ENOMEM;
	cmcld->publish = publish;
	publish->told_phase = CMCLD_LEFT;
	publish->timer = cmcld_loop_timer_add(cmcld->loop, on_timer, cmcld);
	return publish->timer < 0 ? publish->timer : 0;
}

void cmcld_publish_destroy(struct cmcld *cmcld)
{
	free(cmcld->publish);
	cmcld->publish = NULL;
}
