// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Relocatable addresses, by rtnetlink.  An address is added with the prefix
 * length of a single host (/32, /128): the node's own address in the subnet
 * already has the route, stays the preferred source, and may come and go without
 * taking this one with it.
 */
#include "cmsrvassistd.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <time.h>

#include <tocsin/conf_address.h>

#define LINKS_MAX	64

/* What a dump is looked through for. */
struct search {
	const struct conf_address *address;
	bool exact;			/* carried; else: in the same subnet */
	u32 count;
	u32 link[LINKS_MAX];
	u8 prefix_len[LINKS_MAX];
};

static u8 family_of(const struct conf_address *address)
{
	return address->family == 4 ? AF_INET : AF_INET6;
}

static u8 size_of(const struct conf_address *address)
{
	return address->family == 4 ? 4 : 16;
}

static const void *address_of(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *local = NULL, *any = NULL;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifaddrmsg)) {
		if (mnl_attr_get_type(attr) == IFA_LOCAL)
			local = attr;
		if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			any = attr;
	}
	/* On a point-to-point link IFA_ADDRESS is the other side's. */
	return local ? mnl_attr_get_payload(local) : any ? mnl_attr_get_payload(any) : NULL;
}

static int look(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct search *search = data;
	struct conf_address own = { .family = search->address->family,
				    .prefix_len = ifa->ifa_prefixlen };
	const void *bytes = address_of(nlh);
	bool same;

	if (ifa->ifa_family != family_of(search->address) || !bytes ||
	    search->count == LINKS_MAX)
		return MNL_CB_OK;
	memcpy(own.byte, bytes, size_of(search->address));
	same = conf_address_same(&own, search->address);
	if (search->exact ? !same : same || own.prefix_len == size_of(&own) * 8 ||
				    !conf_address_within(&own, search->address))
		return MNL_CB_OK;
	search->link[search->count] = ifa->ifa_index;
	search->prefix_len[search->count++] = ifa->ifa_prefixlen;
	return MNL_CB_OK;
}

/* One request, and everything the kernel answers. */
static int talk(struct nlmsghdr *nlh, mnl_cb_t callback, void *data)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	ssize_t length;
	int result = -1;

	if (!socket)
		return -errno;
	nlh->nlmsg_seq = 1;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		goto out;
	do {
		length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (length < 0)
			goto out;
		result = mnl_cb_run(buffer, (size_t)length, 1,
				    mnl_socket_get_portid(socket), callback, data);
	} while (result > 0);
out:
	result = result < 0 ? -errno : 0;
	mnl_socket_close(socket);
	return result;
}

static int find(struct search *search)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = family_of(search->address);
	return talk(nlh, look, search);
}

static int change(u16 type, const struct conf_address *address, u32 link, u8 prefix_len)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	/* Not chosen as a source of its own accord; usable at once. */
	struct ifa_cacheinfo life = { .ifa_valid = UINT32_MAX, .ifa_prefered = 0 };
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (type == RTM_NEWADDR)
		nlh->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = family_of(address);
	ifa->ifa_prefixlen = prefix_len;
	ifa->ifa_index = link;
	if (address->family == 6)
		ifa->ifa_flags = IFA_F_NODAD;
	mnl_attr_put(nlh, IFA_LOCAL, size_of(address), address->byte);
	mnl_attr_put(nlh, IFA_ADDRESS, size_of(address), address->byte);
	if (type == RTM_NEWADDR && address->family == 6)
		mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(life), &life);
	return talk(nlh, NULL, NULL);
}

int assistd_address_add(const struct conf_address *address, char ifname[16])
{
	struct conf_address network = conf_address_network(address);
	struct search search = { .address = &network };
	int err = find(&search);

	if (err)
		return err;
	if (!search.count)
		return -ENONET;
	if (!if_indextoname(search.link[0], ifname))
		return -errno;
	return change(RTM_NEWADDR, address, search.link[0], (u8)(size_of(address) * 8));
}

int assistd_address_remove(const struct conf_address *address)
{
	struct search search = { .address = address, .exact = true };
	int err = find(&search), removed = 0;

	for (u32 i = 0; !err && i < search.count; i++) {
		err = change(RTM_DELADDR, address, search.link[i], search.prefix_len[i]);
		if (err == -EADDRNOTAVAIL)
			err = 0;	/* gone meanwhile */
		else if (!err)
			removed++;
	}
	return err ? err : removed;
}

int assistd_address_links(const struct conf_address *address, u32 *link, u32 max)
{
	struct search search = { .address = address, .exact = true };
	int err = find(&search);

	if (err)
		return err;
	if (search.count > max)
		search.count = max;
	memcpy(link, search.link, search.count * sizeof(*link));
	return (int)search.count;
}
