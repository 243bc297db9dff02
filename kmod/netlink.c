// SPDX-License-Identifier: GPL-2.0
/*
 * Translation only: check what came, call a verb, write the answer.  The
 * generic netlink layer holds back everybody without CAP_NET_ADMIN in the
 * initial user namespace (GENL_ADMIN_PERM), in each network namespace.
 */
#include "netlink.h"

#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "gasp.h"
#include "instance.h"
#include "key.h"
#include "notify.h"
#include "parse.h"
#include "put.h"
#include "recorder.h"
#include "refusal.h"

static u64 result(int err)
{
	return tocsin_record_result(err);
}

static u64 asker(void)
{
	return task_tgid_nr(current);
}

/* Enter as the owner of the instance, or say why not. */
static int owner_enter(struct tocsin *t, struct genl_info *info)
{
	if (!t)
		return tocsin_nobody(info);
	mutex_lock(&t->mutex);
	if (!t->attached) {
		mutex_unlock(&t->mutex);
		return tocsin_nobody(info);
	}
	if (t->owner != info->snd_portid) {
		mutex_unlock(&t->mutex);
		GENL_SET_ERR_MSG(info, "another socket owns the instance: ask from that one");
		return -EPERM;
	}
	return 0;
}

static int owner_lock_or_say(struct tocsin *t, struct genl_info *info, unsigned long *flags,
			     u64 *now_ns)
{
	int err = 0;

	if (!t)
		return tocsin_nobody(info);
	*now_ns = tocsin_lock(t, flags);
	if (!t->attached)
		err = -ENODEV;
	else if (t->owner != info->snd_portid)
		err = -EPERM;
	if (!err) {
		__release(&t->lock); /* for sparse: owner_lock() takes it over */
		return 0;
	}
	tocsin_unlock(t, *flags);
	if (err == -ENODEV)
		return tocsin_nobody(info);
	GENL_SET_ERR_MSG(info, "another socket owns the instance: ask from that one");
	return err;
}

/* The same for operations on the core alone: locks it instead of the mutex. */
static inline int owner_lock(struct tocsin *t, struct genl_info *info, unsigned long *flags,
			     u64 *now_ns)
{
	int err = owner_lock_or_say(t, info, flags, now_ns);

	(void)__cond_lock(&t->lock, !err);
	return err;
}

/* Take over an armed instance whose owner died. */
static int resume(struct tocsin *t, const struct core_config *config, u32 owner,
		  struct genl_info *info)
{
	const struct core_config *armed = &t->core->config;

	if (config->incarnation != armed->incarnation) {
		if (!config->incarnation) {
			GENL_SET_ERR_MSG(info, "armed: name its incarnation, or disarm by force");
			return -EBUSY;
		}
		GENL_SET_ERR_MSG(info, "armed with another incarnation: name that one");
		return -ESTALE;
	}
	if (config->cluster_id != armed->cluster_id || config->node_id != armed->node_id) {
		GENL_SET_ERR_MSG(info, "armed for another cluster or node: name these");
		return -EINVAL;
	}
	tocsin_owner_set(t, owner);
	return 0;
}

static int attach(struct tocsin *t, struct core_config *config, struct genl_info *info)
{
	int err;

	if (t->attached && t->owner && t->owner != info->snd_portid) {
		GENL_SET_ERR_MSG(info, "another process is attached: end it first");
		return -EBUSY;
	}
	if (tocsin_armed(t) && !tocsin_ended(t))
		return resume(t, config, info->snd_portid, info);
	if (tocsin_ended(t))
		tocsin_dissolve(t);
	if (config->incarnation) {
		GENL_SET_ERR_MSG(info, "nothing is armed to be resumed: name no incarnation");
		return -ESTALE;
	}
	err = core_config_check(config);
	if (err)
		return tocsin_refuse_config(info, config);
	err = tocsin_parse_instance(t, info);
	if (err)
		return err;
	while (!config->incarnation)
		get_random_bytes(&config->incarnation, sizeof(config->incarnation));
	return tocsin_attach(t, config, info->snd_portid);
}

int tocsin_nl_attach_doit(struct sk_buff *request, struct genl_info *info)
{
	struct core_config config;
	struct sk_buff *skb;
	struct tocsin *t;
	void *header;
	bool resumed;
	int err;

	err = tocsin_parse_config(info, &config);
	if (err)
		return err;
	t = tocsin_make(genl_info_net(info));
	if (IS_ERR(t))
		return PTR_ERR(t);
	err = tocsin_answer_begin(info, TOCSIN_CMD_ATTACH, &skb, &header);
	if (err)
		return err;
	mutex_lock(&t->mutex);
	resumed = tocsin_armed(t);
	err = attach(t, &config, info);
	if (!err) {
		tocsin_recorder_owner(t);
		err = nla_put(skb, TOCSIN_A_INCARNATION, sizeof(u64), &config.incarnation);
	}
	tocsin_record(t, RECORDER_ATTACH, 0, 0, config.incarnation, resumed, asker(), result(err));
	mutex_unlock(&t->mutex);
	return tocsin_answer_end(info, skb, header, err);
}

