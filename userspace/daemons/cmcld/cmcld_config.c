// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_config.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tocsin/base.h>
#include <tocsin/conf_binary.h>

#include "cmcld_realtime.h"
#include "cmcld_watchdog.h"

#define OPTIONS_SIZE_MAX	(64 * 1024)
#define WATCHDOG_S_MAX		65535U

void cmcld_config_address(const struct conf_address *address, u16 port,
			  struct net_address *out)
{
	memset(out, 0, sizeof(*out));
	if (address->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)&out->storage;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->byte, 4);
		out->size = sizeof(*in);
	} else if (address->family == 6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->storage;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, address->byte, 16);
		out->size = sizeof(*in6);
	}
}

/* ---- options ---- */

static int option_set(struct cmcld_options *options, const char *name, const char *value)
{
	u64 number;

	if (!strcmp(name, "AUTOSTART_CMCLD")) {
		if (base_str_u64(value, 0, 1, &number))
			return -EINVAL;
		options->autostart = number;
	} else if (!strcmp(name, "CMCLD_PRIORITY_BELOW_MAX")) {
		if (base_str_u64(value, 1, CMCLD_PRIORITY_BELOW_LIMIT, &number))
			return -EINVAL;
		options->priority_below_max = (int)number;
	} else if (!strcmp(name, "CMCLD_ON_DETACH_MS")) {
		if (base_str_u64(value, 0, 60000, &number))
			return -EINVAL;
		options->on_detach_ns = number * BASE_NS_PER_MS;
	} else if (!strcmp(name, "CMCLD_WATCHDOG")) {
		if (!strcmp(value, "none"))
			value = "";
		else if (strncmp(value, "/dev/", 5))
			return -EINVAL;
		return base_str_copy(options->watchdog, sizeof(options->watchdog), value);
	} else if (!strcmp(name, "CMCLD_WATCHDOG_TIMEOUT_S")) {
		if (base_str_u64(value, 1, WATCHDOG_S_MAX, &number))
			return -EINVAL;
		options->watchdog_timeout_s = (unsigned int)number;
	} else {
		return -ENOENT;
	}
	return 0;
}

static int option_line(struct cmcld_options *options, char *line, const char *place,
		       char error[CMCLD_CONFIG_TEXT_MAX])
{
	char *name = base_str_trim(line);
	char *value = strchr(name, '=');
	int err;

	if (!*name || *name == '#')
		return 0;
	if (!value) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "%s: '%s': NAME=value is expected", place, name);
		return -EINVAL;
	}
	*value++ = '\0';
	name = base_str_trim(name);
	value = base_str_trim(value);
	err = option_set(options, name, value);
	if (err == -ENOENT)
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "%s: '%s' is no option; AUTOSTART_CMCLD, "
			       "CMCLD_PRIORITY_BELOW_MAX, CMCLD_ON_DETACH_MS, "
			       "CMCLD_WATCHDOG and CMCLD_WATCHDOG_TIMEOUT_S are",
			       place, name);
	else if (err)
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "%s: %s=%s: AUTOSTART_CMCLD takes 0 or 1, "
			       "CMCLD_PRIORITY_BELOW_MAX 1 to 96, CMCLD_ON_DETACH_MS "
			       "0 to 60000, CMCLD_WATCHDOG none or a device "
			       "(/dev/watchdog0), CMCLD_WATCHDOG_TIMEOUT_S 1 to %u",
			       place, name, value, WATCHDOG_S_MAX);
	return err ? -EINVAL : 0;
}

int cmcld_config_options(const char *name, char *text, struct cmcld_options *options,
			 char error[CMCLD_CONFIG_TEXT_MAX])
{
	char place[300];
	char *line, *rest = text;
	int number = 0, err;

	while ((line = strsep(&rest, "\n"))) {
		base_str_print(place, sizeof(place), "%s:%d", name, ++number);
		err = option_line(options, line, place, error);
		if (err)
			return err;
	}
	return 0;
}

