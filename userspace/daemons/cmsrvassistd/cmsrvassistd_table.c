// SPDX-License-Identifier: GPL-2.0-or-later
/* The packages this node has heard of, by name. */
#include "cmsrvassistd.h"

#include <tocsin/base_log.h>

#include <stdlib.h>

struct assistd_package *assistd_package_find(struct assistd *assistd, const char *name)
{
	for (struct assistd_package *p = assistd->packages; p; p = p->next)
		if (!strcmp(p->def.name, name))
			return p;
	return NULL;
}

static struct assistd_package *package_new(struct assistd *assistd)
{
	struct assistd_package *package = calloc(1, sizeof(*package));

	if (!package)
		return NULL;
	package->assistd = assistd;
	package->script.package = package;
	package->script.service = PKG_NOBODY;
	package->script.pidfd = -1;
	for (u16 i = 0; i < CONF_SERVICES_MAX; i++) {
		package->service[i].package = package;
		package->service[i].service = i;
		package->service[i].pidfd = -1;
	}
	package->next = assistd->packages;
	assistd->packages = package;
	return package;
}

/* Keep a copy of the bytes and point the definition into it. */
static int definition_take(struct assistd_package *package, const void *bytes, size_t length)
{
	struct assist_message message;
	const char *why;
	void *copy = malloc(length);
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, bytes, length);
	err = assist_decode(&message, copy, length, &why);
	if (err) {
		free(copy);
		return err;
	}
	free(package->message);
	package->message = copy;
	package->message_length = length;
	package->def = message.package;
	package->slot = message.head.slot;
	package->run = message.head.run;
	package->incarnation = package->assistd->incarnation;
	return 0;
}

/* The package of this name, with the definition in @bytes; NULL: no memory. */
struct assistd_package *assistd_package_take(struct assistd *assistd,
					     const struct assist_message *message,
					     const void *bytes, size_t length)
{
	struct assistd_package *package = assistd_package_find(assistd, message->package.name);
	bool fresh = !package;

	if (fresh)
		package = package_new(assistd);
	if (package && !definition_take(package, bytes, length))
		return package;
	base_log(BASE_LOG_ERROR, "package %s: not enough memory", message->package.name);
	if (fresh && package)
		assistd_package_drop(package);
	return NULL;
}

void assistd_package_drop(struct assistd_package *package)
{
	struct assistd_package **link = &package->assistd->packages;

	while (*link != package)
		link = &(*link)->next;
	*link = package->next;
	assistd_wait_end(package);
	assistd_announce_stop(package);
	package->timer = sd_event_source_disable_unref(package->timer);
	assistd_process_forget(&package->script);
	for (u16 i = 0; i < CONF_SERVICES_MAX; i++)
		assistd_process_forget(&package->service[i]);
	free(package->message);
	free(package);
}