int tocsin_nl_key_set_doit(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr **attr = info->attrs;
	struct tocsin *t = tocsin_of(genl_info_net(info));
	u32 id;
	u8 slot;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_KEY_SLOT) ||
	    GENL_REQ_ATTR_CHECK(info, TOCSIN_A_KEY_ID) ||
	    GENL_REQ_ATTR_CHECK(info, TOCSIN_A_KEY))
		return -EINVAL;
	slot = nla_get_u8(attr[TOCSIN_A_KEY_SLOT]);
	id = nla_get_u32(attr[TOCSIN_A_KEY_ID]);
	err = owner_enter(t, info);
	if (err)
		return err;
	err = tocsin_key_set(t, slot, id, nla_data(attr[TOCSIN_A_KEY]),
			     attr[TOCSIN_A_KEY_TRANSMIT]);
	tocsin_gasp_refresh(t);
	tocsin_record(t, RECORDER_KEY_SET, 0, 0, slot, id, !!attr[TOCSIN_A_KEY_TRANSMIT],
		      result(err));
	mutex_unlock(&t->mutex);
	return tocsin_refuse(info, err);
}

/* Swap a peer's paths under the lock; the old ones are closed after it. */
static int peer_set(struct tocsin *t, const struct tocsin_parsed_peer *parsed)
{
	struct tocsin_peer *peer = &t->peer[parsed->id];
	struct tocsin_path *path;
	unsigned long flags;
	int err;
	u8 i;

	path = kcalloc(CORE_PATHS_MAX, sizeof(*path), GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	memcpy(path, parsed->path, parsed->paths * sizeof(*path));
	err = tocsin_link_open(t, path, parsed->paths);
	if (err)
		goto out;
	tocsin_lock(t, &flags);
	if (t->core->peer[parsed->id].known)
		err = t->core->peer[parsed->id].paths == parsed->paths ? 0 : -EINVAL;
	else
		err = core_peer_add(t->core, parsed->id, parsed->paths);
	if (!err) {
		memcpy(peer->name, parsed->name, sizeof(peer->name));
		for (i = 0; i < CORE_PATHS_MAX; i++)
			swap(peer->path[i], path[i]);
		tocsin_recorder_peer(t, parsed->id);
	}
	tocsin_unlock(t, flags);
	tocsin_link_close(t, path, CORE_PATHS_MAX);
out:
	kfree(path);
	return err;
}

int tocsin_nl_peer_set_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	struct tocsin_parsed_peer *parsed;
	int err;

	parsed = kzalloc(sizeof(*parsed), GFP_KERNEL);
	if (!parsed)
		return -ENOMEM;
	err = tocsin_parse_peer(info, parsed);
	if (err)
		goto out;
	err = owner_enter(t, info);
	if (err)
		goto out;
	err = tocsin_refuse(info, peer_set(t, parsed));
	tocsin_gasp_refresh(t);
	tocsin_record(t, RECORDER_PEER_SET, parsed->id, 0, parsed->paths, 0, asker(), result(err));
	mutex_unlock(&t->mutex);
out:
	kfree(parsed);
	return err;
}

static int peer_del(struct tocsin *t, u16 id)
{
	struct tocsin_path *path;
	unsigned long flags;
	int err;
	u8 i;

	path = kcalloc(CORE_PATHS_MAX, sizeof(*path), GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	tocsin_lock(t, &flags);
	err = core_peer_remove(t->core, id);
	if (!err) {
		for (i = 0; i < CORE_PATHS_MAX; i++)
			swap(t->peer[id].path[i], path[i]);
		tocsin_recorder_peer(t, id);
	}
	tocsin_unlock(t, flags);
	tocsin_link_close(t, path, CORE_PATHS_MAX);
	kfree(path);
	return err;
}

int tocsin_nl_peer_del_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	int err;
	u16 id;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_TARGET))
		return -EINVAL;
	id = nla_get_u16(info->attrs[TOCSIN_A_TARGET]);
	err = owner_enter(t, info);
	if (err)
		return err;
	err = tocsin_refuse(info, peer_del(t, id));
	tocsin_gasp_refresh(t);
	tocsin_record(t, RECORDER_PEER_DEL, id, 0, 0, 0, asker(), result(err));
	mutex_unlock(&t->mutex);
	return err;
}

