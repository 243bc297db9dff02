// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_member.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cmcld_admin.h"
#include "cmcld_log.h"
#include "cmcld_nodes.h"
#include "cmcld_pet.h"
#include "cmcld_pkg.h"
#include "cmcld_publish.h"
#include "cmcld_report.h"

#define ANSWERS_MAX	8	/* kernel answers of one step */
#define WAITING_MAX	64	/* events given from within an action */

/* An event that waits its turn, with room for what it points to. */
struct waiting {
	struct member_event event;
	struct core_ages ages;
};

struct ring {
	u16 first, count;
};

struct cmcld_driver {
	struct member *member;
	int timer;
	bool stepping;
	bool left;
	u64 installed_ns;
	u64 overflow;
	struct ring answers;
	struct ring waiting;
	struct waiting answer[ANSWERS_MAX];
	struct waiting wait[WAITING_MAX];
	struct member_actions actions;
};

static struct waiting *ring_push(struct ring *ring, struct waiting *slot, u16 max)
{
	if (ring->count == max)
		return NULL;
	return &slot[(ring->first + ring->count++) % max];
}

static struct waiting *ring_pop(struct ring *ring, struct waiting *slot, u16 max)
{
	struct waiting *oldest = &slot[ring->first];

	if (!ring->count)
		return NULL;
	ring->first = (u16)((ring->first + 1) % max);
	ring->count--;
	return oldest;
}

static struct waiting *answer_push(struct cmcld_driver *driver, enum member_event_type type)
{
	struct waiting *answer = ring_push(&driver->answers, driver->answer, ANSWERS_MAX);

	core_assert(answer);
	answer->event = (struct member_event){ .type = type, .now_ns = base_clock_ns() };
	return answer;
}

/* ---- actions ---- */

static void do_accept(struct cmcld *cmcld, const struct member_action *action)
{
	struct waiting *answer = answer_push(cmcld->member, MEMBER_EVENT_KERNEL_ACCEPTED);

	answer->event.accepted.result = cmcld_kernel_accept(
		cmcld->kernel, action->accept.view, action->accept.ballot, &answer->ages);
	answer->event.accepted.ages = answer->event.accepted.result ? NULL : &answer->ages;
	answer->event.now_ns = base_clock_ns();
	cmcld_event("accepted", "epoch=%" PRIu64 " hash=%016" PRIx64 " ballot=%" PRIu64
		    ".%u result=%d", action->accept.view->epoch, action->accept.view->hash,
		    action->accept.ballot.counter, action->accept.ballot.node,
		    answer->event.accepted.result);
}

static void answer_result(struct cmcld *cmcld, enum member_event_type type, int result)
{
	answer_push(cmcld->member, type)->event.result = result;
}

static void do_arm(struct cmcld *cmcld)
{
	int err = cmcld_pet_arm(cmcld);

	if (err)
		cmcld_log(LOG_ERR, "Cannot arm the safety timer: %s; see the kernel log",
			  strerror(-err));
	answer_result(cmcld, MEMBER_EVENT_KERNEL_ARMED, err);
}

/*
 * The others start at once what a node that disarmed has run.  So with something
 * still running here it stays armed: whoever is out then is out by a TOC.
 */
static int disarm_checked(struct cmcld *cmcld, bool force)
{
	if (!cmcld_pkg_active(cmcld))
		return cmcld_kernel_disarm(cmcld->kernel, force);
	cmcld_log(LOG_CRIT, "Safety time protection is not ended: a package still runs on "
		  "this node. Halt it, then halt the node again.");
	return -EBUSY;
}

static void do_disarm(struct cmcld *cmcld, bool force)
{
	int err = disarm_checked(cmcld, force);

	/* Not armed any more is what the membership wanted, too. */
	if (!err || (err == -EPERM && cmcld_pet_armed(cmcld)))
		cmcld_pet_end(cmcld);
	cmcld_event("disarmed", "result=%d", err);
	answer_result(cmcld, MEMBER_EVENT_KERNEL_DISARMED, err);
}

static void do_disk(struct cmcld *cmcld, const struct member_action *action)
{
	int err = cmcld_disk_write(cmcld->disk, action->disk.token, action->disk.bytes,
				   (u32)action->disk.length);

	if (err)
		cmcld_member_disk_done(cmcld, action->disk.token, err);
}

