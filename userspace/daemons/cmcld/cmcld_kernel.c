// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_kernel.h"

#include <inttypes.h>
#include <stdlib.h>

#include <tocsin/base.h>
#include <tocsin/nl.h>

#include "cmcld_log.h"
#include "cmcld_standin.h"

#define EVENTS_PER_COLLECT	64

struct cmcld_kernel {
	struct nl *nl;
	struct nl_events *events;
	struct cmcld_standin *standin;
	u64 waited_ns;		/* in requests, not asked for yet */
	u16 peers;
	u64 lost;		/* events that the kernel says it could not keep */
	bool behind;		/* some were lost: the states must be read again */
	struct nl_peer peer[CONF_NODES_MAX];	/* scratch of a re-read */
};

/* ---- attaching ---- */

static void config_fill(const struct cmcld_config *config, struct nl_config *out)
{
	const struct conf_cluster *cluster = &config->conf->cluster;

	out->core.cluster_id = cluster->id;
	out->core.node_id = config->self->id;
	out->core.interval_ns = cluster->interval_ns;
	out->core.member_timeout_ns = cluster->member_timeout_ns;
	out->core.safety_timeout_ns = cluster->safety_timeout_ns;
	out->core.on_detach_ns = config->options.on_detach_ns;
	out->toc_margin_ns = cluster->toc_margin_ns;
	out->action = TOCSIN_ACTION_PANIC;
	out->port = cluster->heartbeat_port;
	base_str_print(out->name, sizeof(out->name), "%s", config->self->name);
}

static void attach_explain(int err, const char *words, char error[CMCLD_CONFIG_TEXT_MAX])
{
	const char *what = strerror(-err);

	if (err == -EBUSY)
		what = "the safety timer is armed or another cmcld owns it; this node "
		       "takes part in a cluster already, or is about to be reset: "
		       "see journalctl -k";
	else if (err == -EPERM)
		what = "CAP_NET_ADMIN is missing; run cmcld as root, outside containers";
	base_str_print(error, CMCLD_CONFIG_TEXT_MAX, "cannot attach to tocsin.ko: %s%s%s",
		       what, *words ? "; the kernel says: " : "", words);
}

static int key_set(struct cmcld_kernel *kernel, const struct cmcld_config *config,
		   char error[CMCLD_CONFIG_TEXT_MAX])
{
	u8 key[BASE_KEY_SIZE];
	int err;

	base_key_derive(&config->key, BASE_KEY_HEARTBEAT, key);
	err = nl_key_set(kernel->nl, 0, config->key.id, key, true);
	base_key_wipe(key, sizeof(key));
	if (err)
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "tocsin.ko does not take the key: %s (%s)", strerror(-err),
			       nl_error(kernel->nl));
	return err;
}

static bool path_fill(const struct cmcld_config *config, const struct conf_node *peer,
		      u8 path, struct nl_path_address *out)
{
	const struct conf_address *local, *remote;
	struct net_address address;

	local = conf_node_path_address(config->conf, config->self, path);
	remote = conf_node_path_address(config->conf, peer, path);
	if (!local || !remote)
		return false;
	cmcld_config_address(local, 0, &address);
	out->local = address.storage;
	cmcld_config_address(remote, 0, &address);
	out->remote = address.storage;
	return true;
}

static int peer_set(struct cmcld_kernel *kernel, const struct cmcld_config *config,
		    const struct conf_node *peer, char error[CMCLD_CONFIG_TEXT_MAX])
{
	struct nl_path_address path[CORE_PATHS_MAX];
	u8 i, count = conf_path_count(config->conf);
	int err;

	for (i = 0; i < count; i++) {
		if (path_fill(config, peer, i, &path[i]))
			continue;
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "%s and %s do not both have a HEARTBEAT_IP on heartbeat "
			       "network %u; every node needs one on each",
			       config->self->name, peer->name, i + 1);
		return -EINVAL;
	}
	err = nl_peer_set(kernel->nl, peer->id, peer->name, path, count);
	if (err == -EADDRNOTAVAIL)
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "a HEARTBEAT_IP of %s is not on any of this host's "
			       "interfaces; bring the interface up, or correct the "
			       "cluster file (%s)", config->self->name, nl_error(kernel->nl));
	else if (err)
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "tocsin.ko does not take peer %s: %s (%s)", peer->name,
			       strerror(-err), nl_error(kernel->nl));
	return err;
}

