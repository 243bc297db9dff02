// SPDX-License-Identifier: GPL-2.0
/* Operations that only read, and what all answers have in common. */
#include <net/genetlink.h>
#include <net/sock.h>

#include "instance.h"
#include "netlink.h"
#include "put.h"
#include "recorder.h"
#include "refusal.h"

int tocsin_answer_begin(struct genl_info *info, u8 command, struct sk_buff **skb,
			void **header)
{
	*skb = genlmsg_new(NLMSG_DEFAULT_SIZE * 2, GFP_KERNEL);
	if (!*skb)
		return -ENOMEM;
	*header = genlmsg_put_reply(*skb, info, &tocsin_family, 0, command);
	if (*header)
		return 0;
	nlmsg_free(*skb);
	return -EMSGSIZE;
}

int tocsin_answer_end(struct genl_info *info, struct sk_buff *skb, void *header, int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

int tocsin_nobody(struct genl_info *info)
{
	GENL_SET_ERR_MSG(info, "nothing is attached in this network namespace: attach first");
	return -ENODEV;
}

int tocsin_nl_status_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	if (!t)
		return tocsin_nobody(info);
	err = tocsin_answer_begin(info, TOCSIN_CMD_STATUS_GET, &skb, &header);
	if (err)
		return err;
	err = tocsin_put_status(skb, t, info->snd_portid);
	return tocsin_answer_end(info, skb, header, err);
}

int tocsin_nl_peer_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_TARGET))
		return -EINVAL;
	if (!t)
		return tocsin_nobody(info);
	err = tocsin_answer_begin(info, TOCSIN_CMD_PEER_GET, &skb, &header);
	if (err)
		return err;
	err = tocsin_put_peer(skb, t, nla_get_u16(info->attrs[TOCSIN_A_TARGET]));
	tocsin_refuse(info, err);
	return tocsin_answer_end(info, skb, header, err);
}

int tocsin_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tocsin *t = tocsin_of(sock_net(cb->skb->sk));
	unsigned int id;
	void *header;
	int err = 0;

	if (!t)
		return -ENODEV;
	for (id = cb->args[0] + 1; id <= CORE_NODE_ID_MAX; id++) {
		header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				     &tocsin_family, NLM_F_MULTI, TOCSIN_CMD_PEER_GET);
		if (!header) {
			err = -EMSGSIZE;
			break;
		}
		err = tocsin_put_peer(skb, t, id);
		if (err)
			genlmsg_cancel(skb, header);
		else
			genlmsg_end(skb, header);
		if (err && err != -ENOENT)
			break;
		cb->args[0] = id;
	}
	/* A list without one that there was no memory for would look whole. */
	return id <= CORE_NODE_ID_MAX && !skb->len ? err : skb->len;
}

int tocsin_nl_stats_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tocsin *t = tocsin_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	if (!t)
		return tocsin_nobody(info);
	err = tocsin_answer_begin(info, TOCSIN_CMD_STATS_GET, &skb, &header);
	if (err)
		return err;
	return tocsin_answer_end(info, skb, header, tocsin_put_stats(skb, t));
}

int tocsin_nl_recorder_get_doit(struct sk_buff *request, struct genl_info *info)
{
	const void *area;
	struct sk_buff *skb;
	u32 offset, length;
	void *header;
	u64 size;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, TOCSIN_A_OFFSET))
		return -EINVAL;
	if (!net_eq(genl_info_net(info), &init_net)) {
		GENL_SET_ERR_MSG(info, "the recorder is read in the initial network namespace");
		return -EOPNOTSUPP;
	}
	area = tocsin_recorder_area(&size);
	offset = nla_get_u32(info->attrs[TOCSIN_A_OFFSET]);
	if (offset >= size) {
		GENL_SET_ERR_MSG(info, "offset beyond the end: an answer tells the size");
		return -ERANGE;
	}
	length = min_t(u64, size - offset, TOCSIN_DATA_MAX);
	err = tocsin_answer_begin(info, TOCSIN_CMD_RECORDER_GET, &skb, &header);
	if (err)
		return err;
	if (nla_put_u32(skb, TOCSIN_A_OFFSET, offset) ||
	    nla_put_u32(skb, TOCSIN_A_SIZE, size) ||
	    nla_put(skb, TOCSIN_A_DATA, length, area + offset))
		err = -EMSGSIZE;
	return tocsin_answer_end(info, skb, header, err);
}
