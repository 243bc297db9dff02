// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/net.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <net/if.h>

static struct sockaddr_in *v4(struct net_address *address)
{
	return (struct sockaddr_in *)&address->storage;
}

static struct sockaddr_in6 *v6(struct net_address *address)
{
	return (struct sockaddr_in6 *)&address->storage;
}

static int parse_v6(const char *text, struct net_address *address)
{
	char host[INET6_ADDRSTRLEN + 1];
	const char *zone = strchr(text, '%');
	size_t length = zone ? (size_t)(zone - text) : strlen(text);

	if (length >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	if (inet_pton(AF_INET6, host, &v6(address)->sin6_addr) != 1)
		return -EINVAL;
	if (zone) {
		v6(address)->sin6_scope_id = if_nametoindex(zone + 1);
		if (!v6(address)->sin6_scope_id)
			return -EINVAL;
	}
	address->storage.ss_family = AF_INET6;
	address->size = sizeof(struct sockaddr_in6);
	return 0;
}

int net_address_parse(const char *text, u16 port, struct net_address *address)
{
	int err = 0;

	memset(address, 0, sizeof(*address));
	if (!strcmp(text, "*"))
		text = "::";
	if (inet_pton(AF_INET, text, &v4(address)->sin_addr) == 1) {
		address->storage.ss_family = AF_INET;
		address->size = sizeof(struct sockaddr_in);
	} else {
		memset(address, 0, sizeof(*address));
		err = parse_v6(text, address);
	}
	if (err)
		memset(address, 0, sizeof(*address));
	else
		net_address_set_port(address, port);
	return err;
}

/* The IPv4 address in an IPv4-mapped IPv6 address, or NULL. */
static const void *mapped(const struct net_address *address)
{
	const struct sockaddr_in6 *six = (const void *)&address->storage;

	if (address->storage.ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		return NULL;
	return &six->sin6_addr.s6_addr[12];
}

void net_address_print(const struct net_address *address, char text[NET_ADDRESS_TEXT_MAX])
{
	const struct sockaddr_in *four = (const void *)&address->storage;
	const struct sockaddr_in6 *six = (const void *)&address->storage;
	const void *inner = mapped(address);
	char host[INET6_ADDRSTRLEN] = "?";
	char zone[IF_NAMESIZE + 1] = "";

	if (address->storage.ss_family == AF_INET)
		inner = &four->sin_addr;
	if (inner) {
		inet_ntop(AF_INET, inner, host, sizeof(host));
		base_str_print(text, NET_ADDRESS_TEXT_MAX, "%s:%u", host,
			       net_address_port(address));
		return;
	}
	if (address->storage.ss_family != AF_INET6) {
		base_str_print(text, NET_ADDRESS_TEXT_MAX, "unknown address");
		return;
	}
	inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
	if (six->sin6_scope_id && if_indextoname(six->sin6_scope_id, zone + 1))
		zone[0] = '%';
	base_str_print(text, NET_ADDRESS_TEXT_MAX, "[%s%s]:%u", host, zone,
		       net_address_port(address));
}

u16 net_address_port(const struct net_address *address)
{
	const struct sockaddr_in *four = (const void *)&address->storage;
	const struct sockaddr_in6 *six = (const void *)&address->storage;

	if (address->storage.ss_family == AF_INET)
		return ntohs(four->sin_port);
	return address->storage.ss_family == AF_INET6 ? ntohs(six->sin6_port) : 0;
}

void net_address_set_port(struct net_address *address, u16 port)
{
	if (address->storage.ss_family == AF_INET)
		v4(address)->sin_port = htons(port);
	else if (address->storage.ss_family == AF_INET6)
		v6(address)->sin6_port = htons(port);
}

bool net_address_same_host(const struct net_address *a, const struct net_address *b)
{
	const struct sockaddr_in *four_a = (const void *)&a->storage;
	const struct sockaddr_in *four_b = (const void *)&b->storage;
	const struct sockaddr_in6 *six_a = (const void *)&a->storage;
	const struct sockaddr_in6 *six_b = (const void *)&b->storage;
	const void *inner_a = a->storage.ss_family == AF_INET ? &four_a->sin_addr : mapped(a);
	const void *inner_b = b->storage.ss_family == AF_INET ? &four_b->sin_addr : mapped(b);

	if (inner_a && inner_b)
		return !memcmp(inner_a, inner_b, 4);
	if (inner_a || inner_b || a->storage.ss_family != AF_INET6 ||
	    b->storage.ss_family != AF_INET6)
		return false;
	return !memcmp(&six_a->sin6_addr, &six_b->sin6_addr, 16);
}