static int peers_set(struct cmcld_kernel *kernel, const struct cmcld_config *config,
		     char error[CMCLD_CONFIG_TEXT_MAX])
{
	const struct conf_cluster *cluster = &config->conf->cluster;
	int i, err = 0;

	for (i = 0; i < cluster->node_count && !err; i++)
		if (cluster->node[i].id != config->self->id)
			err = peer_set(kernel, config, &cluster->node[i], error);
	kernel->peers = cluster->node_count;
	return err;
}

static int attach(struct cmcld_kernel *kernel, const struct cmcld_config *config,
		  u64 *incarnation, char error[CMCLD_CONFIG_TEXT_MAX])
{
	struct nl_config out = { };
	int err = nl_open(&kernel->nl);

	if (err) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "tocsin.ko is not there (%s); load it with "
			       "'modprobe tocsin'", strerror(-err));
		return err;
	}
	config_fill(config, &out);
	/* Before attaching, so that no event is missed. */
	err = nl_events_open(&kernel->events);
	if (!err)
		err = nl_attach(kernel->nl, &out, incarnation);
	if (err) {
		attach_explain(err, nl_error(kernel->nl), error);
		return err;
	}
	if (!nl_has_device(kernel->nl))
		cmcld_log(LOG_WARNING, "There is no /dev/tocsin: a slow request of another "
			  "netlink family may keep cmcld from renewing the safety lease. Mount "
			  "a devtmpfs on /dev, or load the tocsin.ko of this version.");
	err = key_set(kernel, config, error);
	return err ? err : peers_set(kernel, config, error);
}

int cmcld_kernel_attach(const struct cmcld_config *config, struct cmcld_kernel **out,
			u64 *incarnation, char error[CMCLD_CONFIG_TEXT_MAX])
{
	struct cmcld_kernel *kernel = calloc(1, sizeof(*kernel));
	int err;

	if (!kernel) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX, "out of memory");
		return -ENOMEM;
	}
	err = attach(kernel, config, incarnation, error);
	if (err) {
		cmcld_kernel_detach(kernel);
		return err;
	}
	*out = kernel;
	return 0;
}

void cmcld_kernel_detach(struct cmcld_kernel *kernel)
{
	if (kernel->events)
		nl_events_close(kernel->events);
	if (kernel->nl)
		nl_close(kernel->nl);
	free(kernel);
}

/* ---- orders ---- */

static int explained(struct cmcld_kernel *kernel, const char *what, int err)
{
	if (err && err != -EAGAIN)
		cmcld_log(LOG_WARNING, "The kernel refuses to %s: %s (%s)", what,
			  strerror(-err), nl_error(kernel->nl));
	return err;
}

/* A request begins, which may have to wait in the kernel. */
static struct nl *asking(struct cmcld_kernel *kernel)
{
	cmcld_standin_begin(kernel->standin);
	return kernel->nl;
}

static int answered(struct cmcld_kernel *kernel, int err)
{
	u64 waited_ns = cmcld_standin_end(kernel->standin);

	if (!waited_ns)
		return err;
	/* It counts from the last renewal on, so it contains what was told since then. */
	kernel->waited_ns = waited_ns;
	cmcld_log(LOG_WARNING, "The kernel kept cmcld waiting for %" PRIu64 ".%" PRIu64
		  " seconds in netlink requests; the safety lease was renewed meanwhile. "
		  "Look for a driver that hangs: journalctl -k",
		  (u64)(waited_ns / BASE_NS_PER_S),
		  (u64)(waited_ns % BASE_NS_PER_S / (100 * BASE_NS_PER_MS)));
	cmcld_event("kernel-waited", "wait_ns=%" PRIu64, waited_ns);
	return err;
}

