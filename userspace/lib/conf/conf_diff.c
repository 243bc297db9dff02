// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Differences, parameter by parameter.  A parameter is identified by the blocks
 * it stands in; one of a list also by its value, except where the order of the
 * list matters (node_name), by its number.
 */
#include "conf_store.h"
#include <tocsin/conf_print.h>

#define WHERE_MAX	256
#define VALUE_MAX	(2 * CONF_TEXT_MAX + 3)

/* A parameter on the walk through one configuration. */
struct item {
	const char *package;
	char outer[96];		/* "NODE_NAME n1", "SUBNET 10.0.0.0/8", "service_name web" */
	char inner[64];		/* "NETWORK_INTERFACE eth0" */
	u16 number;		/* of node_name in its package */
};

/* Texts too large for the stack of a nested walk are shared. */
struct diff {
	void (*visit)(void *arg, const struct conf_change *change);
	void *arg;
	u32 count;
	bool reverse;			/* looking for what is only in the other one */
	const struct conf *other;
	const struct conf_package *other_package;
	struct item item;
};

struct search {
	struct item item;
	const struct item *wanted;
	const struct conf_keyword *keyword;
	const struct conf_value *value;
	bool by_value;
	bool found;
	struct conf_value match;
};

static void say(char *out, size_t size, const struct conf_keyword *keyword,
		const struct conf_value *value)
{
	struct conf_out text = conf_out_start(out, size);

	conf_out_text(&text, keyword->name);
	conf_out_text(&text, " ");
	conf_value_print(keyword, value, &text);
}

/* Keeps track of the blocks; call before the parameter is looked at. */
static void follow(struct item *item, const struct conf_keyword *keyword,
		   const struct conf_value *value)
{
	if (keyword->scope == CONF_SCOPE_CLUSTER || keyword->scope == CONF_SCOPE_PACKAGE) {
		item->outer[0] = '\0';
		item->inner[0] = '\0';
	}
	if (keyword->tag == CONF_TAG_PKG_NODE)
		item->number++;
	if (keyword->tag == CONF_TAG_INTERFACE)
		item->inner[0] = '\0';
}

/* The same, after it was looked at: is the next one inside it? */
static void enter(struct item *item, const struct conf_keyword *keyword,
		  const struct conf_value *value)
{
	if (keyword->tag == CONF_TAG_INTERFACE)
		say(item->inner, sizeof(item->inner), keyword, value);
	else if (conf_store_opens(keyword) != CONF_SCOPES)
		say(item->outer, sizeof(item->outer), keyword, value);
}

static bool same_value(const struct conf_keyword *keyword, const struct conf_value *a,
		       const struct conf_value *b)
{
	if (keyword->kind == CONF_KIND_ADDRESS || keyword->kind == CONF_KIND_NETWORK)
		return a->address.family == b->address.family &&
		       a->address.prefix_len == b->address.prefix_len &&
		       !memcmp(a->address.byte, b->address.byte, sizeof(a->address.byte));
	return a->number == b->number && a->length == b->length &&
	       (!a->length || !memcmp(a->text, b->text, a->length));
}

static bool same_pev(const struct conf_value *a, const struct conf_value *b)
{
	return a->name_length == b->name_length && !memcmp(a->name, b->name, a->name_length);
}

static int compare(void *arg, const struct conf_keyword *keyword,
		   const struct conf_value *value)
{
	struct search *search = arg;
	bool same;

	follow(&search->item, keyword, value);
	same = keyword == search->keyword &&
	       (keyword->tag != CONF_TAG_PKG_NODE ||
		search->item.number == search->wanted->number) &&
	       !strcmp(search->item.outer, search->wanted->outer) &&
	       !strcmp(search->item.inner, search->wanted->inner);
	if (same && keyword->tag == CONF_TAG_PEV)
		same = same_pev(value, search->value);
	if (same && search->by_value)
		same = same_value(keyword, value, search->value);
	if (same) {
		search->found = true;
		search->match = *value;
		return 1;
	}
	enter(&search->item, keyword, value);
	return 0;
}

static void report(struct diff *diff, const struct conf_keyword *keyword,
		   const struct conf_value *old, const struct conf_value *new)
{
	static const char comma[] = ", ";
	char where[WHERE_MAX], old_text[VALUE_MAX], new_text[VALUE_MAX];
	struct conf_out out = conf_out_start(where, sizeof(where));
	struct conf_change change = {
		.where = where,
		.keyword = keyword->tag == CONF_TAG_PEV ? (old ? old : new)->name : keyword->name,
		.offline = keyword->flags & CONF_OFFLINE,
	};

	if (diff->item.package) {
		conf_out_text(&out, "package ");
		conf_out_text(&out, diff->item.package);
	}
	if (diff->item.outer[0]) {
		conf_out_text(&out, out.used ? comma : "");
		conf_out_text(&out, diff->item.outer);
	}
	if (diff->item.inner[0]) {
		conf_out_text(&out, comma);
		conf_out_text(&out, diff->item.inner);
	}
	if (old) {
		struct conf_out text = conf_out_start(old_text, sizeof(old_text));

		conf_value_print(keyword, old, &text);
		change.old = old_text;
	}
	if (new) {
		struct conf_out text = conf_out_start(new_text, sizeof(new_text));

		conf_value_print(keyword, new, &text);
		change.new = new_text;
	}
	diff->count++;
	diff->visit(diff->arg, &change);
}

/* A parameter of one: in the forward direction (old -> new) removed or changed
 * ones are reported, in reverse only those that the old one has not. */
static int look_up(void *arg, const struct conf_keyword *keyword,
		   const struct conf_value *value)
{
	struct diff *diff = arg;
	struct search search = {
		.wanted = &diff->item,
		.keyword = keyword,
		.value = value,
		.by_value = (keyword->flags & CONF_LIST) && keyword->tag != CONF_TAG_PKG_NODE &&
			    keyword->tag != CONF_TAG_PEV,
	};

	if (keyword->flags & CONF_HIDDEN)
		return 0;
	follow(&diff->item, keyword, value);
	if (diff->item.package && diff->other_package)
		conf_walk_package(diff->other, diff->other_package, compare, &search);
	else if (!diff->item.package)
		conf_walk_cluster(diff->other, compare, &search);
	if (!search.found && diff->reverse)
		report(diff, keyword, NULL, value);
	else if (!search.found)
		report(diff, keyword, value, NULL);
	else if (!diff->reverse && !same_value(keyword, value, &search.match))
		report(diff, keyword, value, &search.match);
	enter(&diff->item, keyword, value);
	return 0;
}

static void one_way(struct diff *diff, const struct conf *from, const struct conf *to,
		    bool reverse)
{
	diff->other = to;
	diff->reverse = reverse;
	memset(&diff->item, 0, sizeof(diff->item));
	conf_walk_cluster(from, look_up, diff);
	for (u16 i = 0; i < from->package_count; i++) {
		memset(&diff->item, 0, sizeof(diff->item));
		diff->item.package = from->package[i].name;
		diff->other_package = conf_package_by_name(to, from->package[i].name);
		conf_walk_package(from, &from->package[i], look_up, diff);
	}
}

u32 conf_diff(const struct conf *old, const struct conf *new,
	      void (*visit)(void *arg, const struct conf_change *change), void *arg)
{
	struct diff diff = { .visit = visit, .arg = arg };

	one_way(&diff, old, new, false);
	one_way(&diff, new, old, true);
	return diff.count;
}
