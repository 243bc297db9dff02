// SPDX-License-Identifier: GPL-2.0-or-later
/* What scripts and services find in their environment: Documentation/PACKAGES. */
#include "cmsrvassistd.h"

#include <stdlib.h>

#define ENTRIES		(ASSIST_VARIABLES_MAX + 16)

struct list {
	char **entry;
	size_t count;
};

static bool add(struct list *list, const char *name, const char *value)
{
	char *text;

	if (list->count == ENTRIES - 1)
		return false;
	if (asprintf(&text, "%s=%s", name, value) < 0)
		return false;
	list->entry[list->count++] = text;
	return true;
}

static bool add_number(struct list *list, const char *name, u32 value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return add(list, name, text);
}

static bool add_variable(struct list *list, const char *text)
{
	if (list->count == ENTRIES - 1)
		return false;
	list->entry[list->count] = strdup(text);
	return list->entry[list->count++] != NULL;
}

static bool add_all(struct list *list, const struct assistd_package *package, u16 service)
{
	const struct assist_package *def = &package->def;
	bool good = true;

	good &= add(list, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	good &= add(list, "SG_PACKAGE", def->name);
	good &= add(list, "SG_PACKAGE_NAME", def->name);
	good &= add(list, "SG_NODE", def->node);
	good &= add(list, "SG_CLUSTER", def->cluster);
	good &= add(list, "SG_SCRIPT_LOG_FILE", def->log_file);
	good &= add_number(list, "SG_RUN_ID", package->run);
	if (package->phase == ASSISTD_HALTING || package->phase == ASSISTD_UNDOING)
		good &= add(list, "SG_HALT_REASON", pkg_halt_reason_name(package->halt_reason));
	if (service != PKG_NOBODY) {
		good &= add(list, "SG_SERVICE_NAME", def->service[service].name);
		good &= add_number(list, "SG_SERVICE_RESTARTS", package->restarts[service]);
	}
	for (u16 i = 0; i < def->variable_count; i++)
		good &= add_variable(list, def->variable[i]);
	return good;
}

void assistd_environment_free(char **environment)
{
	for (size_t i = 0; environment && environment[i]; i++)
		free(environment[i]);
	free(environment);
}

char **assistd_environment_make(const struct assistd_package *package, u16 service)
{
	struct list list = { .entry = calloc(ENTRIES, sizeof(char *)) };

	if (!list.entry)
		return NULL;
	if (add_all(&list, package, service))
		return list.entry;
	assistd_environment_free(list.entry);
	return NULL;
}