/* A missing file means defaults. */
static int options_load(const char *path, struct cmcld_options *options,
			char error[CMCLD_CONFIG_TEXT_MAX])
{
	char *text;
	ssize_t size;
	int err;

	options->priority_below_max = CMCLD_PRIORITY_BELOW_MAX;
	size = base_file_read(path, OPTIONS_SIZE_MAX, &text);
	if (size == -ENOENT)
		return 0;
	if (size < 0) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX, "%s: %s", path,
			       strerror((int)-size));
		return (int)size;
	}
	err = cmcld_config_options(path, text, options, error);
	free(text);
	return err;
}

/* ---- configuration ---- */

static int conf_load(const char *path, struct conf *conf, char error[CMCLD_CONFIG_TEXT_MAX])
{
	const char *reason = "";
	char *data;
	ssize_t size = base_file_read(path, CONF_BINARY_MAX, &data);
	int err;

	if (size == -ENOENT) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "%s: no cluster is configured on this node; write a "
			       "cluster file and install it with cmapplyconf", path);
		return -ENOENT;
	}
	if (size < 0) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX, "%s: %s", path,
			       strerror((int)-size));
		return (int)size;
	}
	err = conf_decode(conf, data, (size_t)size, &reason);
	free(data);
	if (err)
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "%s: %s; copy the file from another node of the cluster",
			       path, reason);
	return err;
}

static int self_find(struct cmcld_config *config, const char *name,
		     char error[CMCLD_CONFIG_TEXT_MAX])
{
	char host[256] = "";

	if (!name) {
		gethostname(host, sizeof(host) - 1);
		host[strcspn(host, ".")] = '\0';
		name = host;
	}
	config->self = conf_node_by_name(config->conf, name);
	if (config->self)
		return 0;
	base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
		       "this host is called %s, and cluster %s has no node of that "
		       "name; correct the host name, or add the node with cmapplyconf",
		       name, config->conf->cluster.name);
	return -ENOENT;
}

/* ---- quorum server ---- */

static void qs_add(struct cmcld_config *config, const struct addrinfo *info)
{
	struct net_address *address;

	if (config->qs_count == NET_QS_ADDRESSES_MAX)
		return;
	address = &config->qs[config->qs_count++];
	memset(address, 0, sizeof(*address));
	memcpy(&address->storage, info->ai_addr, info->ai_addrlen);
	address->size = info->ai_addrlen;
}

static int qs_resolve(struct cmcld_config *config, const char *host,
		      char error[CMCLD_CONFIG_TEXT_MAX])
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list, *info;
	char port[8];
	int err;

	if (!*host)
		return 0;
	base_str_print(port, sizeof(port), "%u", config->conf->cluster.qs.port);
	err = getaddrinfo(host, port, &hints, &list);
	if (err) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "quorum server %s: %s; enter it in /etc/hosts, or give "
			       "its address as QS_HOST", host, gai_strerror(err));
		return -EHOSTUNREACH;
	}
	for (info = list; info; info = info->ai_next)
		qs_add(config, info);
	freeaddrinfo(list);
	return 0;
}

/* Without a watchdog its timeout means nothing, and is not looked at. */
static int watchdog_check(struct cmcld_config *config, char error[CMCLD_CONFIG_TEXT_MAX])
{
	u64 lease_ns = config->conf->cluster.safety_timeout_ns +
		       conf_takeover_margin_ns(config->conf);
	unsigned int *timeout_s = &config->options.watchdog_timeout_s;

	if (!config->options.watchdog[0])
		return 0;
	*timeout_s = cmcld_watchdog_timeout(*timeout_s, lease_ns, error);
	return *timeout_s ? 0 : -EINVAL;
}

int cmcld_config_load(const struct cmcld_config_places *places,
		      struct cmcld_config *config, char error[CMCLD_CONFIG_TEXT_MAX])
{
	int err;