void cmcld_kernel_acknowledge(struct cmcld_kernel *kernel, const struct core_member *peer)
{
	int err = answered(kernel, nl_acknowledge(asking(kernel), peer->id,
						  peer->incarnation));

	if (err)
		cmcld_log(LOG_DEBUG, "Node %u is not acknowledged: %s", peer->id,
			  strerror(-err));
}

int cmcld_kernel_promise(struct cmcld_kernel *kernel, u64 epoch, struct member_ballot ballot)
{
	struct core_ballot same = { .counter = ballot.counter, .node = ballot.node };

	return explained(kernel, "take note of a promise",
			 answered(kernel, nl_promise(asking(kernel), epoch, &same)));
}

int cmcld_kernel_accept(struct cmcld_kernel *kernel, const struct core_view *view,
			struct member_ballot ballot, struct core_ages *ages)
{
	return explained(kernel, "accept a view",
			 answered(kernel, nl_accept(asking(kernel), view, ballot.counter,
						    ballot.node, ages)));
}

int cmcld_kernel_install(struct cmcld_kernel *kernel, const struct core_view *view)
{
	return explained(kernel, "install a view",
			 answered(kernel, nl_install(asking(kernel), view)));
}

static void log_warnings(u32 warnings)
{
	if (warnings & TOCSIN_WARNING_NO_KDUMP)
		cmcld_log(LOG_WARNING, "No crash kernel is loaded: if this node goes down "
			  "there will be no dump. Install kdump-tools and set crashkernel=.");
	if (warnings & TOCSIN_WARNING_NO_RESTART)
		cmcld_log(LOG_WARNING, "kernel.panic is 0 and no crash kernel is loaded: "
			  "this node will not restart by itself. Set kernel.panic=5.");
	if (warnings & TOCSIN_WARNING_NO_HARDLOCKUP_PANIC)
		cmcld_log(LOG_WARNING, "A CPU stuck with interrupts off is not noticed by "
			  "itself. Set kernel.hardlockup_panic=1 and kernel.nmi_watchdog=1 (few "
			  "virtual machines have what that needs).");
	if (warnings & TOCSIN_WARNING_NO_GASP)
		cmcld_log(LOG_NOTICE, "The other nodes will not be told at once when this one "
			  "panics, or not on all paths; the kernel log says why.");
	if (warnings & TOCSIN_WARNING_MARGIN)
		cmcld_log(LOG_WARNING, "TOC_MARGIN is below 20 ms: raise it unless a TOC has "
			  "been measured to be faster (TIMING, How much margin).");
}

int cmcld_kernel_arm(struct cmcld_kernel *kernel)
{
	u32 warnings = 0;
	int err = explained(kernel, "arm", answered(kernel, nl_arm(asking(kernel), &warnings)));

	if (!err)
		log_warnings(warnings);
	return err;
}

int cmcld_kernel_pet(struct cmcld_kernel *kernel)
{
	return nl_pet(kernel->nl);
}

int cmcld_kernel_renew(const struct cmcld_kernel *kernel)
{
	return nl_renew(kernel->nl);
}

void cmcld_kernel_standin(struct cmcld_kernel *kernel, struct cmcld_standin *standin)
{
	kernel->standin = standin;
}

u64 cmcld_kernel_waited_ns(struct cmcld_kernel *kernel)
{
	u64 waited_ns = kernel->waited_ns;

	kernel->waited_ns = 0;
	return waited_ns;
}

