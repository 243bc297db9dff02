// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmclconfd_gather.h"
#include "cmclconfd_store.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <tocsin/version.h>
#include <unistd.h>

bool clconfd_cmcld_runs(const struct clconfd *daemon)
{
	int fd = ipc_connect(clconfd_run(daemon, "cmcld.sock"));

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

json_t *clconfd_gather_state(const struct clconfd *daemon)
{
	struct conf *conf = clconfd_store_conf(daemon);
	struct clconfd_staged staged;
	struct conf_binary_head head;
	const char *reason;
	char id[17];
	json_t *state;
	int err;

	clconfd_store_current(daemon, NULL, &head, &reason);
	base_str_print(id, sizeof(id), "%016llx", (unsigned long long)head.cluster_id);
	state = json_pack("{s:s,s:s,s:s,s:s,s:I,s:b}", "node", daemon->options.node,
			  "version", TOCSIN_VERSION, "cluster", conf ? conf->cluster.name : "",
			  "cluster_id", id, "generation", (json_int_t)head.generation,
			  "cmcld", clconfd_cmcld_runs(daemon));
	free(conf);
	err = clconfd_store_staged(daemon, &staged, NULL, NULL);
	if (!err)
		json_object_set_new(state, "staged", json_integer((json_int_t)staged.generation));
	return state;
}

static json_t *find_interface(json_t *list, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (!strcmp(json_string_value(json_object_get(item, "name")), name))
			return item;
	item = json_pack("{s:s,s:[]}", "name", name, "addresses");
	json_array_append_new(list, item);
	return item;
}

static void add_address(json_t *interface, const struct ifaddrs *entry)
{
	bool six = entry->ifa_addr->sa_family == AF_INET6;
	const u8 *host, *mask;
	char text[INET6_ADDRSTRLEN];
	int prefix = 0;

	if (!entry->ifa_netmask)
		return;
	if (six) {
		host = ((struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr.s6_addr;
		mask = ((struct sockaddr_in6 *)entry->ifa_netmask)->sin6_addr.s6_addr;
	} else {
		host = (u8 *)&((struct sockaddr_in *)entry->ifa_addr)->sin_addr;
		mask = (u8 *)&((struct sockaddr_in *)entry->ifa_netmask)->sin_addr;
	}
	while (prefix < (six ? 128 : 32) && mask[prefix / 8] & (0x80 >> prefix % 8))
		prefix++;
	inet_ntop(six ? AF_INET6 : AF_INET, host, text, sizeof(text));
	json_array_append_new(json_object_get(interface, "addresses"),
			      json_pack("{s:s,s:i}", "address", text, "prefix", prefix));
}

static void add_link(json_t *interface, const struct ifaddrs *entry)
{
	const struct sockaddr_ll *link = (struct sockaddr_ll *)entry->ifa_addr;
	char mac[17];

	json_object_set_new(interface, "up", json_boolean(entry->ifa_flags & IFF_UP));
	json_object_set_new(interface, "link", json_boolean(entry->ifa_flags & IFF_RUNNING));
	if (link->sll_halen == 6) {
		base_hex_write(mac, link->sll_addr, 6);
		json_object_set_new(interface, "mac", json_string(mac));
	}
}

json_t *clconfd_gather_interfaces(void)
{
	struct ifaddrs *all;
	json_t *list;

	if (getifaddrs(&all) < 0)
		return NULL;
	list = json_array();
	for (struct ifaddrs *entry = all; entry; entry = entry->ifa_next) {
		json_t *interface;

		if (!entry->ifa_addr || entry->ifa_flags & IFF_LOOPBACK)
			continue;
		interface = find_interface(list, entry->ifa_name);
		if (entry->ifa_addr->sa_family == AF_PACKET)
			add_link(interface, entry);
		else if (entry->ifa_addr->sa_family == AF_INET ||
			 entry->ifa_addr->sa_family == AF_INET6)
			add_address(interface, entry);
	}
	freeifaddrs(all);
	return list;
}

json_t *clconfd_gather_all(const struct clconfd *daemon)
{
	json_t *facts = clconfd_gather_state(daemon);
	json_t *interfaces = clconfd_gather_interfaces();
	struct utsname kernel;
	struct sysinfo info;

	json_object_set_new(facts, "interfaces", interfaces ? interfaces : json_array());
	if (!uname(&kernel))
		json_object_set_new(facts, "kernel", json_string(kernel.release));
	if (!sysinfo(&info))
		json_object_set_new(facts, "memory", json_integer(
			(json_int_t)((u64)info.totalram * info.mem_unit >> 20)));
	json_object_set_new(facts, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	return facts;
}