static void do_installed(struct cmcld *cmcld, const struct member_action *action)
{
	cmcld->member->installed_ns = base_clock_ns();
	cmcld_nodes_installed(cmcld, action->installed.view, action->installed.left,
			      action->installed.left_count);
	cmcld_pkg_view(cmcld, action->installed.view, action->installed.left,
		       action->installed.left_count);
	cmcld_admin_view(cmcld, action->installed.view);
}

static void do_state_loaded(struct cmcld *cmcld)
{
	const struct member_record *record;
	unsigned int i;

	for (i = 0; (record = member_record_at(cmcld->member->member, i)); i++)
		cmcld_pkg_committed(cmcld, record);
}

static void do_toc(struct cmcld *cmcld, enum member_reason reason)
{
	cmcld_log(LOG_EMERG, "This node goes down now: %s", member_reason_name(reason));
	cmcld_event("toc-request", "why=%s", member_reason_name(reason));
	cmcld_pet_toc(cmcld, member_reason_name(reason));
}

static void do_left(struct cmcld *cmcld, bool asked)
{
	cmcld->member->left = true;
	cmcld_event("left", "incarnation=%016" PRIx64 " asked=%d", cmcld->incarnation, asked);
	cmcld_admin_left(cmcld, asked);
	cmcld_tell(cmcld, CMCLD_TELL_LEFT, asked, "", 0);
}

static void do_failed(struct cmcld *cmcld, const struct member_action *action)
{
	/* The package library proposes again what still matters. */
	cmcld_log(LOG_DEBUG, "An update of record %08x was not ordered: %s",
		  action->failed.key, strerror(-action->failed.error));
}

static void carry_out_kernel(struct cmcld *cmcld, const struct member_action *action)
{
	switch (action->type) {
	case MEMBER_ACTION_KERNEL_ACKNOWLEDGE:
		cmcld_kernel_acknowledge(cmcld->kernel, &action->peer);
		break;
	case MEMBER_ACTION_KERNEL_PROMISE:
		answer_result(cmcld, MEMBER_EVENT_KERNEL_PROMISED,
			      cmcld_kernel_promise(cmcld->kernel, action->promise.epoch,
						   action->promise.ballot));
		break;
	case MEMBER_ACTION_KERNEL_ACCEPT:
		do_accept(cmcld, action);
		break;
	case MEMBER_ACTION_KERNEL_ARM:
		do_arm(cmcld);
		break;
	case MEMBER_ACTION_KERNEL_INSTALL:
		answer_result(cmcld, MEMBER_EVENT_KERNEL_INSTALLED,
			      cmcld_kernel_install(cmcld->kernel, action->view));
		break;
	case MEMBER_ACTION_KERNEL_LEAVE:
		cmcld_kernel_leave(cmcld->kernel);
		break;
	case MEMBER_ACTION_KERNEL_DISARM:
		do_disarm(cmcld, action->force);
		break;
	default:
		core_assert(!"a kernel action");
	}
}

static void carry_out(struct cmcld *cmcld, const struct member_action *action)
{
	switch (action->type) {
	case MEMBER_ACTION_SEND:
		cmcld_session_send_member(cmcld->session, action->send.to,
					  action->send.message);
		break;
	case MEMBER_ACTION_SEND_ARBITER:
		cmcld_session_send_qs(cmcld->session, action->send.message);
		break;
	case MEMBER_ACTION_SET_TIMER:
		cmcld_loop_timer_set(cmcld->loop, cmcld->member->timer, action->at_ns);
		break;
	case MEMBER_ACTION_DISK_WRITE:
		do_disk(cmcld, action);
		break;
	case MEMBER_ACTION_VIEW_INSTALLED:
		do_installed(cmcld, action);
		break;
	case MEMBER_ACTION_NODE_SAFE:
		cmcld_nodes_safe(cmcld, &action->peer);
		cmcld_pkg_safe(cmcld, &action->peer);
		break;
	case MEMBER_ACTION_COMMITTED:
		cmcld_pkg_committed(cmcld, &action->record);
		break;
	case MEMBER_ACTION_STATE_LOADED:
		do_state_loaded(cmcld);
		break;
	case MEMBER_ACTION_UPDATE_FAILED:
		do_failed(cmcld, action);
		break;
	case MEMBER_ACTION_LEFT:
		do_left(cmcld, action->asked);
		break;
	case MEMBER_ACTION_TOC:
		do_toc(cmcld, action->reason);
		break;
	case MEMBER_ACTION_REPORT:
		cmcld_report(cmcld, action);
		break;
	default:
		carry_out_kernel(cmcld, action);
	}
}