int cmcld_kernel_disarm(struct cmcld_kernel *kernel, bool force)
{
	return explained(kernel, "disarm", answered(kernel, nl_disarm(asking(kernel), force)));
}

void cmcld_kernel_leave(struct cmcld_kernel *kernel)
{
	explained(kernel, "leave", answered(kernel, nl_leave(asking(kernel))));
}

void cmcld_kernel_toc(struct cmcld_kernel *kernel, const char *why)
{
	char reason[TOCSIN_REASON_MAX + 1];

	base_str_print(reason, sizeof(reason), "%s", why);
	explained(kernel, "reset this node", nl_toc_request(kernel->nl, reason));
}

/* ---- events ---- */

int cmcld_kernel_fd(const struct cmcld_kernel *kernel)
{
	return nl_events_fd(kernel->events);
}

/* What lost events would have said, from the states as they are now. */
static void peer_replay(const struct nl_peer *peer, const struct cmcld_kernel_ops *ops,
			void *arg)
{
	struct core_event event = {
		.type = peer->info.heard ? CORE_EVENT_PEER_HEARD : CORE_EVENT_PEER_SILENT,
		.peer = peer->info.id,
		.flags = (u8)peer->info.flags,
		.incarnation = peer->info.incarnation,
		.installed_epoch = peer->info.installed_epoch,
		.frontier = peer->info.frontier,
	};
	u8 i;

	if (!event.incarnation)
		return;
	ops->event(arg, &event);
	event.type = CORE_EVENT_FRONTIER;
	ops->event(arg, &event);
	event.type = CORE_EVENT_PATH_STATE;
	for (i = 0; i < peer->info.paths; i++) {
		event.path = i;
		event.value_ns = peer->path[i].info.state;
		ops->event(arg, &event);
	}
}

static void replay(struct cmcld_kernel *kernel, const struct cmcld_kernel_ops *ops, void *arg)
{
	const struct core_event holds = { .type = CORE_EVENT_LEASE_HOLDS };
	size_t i, count = 0;
	int err = answered(kernel, nl_peer_list(asking(kernel), kernel->peer, CONF_NODES_MAX,
						&count));

	if (err) {
		cmcld_log(LOG_WARNING, "The kernel does not say who is heard: %s; it is asked "
			  "again", strerror(-err));
		return;
	}
	kernel->behind = false;
	ops->overrun(arg);
	for (i = 0; i < count; i++)
		peer_replay(&kernel->peer[i], ops, arg);
	/* Harmless when it does not hold: installing is refused then. */
	ops->event(arg, &holds);
}

static void event_give(struct cmcld_kernel *kernel, const struct nl_event *event,
		       const struct cmcld_kernel_ops *ops, void *arg)
{
	kernel->behind |= event->lost != kernel->lost;
	kernel->lost = event->lost;
	ops->event(arg, &event->core);
	if (event->core.type == CORE_EVENT_PEER_GASP)
		ops->gasp(arg, &event->core, event->has_gasp ? &event->gasp : NULL);
}

/*
 * The states are read when nothing is left to read: what was queued before is older
 * than they are.  And until its queue was empty once the socket drops what comes
 * without a word (netlink(7); net/netlink/af_netlink.c, netlink_overrun()).
 */
void cmcld_kernel_collect(struct cmcld_kernel *kernel, const struct cmcld_kernel_ops *ops,
			  void *arg)
{
	struct nl_event event;
	int i, err;

	for (i = 0; i < EVENTS_PER_COLLECT; i++) {
		err = nl_events_read(kernel->events, &event);
		if (err == -ENOBUFS)
			kernel->behind = true;
		else if (err)
			break;
		else
			event_give(kernel, &event, ops, arg);
	}
	if (i < EVENTS_PER_COLLECT && kernel->behind)
		replay(kernel, ops, arg);
}

bool cmcld_kernel_behind(const struct cmcld_kernel *kernel)
{
	return kernel->behind;
}