	memset(config, 0, sizeof(*config));
	config->conf = calloc(1, sizeof(*config->conf));
	if (!config->conf) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX, "out of memory");
		return -ENOMEM;
	}
	err = options_load(places->options ? places->options : CMCLD_OPTIONS_FILE,
			   &config->options, error);
	config->path = places->conf ? places->conf : CONF_BINARY_PATH;
	if (!err)
		err = conf_load(config->path, config->conf, error);
	if (!err)
		err = watchdog_check(config, error);
	if (!err)
		err = self_find(config, places->node, error);
	if (!err)
		err = base_key_read(places->key ? places->key : BASE_KEY_FILE,
				    &config->key, error, CMCLD_CONFIG_TEXT_MAX);
	if (!err)
		err = qs_resolve(config, conf_text(config->conf,
						   config->conf->cluster.qs.host), error);
	if (!err)
		err = qs_resolve(config, conf_text(config->conf,
						   config->conf->cluster.qs.addr), error);
	if (err)
		cmcld_config_free(config);
	return err;
}

void cmcld_config_free(struct cmcld_config *config)
{
	base_key_wipe(&config->key, sizeof(config->key));
	free(config->conf);
	free(config->fresh);
	free(config->retired);
	config->conf = NULL;
	config->fresh = NULL;
	config->retired = NULL;
	config->self = NULL;
}

/* ---- a newer configuration ---- */

static bool same_address(const struct conf_address *a, const struct conf_address *b)
{
	if (!a || !b)
		return a == b;
	return a->family == b->family && !memcmp(a->byte, b->byte, sizeof(a->byte));
}

static bool same_node(const struct cmcld_config *config, int i)
{
	const struct conf_node *old = &config->conf->cluster.node[i];
	const struct conf_node *new = &config->fresh->cluster.node[i];
	u8 path;

	if (old->id != new->id || strcmp(old->name, new->name))
		return false;
	for (path = 0; path < conf_path_count(config->conf); path++)
		if (!same_address(conf_node_path_address(config->conf, old, path),
				  conf_node_path_address(config->fresh, new, path)))
			return false;
	return true;
}

/* What differs that a running cmcld cannot take over; NULL: nothing. */
static const char *difference(const struct cmcld_config *config)
{
	const struct conf_cluster *old = &config->conf->cluster;
	const struct conf_cluster *new = &config->fresh->cluster;
	int i;

	if (old->id != new->id || strcmp(old->name, new->name))
		return "it is of another cluster";
	if (old->interval_ns != new->interval_ns ||
	    old->member_timeout_ns != new->member_timeout_ns ||
	    old->safety_timeout_ns != new->safety_timeout_ns ||
	    old->heartbeat_port != new->heartbeat_port ||
	    conf_takeover_margin_ns(config->conf) != conf_takeover_margin_ns(config->fresh))
		return "it has other timeouts or another port";
	if (strcmp(conf_text(config->conf, old->qs.host), conf_text(config->fresh, new->qs.host)))
		return "it has another quorum server";
	if (old->node_count != new->node_count ||
	    conf_path_count(config->conf) != conf_path_count(config->fresh))
		return "it has other nodes or heartbeat networks";
	for (i = 0; i < old->node_count; i++)
		if (!same_node(config, i))
			return "it has other nodes or heartbeat addresses";
	return NULL;
}

int cmcld_config_fresh(struct cmcld_config *config, char error[CMCLD_CONFIG_TEXT_MAX])
{
	const char *what;
	int err;

	if (config->fresh) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "another configuration is being taken over; try again");
		return -EBUSY;
	}
	config->fresh = calloc(1, sizeof(*config->fresh));
	if (!config->fresh) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX, "out of memory");
		return -ENOMEM;
	}
	err = conf_load(config->path, config->fresh, error);
	what = err ? NULL : difference(config);
	if (what) {
		base_str_print(error, CMCLD_CONFIG_TEXT_MAX,
			       "%s: a running cmcld cannot take it over: %s; halt the "
			       "cluster and start it again", config->path, what);
		err = -EINVAL;
	}
	if (err)
		cmcld_config_settle(config, false);
	return err;
}

void cmcld_config_settle(struct cmcld_config *config, bool taken)
{
	if (taken) {
		u16 id = config->self->id;

		free(config->retired);
		config->retired = config->conf;
		config->conf = config->fresh;
		config->self = conf_node_by_id(config->conf, id);
	} else {
		free(config->fresh);
	}
	config->fresh = NULL;
}