/* ---- events ---- */

static void step(struct cmcld *cmcld, const struct member_event *event)
{
	struct cmcld_driver *driver = cmcld->member;
	enum member_phase before = member_phase(driver->member);
	u16 i;

	member_step(driver->member, event, &driver->actions);
	for (i = 0; i < driver->actions.count; i++)
		carry_out(cmcld, &driver->actions.action[i]);
	if (member_phase(driver->member) != before)
		cmcld_publish_mark(cmcld);
}

/*
 * Answers of the kernel come next, before any other event (member.h); an event
 * given from within an action waits until they are done.
 */
static void settle(struct cmcld *cmcld)
{
	struct cmcld_driver *driver = cmcld->member;
	struct waiting *next, current;

	for (;;) {
		next = ring_pop(&driver->answers, driver->answer, ANSWERS_MAX);
		if (!next)
			next = ring_pop(&driver->waiting, driver->wait, WAITING_MAX);
		if (!next)
			return;
		current = *next;
		if (current.event.type == MEMBER_EVENT_KERNEL_ACCEPTED &&
		    current.event.accepted.ages)
			current.event.accepted.ages = &current.ages;
		step(cmcld, &current.event);
	}
}

static void give(struct cmcld *cmcld, struct member_event *event)
{
	struct cmcld_driver *driver = cmcld->member;
	struct waiting *slot;

	event->now_ns = base_clock_ns();
	if (driver->stepping) {
		slot = ring_push(&driver->waiting, driver->wait, WAITING_MAX);
		if (slot)
			slot->event = *event;
		else
			driver->overflow++;
		return;
	}
	driver->stepping = true;
	step(cmcld, event);
	settle(cmcld);
	driver->stepping = false;
}

static void on_timer(void *arg, u64 now_ns)
{
	struct member_event event = { .type = MEMBER_EVENT_TIMER };

	give(arg, &event);
}

void cmcld_member_start(struct cmcld *cmcld)
{
	struct member_event event = { .type = MEMBER_EVENT_START };

	event.start.mode = cmcld->config->options.autostart ? MEMBER_START_AUTO :
							      MEMBER_START_JOIN;
	give(cmcld, &event);
}

void cmcld_member_form(struct cmcld *cmcld, const u16 *nodes, u16 count)
{
	struct member_event event = { .type = MEMBER_EVENT_FORM };

	/* Not from within an action: @nodes lives during this call only. */
	core_assert(!cmcld->member->stepping);
	event.start.node = nodes;
	event.start.node_count = count;
	give(cmcld, &event);
}

void cmcld_member_leave(struct cmcld *cmcld)
{
	struct member_event event = { .type = MEMBER_EVENT_LEAVE };

	if (cmcld->member->left)
		do_left(cmcld, true);
	else
		give(cmcld, &event);
}

void cmcld_member_message(struct cmcld *cmcld, const struct member_message *message)
{
	struct member_event event = { .type = MEMBER_EVENT_MESSAGE };

	core_assert(!cmcld->member->stepping);
	event.message = message;
	give(cmcld, &event);
}

void cmcld_member_gasp(struct cmcld *cmcld, const struct core_event *core,
		       const struct core_gasp *words)
{
	struct member_event event = { .type = MEMBER_EVENT_PEER_GASP };

	/* Not from within an action: @words lives during this call only. */
	core_assert(!cmcld->member->stepping);
	event.gasp.id = core->peer;
	event.gasp.incarnation = core->incarnation;
	event.gasp.installed_epoch = core->installed_epoch;
	event.gasp.words = words;
	give(cmcld, &event);
}

void cmcld_member_kernel_event(struct cmcld *cmcld, const struct core_event *core)
{
	struct member_event event = { };

	switch (core->type) {
	case CORE_EVENT_PEER_HEARD:
		event.type = MEMBER_EVENT_PEER_HEARD;
		break;
	case CORE_EVENT_PEER_SILENT:
		event.type = MEMBER_EVENT_PEER_SILENT;
		break;
	case CORE_EVENT_FRONTIER:
		event.type = MEMBER_EVENT_PEER_FRONTIER;
		break;
	case CORE_EVENT_LEASE_HOLDS:
		event.type = MEMBER_EVENT_LEASE_HOLDS;
		break;
	default:
		return;
	}
	event.peer.id = core->peer;
	event.peer.incarnation = core->incarnation;
	event.peer.installed_epoch = core->installed_epoch;
	event.peer.frontier = core->frontier;
	event.peer.flags = cmcld_nodes_flags(core);
	give(cmcld, &event);
}