int tocsin_nl_arm_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	bool armed;
	int err;

	err = tocsin_answer_begin(info, TOCSIN_CMD_ARM, &skb, &header);
	if (err)
		return err;
	err = owner_enter(t, info);
	if (err)
		return tocsin_answer_end(info, skb, header, err);
	err = tocsin_refuse(info, tocsin_arm(t));
	tocsin_record(t, RECORDER_ARM, 0, 0, core_safety_lease_ns(t->core), t->warnings, asker(),
		      result(err));
	armed = !err;
	if (armed)
		err = tocsin_put_status(skb, t, info->snd_portid);
	err = tocsin_answer_end(info, skb, header, err);
	/* Who is told that it is not armed does not renew. */
	if (armed && err)
		tocsin_disarm(t, true);
	mutex_unlock(&t->mutex);
	return err;
}

int tocsin_nl_pet_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	unsigned long flags;
	u64 now_ns;
	int err;

	err = owner_lock(t, info, &flags, &now_ns);
	if (err)
		return err;
	return tocsin_refuse(info, tocsin_pet(t, now_ns, flags));
}

int tocsin_nl_disarm_doit(struct sk_buff *request, struct genl_info *info)
{
	bool force = info->attrs[TOCSIN_A_FORCE];
	struct tocsin *t = tocsin_of(genl_info_net(info));
	int err;

	if (!t)
		return tocsin_nobody(info);
	mutex_lock(&t->mutex);
	if (!t->attached) {
		err = tocsin_nobody(info);
	} else if (t->owner != info->snd_portid && !force) {
		GENL_SET_ERR_MSG(info, "another socket owns the instance: disarm with force");
		err = -EPERM;
	} else {
		err = tocsin_refuse(info, tocsin_disarm(t, force));
	}
	tocsin_record(t, RECORDER_DISARM, 0, 0, force, 0, asker(), result(err));
	mutex_unlock(&t->mutex);
	return err;
}

int tocsin_nl_acknowledge_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	unsigned long flags;
	u64 incarnation, now_ns;
	int err;
	u16 id;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_TARGET) ||
	    GENL_REQ_ATTR_CHECK(info, TOCSIN_A_INCARNATION))
		return -EINVAL;
	id = nla_get_u16(info->attrs[TOCSIN_A_TARGET]);
	incarnation = nla_get_u64(info->attrs[TOCSIN_A_INCARNATION]);
	err = owner_lock(t, info, &flags, &now_ns);
	if (err)
		return err;
	err = core_acknowledge(t->core, id, incarnation);
	tocsin_unlock(t, flags);
	tocsin_record(t, RECORDER_ACKNOWLEDGE, id, 0, incarnation, 0, asker(), result(err));
	return tocsin_refuse(info, err);
}

int tocsin_nl_promise_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	struct core_ballot ballot;
	unsigned long flags;
	u64 epoch, now_ns;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_EPOCH) ||
	    GENL_REQ_ATTR_CHECK(info, TOCSIN_A_BALLOT_COUNTER) ||
	    GENL_REQ_ATTR_CHECK(info, TOCSIN_A_BALLOT_NODE))
		return -EINVAL;
	epoch = nla_get_u64(info->attrs[TOCSIN_A_EPOCH]);
	ballot.counter = nla_get_u64(info->attrs[TOCSIN_A_BALLOT_COUNTER]);
	ballot.node = nla_get_u16(info->attrs[TOCSIN_A_BALLOT_NODE]);
	err = owner_lock(t, info, &flags, &now_ns);
	if (err)
		return err;
	err = core_promise(t->core, epoch, &ballot);
	tocsin_unlock(t, flags);
	tocsin_gasp_refresh(t);
	tocsin_record(t, RECORDER_PROMISE, ballot.node, 0, epoch, ballot.counter, 0, result(err));
	return tocsin_refuse(info, err);
}

/* What accept works on: too large for the stack. */
struct accept {
	struct core_view view;
	struct core_ages ages;
	u64 counter;
	u16 node;
};

/* Nobody else passes events on meanwhile: not to be preempted by what takes its time.
 * With PREEMPT_RT it can be, and only who waits for this CPU's soft interrupts raises it.
 */
static void events_flush(struct tocsin *t)
{
	local_bh_disable();
	tocsin_notify_flush(t);
	local_bh_enable();
}

static int accept_run(struct tocsin *t, struct genl_info *info, struct accept *a)
{
	unsigned long flags;
	u64 now_ns;
	int err;

	err = owner_lock(t, info, &flags, &now_ns);
	if (err)
		return err;
	err = core_accept(t->core, &a->view, a->counter, a->node, now_ns, &a->ages);
	tocsin_recorder_state(t);
	tocsin_unlock(t, flags);
	tocsin_gasp_refresh(t);
	tocsin_record(t, RECORDER_ACCEPT, a->node, 0, a->view.epoch, a->view.hash, a->counter,
		      result(err));
	if (!err)
		events_flush(t);
	return tocsin_refuse(info, err);
}

