/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cmcld reads before it goes real-time: configuration, key, options. */
#ifndef CMCLD_CONFIG_H
#define CMCLD_CONFIG_H

#include <tocsin/base_key.h>
#include <tocsin/conf.h>
#include <tocsin/net_qs.h>

#define CMCLD_OPTIONS_FILE	"/etc/tocsin/tocsin.conf"
#define CMCLD_CONFIG_TEXT_MAX	512
#define CMCLD_WATCHDOG_PATH_MAX	64

/**
 * struct cmcld_options - /etc/tocsin/tocsin.conf: "NAME=value" lines
 * @autostart: AUTOSTART_CMCLD=1: form a cluster without being told [0]
 * @priority_below_max: CMCLD_PRIORITY_BELOW_MAX [20]
 * @on_detach_ns: CMCLD_ON_DETACH_MS: life left to a node whose cmcld died [0]
 * @watchdog: CMCLD_WATCHDOG: device of a hardware watchdog; "": none
 * @watchdog_timeout_s: CMCLD_WATCHDOG_TIMEOUT_S; chosen where it is not given
 */
struct cmcld_options {
	bool autostart;
	int priority_below_max;
	u64 on_detach_ns;
	char watchdog[CMCLD_WATCHDOG_PATH_MAX];
	unsigned int watchdog_timeout_s;
};

/**
 * struct cmcld_config
 * @self: points into @conf
 * @fresh: a newer configuration, being handed over; NULL: none
 * @retired: the former one: a last snapshot may still speak of it
 * @path: where @conf was read from
 */
struct cmcld_config {
	struct conf *conf;
	const struct conf_node *self;
	struct conf *fresh;
	struct conf *retired;
	const char *path;
	struct base_key key;
	struct cmcld_options options;
	unsigned int qs_count;
	struct net_address qs[NET_QS_ADDRESSES_MAX];
};

/* Where to read from; NULL in a field means the usual place or name. */
struct cmcld_config_places {
	const char *conf;
	const char *key;
	const char *options;
	const char *node;		/* name of this node: the host's name */
};

/**
 * cmcld_config_load - read all, check all; resolves the quorum server's name
 * @error: on failure one line: place, what is wrong, remedy
 * Return: 0 or -errno. Context: start of the program; blocks.
 */
int cmcld_config_load(const struct cmcld_config_places *places,
		      struct cmcld_config *config, char error[CMCLD_CONFIG_TEXT_MAX]);
void cmcld_config_free(struct cmcld_config *config);

/**
 * cmcld_config_fresh - read the configuration again, into @config->fresh
 * Only what a running cmcld can take over may differ: packages, and what is
 * looked at when it starts.
 * Return: 0 or -errno with @error; -EBUSY: another one is being handed over.
 */
int cmcld_config_fresh(struct cmcld_config *config, char error[CMCLD_CONFIG_TEXT_MAX]);
/* The real-time thread has (@taken) or has not taken it over. */
void cmcld_config_settle(struct cmcld_config *config, bool taken);

/* Text of an options file into @options, which holds defaults before. */
int cmcld_config_options(const char *name, char *text, struct cmcld_options *options,
			 char error[CMCLD_CONFIG_TEXT_MAX]);

/* An address of the configuration with a port. */
void cmcld_config_address(const struct conf_address *address, u16 port,
			  struct net_address *out);

#endif