void cmcld_member_disk_done(struct cmcld *cmcld, u64 token, int err)
{
	struct member_event event = { .type = MEMBER_EVENT_DISK_DONE };

	event.disk.token = token;
	event.disk.result = err;
	give(cmcld, &event);
}

void cmcld_member_arbiter(struct cmcld *cmcld, bool up)
{
	struct member_event event = {
		.type = up ? MEMBER_EVENT_ARBITER_UP : MEMBER_EVENT_ARBITER_DOWN,
	};

	give(cmcld, &event);
}

void cmcld_member_propose(struct cmcld *cmcld, u32 key, const void *data, u16 length)
{
	struct member_event event = { .type = MEMBER_EVENT_UPDATE };

	core_assert(length <= MEMBER_VALUE_BYTES_MAX);
	event.update.key = key;
	event.update.length = length;
	memcpy(event.update.value, data, length);
	give(cmcld, &event);
}

/* ---- state ---- */

bool cmcld_member_left(const struct cmcld *cmcld)
{
	return cmcld->member->left;
}

enum member_phase cmcld_member_phase(const struct cmcld *cmcld)
{
	return member_phase(cmcld->member->member);
}

const struct core_view *cmcld_member_view(const struct cmcld *cmcld)
{
	return member_view(cmcld->member->member);
}

u64 cmcld_member_installed_ns(const struct cmcld *cmcld)
{
	return cmcld->member->installed_ns;
}

bool cmcld_member_waiting(const struct cmcld *cmcld, u16 node, u64 now_ns)
{
	struct member_wait wait[MEMBER_WAITS_MAX];
	unsigned int i, count;

	count = member_waits(cmcld->member->member, now_ns, wait, MEMBER_WAITS_MAX);
	for (i = 0; i < count; i++)
		if (wait[i].id == node)
			return true;
	return false;
}

bool cmcld_member_any_waiting(const struct cmcld *cmcld, u64 now_ns)
{
	struct member_wait wait[MEMBER_WAITS_MAX];

	return member_waits(cmcld->member->member, now_ns, wait, MEMBER_WAITS_MAX) > 0;
}

static void config_fill(const struct cmcld *cmcld, struct member_config *config)
{
	const struct conf_cluster *cluster = &cmcld->conf->cluster;
	int i;

	config->cluster = cluster->id;
	config->incarnation = cmcld->incarnation;
	config->interval_ns = cluster->interval_ns;
	config->timeout_ns = cluster->member_timeout_ns;
	config->toc_margin_ns = conf_takeover_margin_ns(cmcld->conf);
	config->form_wait_ns = cluster->auto_start_timeout_ns;
	config->seed = base_random_u64();
	config->node_id = cmcld->self;
	config->has_arbiter = cmcld->config->qs_count > 0;
	config->node_count = cluster->node_count;
	for (i = 0; i < cluster->node_count; i++)
		config->node[i] = cluster->node[i].id;
}

int cmcld_member_create(struct cmcld *cmcld, const struct member_disk *disk)
{
	struct cmcld_driver *driver = calloc(1, sizeof(*driver));
	size_t size = (member_size() + 15) & ~(size_t)15;
	struct member_config config = { };
	int err;

	if (!driver)
		return -ENOMEM;
	cmcld->member = driver;
	driver->member = aligned_alloc(16, size);
	if (!driver->member)
		return -ENOMEM;
	memset(driver->member, 0, size);
	config_fill(cmcld, &config);
	err = member_init(driver->member, &config, disk);
	if (err)
		return err;
	driver->timer = cmcld_loop_timer_add(cmcld->loop, on_timer, cmcld);
	return driver->timer < 0 ? driver->timer : 0;
}

void cmcld_member_destroy(struct cmcld *cmcld)
{
	if (!cmcld->member)
		return;
	free(cmcld->member->member);
	free(cmcld->member);
	cmcld->member = NULL;
}