int tocsin_nl_accept_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	struct sk_buff *skb;
	struct accept *a;
	void *header;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_BALLOT_COUNTER) ||
	    GENL_REQ_ATTR_CHECK(info, TOCSIN_A_BALLOT_NODE))
		return -EINVAL;
	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	a->counter = nla_get_u64(info->attrs[TOCSIN_A_BALLOT_COUNTER]);
	a->node = nla_get_u16(info->attrs[TOCSIN_A_BALLOT_NODE]);
	err = tocsin_parse_view(info, &a->view);
	if (err)
		goto out;
	err = tocsin_answer_begin(info, TOCSIN_CMD_ACCEPT, &skb, &header);
	if (err)
		goto out;
	err = accept_run(t, info, a);
	if (!err)
		err = tocsin_put_ages(skb, &a->ages);
	err = tocsin_answer_end(info, skb, header, err);
out:
	kfree(a);
	return err;
}

static int install_run(struct tocsin *t, struct genl_info *info, const struct core_view *view)
{
	unsigned long flags;
	u64 now_ns;
	int err;

	err = owner_lock(t, info, &flags, &now_ns);
	if (err)
		return err;
	err = core_install(t->core, view, now_ns);
	tocsin_recorder_state(t);
	tocsin_unlock(t, flags);
	tocsin_gasp_refresh(t);
	tocsin_record(t, RECORDER_INSTALL, 0, 0, view->epoch, view->hash, view->count, result(err));
	events_flush(t);
	return tocsin_refuse(info, err);
}

int tocsin_nl_install_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	struct core_view *view;
	int err;

	view = kzalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return -ENOMEM;
	err = tocsin_parse_view(info, view);
	if (!err)
		err = install_run(t, info, view);
	kfree(view);
	return err;
}

int tocsin_nl_toc_request_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	char reason[TOCSIN_REASON_MAX + 1] = "";
	unsigned long flags;
	u64 now_ns;
	int err;

	if (info->attrs[TOCSIN_A_REASON])
		nla_strscpy(reason, info->attrs[TOCSIN_A_REASON], sizeof(reason));
	err = owner_lock(t, info, &flags, &now_ns);
	if (err)
		return err;
	err = tocsin_toc_request(t, reason, flags);
	return tocsin_refuse(info, err);
}

int tocsin_nl_leave_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	unsigned long flags;
	u64 now_ns;
	int err;

	err = owner_lock(t, info, &flags, &now_ns);
	if (err)
		return err;
	err = core_leave(t->core);
	tocsin_unlock(t, flags);
	tocsin_record(t, RECORDER_LEAVE, 0, 0, 0, 0, asker(), result(err));
	return tocsin_refuse(info, err);
}

static const struct genl_multicast_group groups[] = {
	/* Each listener costs time in the heartbeat's soft interrupt. */
	[TOCSIN_NLGRP_EVENTS] = { .name = TOCSIN_MCGRP_EVENTS, COMPAT_MCAST_ADMIN },
};

struct genl_family tocsin_family __ro_after_init = {
	.name = TOCSIN_FAMILY_NAME,
	.version = TOCSIN_FAMILY_VERSION,
	.maxattr = ARRAY_SIZE(tocsin_attrs_nl_policy) - 1,
	.policy = tocsin_attrs_nl_policy,
	.module = THIS_MODULE,
	.netnsok = true,
	/* Of the two locks of all families it spares this one; device.c spares both. */
	.parallel_ops = true,
	.small_ops = tocsin_nl_ops,
	.n_small_ops = ARRAY_SIZE(tocsin_nl_ops),
	COMPAT_RESV_START_OP(TOCSIN_CMD_EVENT + 1)
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

static int socket_released(struct notifier_block *block, unsigned long state, void *data)
{
	const struct netlink_notify *notify = data;
	struct tocsin *t;

	if (state != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	t = tocsin_of(notify->net);
	/* Other sockets must not wait for the mutex; it looks again. */
	if (t && notify->portid == READ_ONCE(t->owner))
		tocsin_owner_gone(t, notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block release_block = {
	.notifier_call = socket_released,
};

int tocsin_netlink_init(void)
{
	int err;

	err = netlink_register_notifier(&release_block);
	if (err)
		return err;
	err = genl_register_family(&tocsin_family);
	if (err)
		netlink_unregister_notifier(&release_block);
	return err;
}

void tocsin_netlink_uninit(void)
{
	genl_unregister_family(&tocsin_family);
	netlink_unregister_notifier(&release_block);
}
