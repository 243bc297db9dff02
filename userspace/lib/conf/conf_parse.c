// SPDX-License-Identifier: GPL-2.0-or-later
/* Cluster and package files, line by line; never stops at the first fault. */
#include "conf_lex.h"
#include "conf_pool.h"
#include "conf_relation.h"
#include "conf_store.h"

struct parser {
	enum conf_file_type type;
	struct conf_report *report;
	struct conf_cursor cursor;
	struct conf_places seen;
	bool broken[CONF_SCOPES];	/* opened by a faulty line: check, do not store */
	u16 errors_before;
	struct conf_line line;
};

/* Old or other names that mean the same. */
static const struct {
	enum conf_file_type type;
	const char *alias;
	const char *name;
} aliases[] = {
	{ CONF_FILE_CLUSTER, "NODE_TIMEOUT", "MEMBER_TIMEOUT" },
	{ CONF_FILE_PACKAGE, "SUBNET", "monitored_subnet" },
	{ CONF_FILE_PACKAGE, "PKG_SWITCHING_ENABLED", "auto_run" },
};

static const char *const scope_openers[CONF_SCOPES] = {
	[CONF_SCOPE_NODE] = "NODE_NAME",
	[CONF_SCOPE_INTERFACE] = "NETWORK_INTERFACE",
	[CONF_SCOPE_SUBNET] = "SUBNET",
	[CONF_SCOPE_SERVICE] = "service_name",
	[CONF_SCOPE_IP_SUBNET] = "ip_subnet",
};

/* ---- messages ---- */

static struct conf_error keyword_error(const struct parser *parser, enum conf_severity severity)
{
	struct conf_error error = conf_error_start(severity, parser->line.keyword_place);
	struct conf_out out = conf_out_start(error.what, sizeof(error.what));

	if (parser->line.keyword_length)
		conf_out_bytes(&out, parser->line.keyword, parser->line.keyword_length);
	else
		conf_out_text(&out, "line");
	return error;
}

static struct conf_error value_error(const struct parser *parser)
{
	struct conf_error error = keyword_error(parser, CONF_ERROR);

	error.place = parser->line.value_place;
	if (parser->line.length || parser->line.quoted)
		CONF_SAY(error.found, "\"", parser->line.text, "\"");
	else
		CONF_SAY(error.found, "nothing");
	return error;
}

static void say_unknown(struct parser *parser)
{
	const char *name = parser->line.keyword;
	size_t length = parser->line.keyword_length;
	struct conf_error error = keyword_error(parser, CONF_ERROR);
	/* Looking for it is not cheap, and faults beyond these are only counted. */
	const struct conf_keyword *near = parser->report->count == CONF_ERRORS_MAX ? NULL :
					  conf_keyword_nearest(parser->type, name, length);
	bool cluster = parser->type == CONF_FILE_CLUSTER;
	enum conf_file_type other = cluster ? CONF_FILE_PACKAGE : CONF_FILE_CLUSTER;

	CONF_SAY(error.found, "an unknown keyword");
	if (conf_keyword_find(other, name, length) && !near) {
		CONF_SAY(error.allowed, "it belongs in a ", cluster ? "package" : "cluster",
			 " file");
		CONF_SAY(error.remedy, cluster ? "give package files with -P" :
			 "give the cluster file with -C");
	} else if (near && near->tag == CONF_TAG_PEV) {
		CONF_SAY(error.remedy, "a name follows pev_, as in pev_size");
	} else if (near) {
		CONF_SAY(error.remedy, "did you mean ", near->name, "?");
	} else {
		CONF_SAY(error.remedy, "all keywords are in Documentation/CONFIGURATION");
	}
	conf_report_add(parser->report, &error);
}

static void say_foreign(struct parser *parser, const struct conf_foreign *foreign)
{
	struct conf_error error = keyword_error(parser, foreign->severity);

	if (!foreign->why)
		return;
	CONF_SAY(error.allowed, foreign->why);
	CONF_SAY(error.remedy, foreign->remedy);
	conf_report_add(parser->report, &error);
}

static void say_lex_fault(struct parser *parser)
{
	static const char *const text[][2] = {
		[CONF_LEX_CONTROL] = { "a control character",
			"save the file as plain text" },
		[CONF_LEX_UNENDED] = { "no closing quote",
			"end the value with \"; write a quote inside as \\\"" },
		[CONF_LEX_TRAILING] = { "text after the closing quote",
			"put the whole value into one pair of quotes, inner ones as \\\"" },
		[CONF_LEX_TOO_LONG] = { "a value of more than 4095 bytes",
			"put long texts into a file of their own" },
	};
	struct conf_error error = keyword_error(parser, CONF_ERROR);

	error.place = parser->line.value_place;
	CONF_SAY(error.found, text[parser->line.fault][0]);
	CONF_SAY(error.remedy, text[parser->line.fault][1]);
	conf_report_add(parser->report, &error);
}

static void say_bad_value(struct parser *parser, const struct conf_keyword *keyword,
			  const char *hint)
{
	struct conf_error error = value_error(parser);
	struct conf_out out = conf_out_start(error.allowed, sizeof(error.allowed));

	conf_out_text(&out, "allowed: ");
	conf_value_allowed(keyword, &out);
	if (hint)
		CONF_SAY(error.remedy, hint);
	conf_report_add(parser->report, &error);
}

static void say_duplicate(struct parser *parser, const struct conf_keyword *keyword)
{
	struct conf_place first = parser->seen.tag[keyword->tag];
	struct conf_error error = keyword_error(parser, CONF_ERROR);
	struct conf_out out = conf_out_start(error.allowed, sizeof(error.allowed));
	const char *opener = scope_openers[keyword->scope];

	CONF_SAY(error.found, "a second time");
	conf_out_text(&out, "allowed: once");
	if (opener) {
		conf_out_text(&out, " for each ");
		conf_out_text(&out, opener);
	}
	conf_out_text(&out, "; first in line ");
	conf_out_u64(&out, first.line);
	CONF_SAY(error.remedy, "remove one of the lines");
	conf_report_add(parser->report, &error);
}

static void say_not_stored(struct parser *parser, int err)
{
	struct conf_error error = value_error(parser);

	if (err == -EEXIST) {
		CONF_SAY(error.allowed, "it is in the list already");
		CONF_SAY(error.remedy, "remove the line");
	} else {
		CONF_SAY(error.allowed, "one more than there is room for");
		CONF_SAY(error.remedy, "limits are in Documentation/CONFIGURATION");
	}
	conf_report_add(parser->report, &error);
}

/* ---- one line ---- */

static const struct conf_keyword *find_alias(struct parser *parser)
{
	const struct conf_line *line = &parser->line;

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		struct conf_error error;

		if (aliases[i].type != parser->type ||
		    strlen(aliases[i].alias) != line->keyword_length ||
		    strncasecmp(aliases[i].alias, line->keyword, line->keyword_length))
			continue;
		error = keyword_error(parser, CONF_WARNING);
		CONF_SAY(error.allowed, "an old keyword: taken as ", aliases[i].name);
		CONF_SAY(error.remedy, "write ", aliases[i].name);
		conf_report_add(parser->report, &error);
		return conf_keyword_find(parser->type, aliases[i].name,
					 strlen(aliases[i].name));
	}
	return NULL;
}

static const struct conf_keyword *find_keyword(struct parser *parser)
{
	const char *name = parser->line.keyword;
	size_t length = parser->line.keyword_length;
	const struct conf_keyword *keyword = conf_keyword_find(parser->type, name, length);
	const struct conf_foreign *foreign;

	if (!keyword)
		keyword = find_alias(parser);
	if (keyword)
		return keyword;
	foreign = conf_foreign_find(parser->type, name, length);
	if (foreign)
		say_foreign(parser, foreign);
	else
		say_unknown(parser);
	return NULL;
}

/* May this keyword stand here, for the first time in its scope? */
static bool stands_right(struct parser *parser, const struct conf_keyword *keyword)
{
	if (!parser->cursor.at[keyword->scope] && !parser->broken[keyword->scope]) {
		struct conf_error error = keyword_error(parser, CONF_ERROR);
		const char *opener = scope_openers[keyword->scope];

		CONF_SAY(error.found, "no ", opener, " before it");
		CONF_SAY(error.remedy, "move it below the ", opener, " it belongs to");
		conf_report_add(parser->report, &error);
		return false;
	}
	if (!(keyword->flags & CONF_REPEAT) && parser->seen.tag[keyword->tag].line) {
		say_duplicate(parser, keyword);
		return false;
	}
	parser->seen.tag[keyword->tag] = parser->line.value_place;
	return true;
}

static void forget_scope(struct parser *parser, enum conf_scope scope)
{
	size_t count;
	const struct conf_keyword *table = conf_keywords(parser->type, &count);

	for (size_t i = 0; i < count; i++)
		if (table[i].scope == scope)
			parser->seen.tag[table[i].tag].line = 0;
}

/* A new block begins, well or badly: what is inside the last one is over. */
static void open_block(struct parser *parser, enum conf_scope scope, bool good)
{
	if (scope == CONF_SCOPE_NODE) {
		parser->cursor.at[CONF_SCOPE_INTERFACE] = NULL;
		parser->broken[CONF_SCOPE_INTERFACE] = false;
		forget_scope(parser, CONF_SCOPE_INTERFACE);
	}
	if (!good)
		parser->cursor.at[scope] = NULL;
	parser->broken[scope] = !good;
	forget_scope(parser, scope);
}

static bool take_value(struct parser *parser, const struct conf_keyword *keyword)
{
	const struct conf_line *line = &parser->line;
	struct conf_value value = {
		.name = line->keyword,
		.name_length = line->keyword_length,
	};
	const char *hint = NULL;
	int err;

	if (line->fault != CONF_LEX_GOOD) {
		say_lex_fault(parser);
		return false;
	}
	if (!line->length && !(line->quoted && keyword->kind == CONF_KIND_TEXT)) {
		say_bad_value(parser, keyword, NULL);
		return false;
	}
	if (line->spaced && !conf_value_is_text(keyword)) {
		say_bad_value(parser, keyword, "one value a line; begin a comment with #");
		return false;
	}
	if (conf_value_read(keyword, line->text, line->length, &value, &hint)) {
		say_bad_value(parser, keyword, hint);
		return false;
	}
	if (!parser->cursor.at[keyword->scope])
		return false;
	err = conf_store(&parser->cursor, keyword, &value, line->value_place);
	if (err)
		say_not_stored(parser, err);
	return !err;
}

static void take_line(struct parser *parser)
{
	const struct conf_keyword *keyword;
	enum conf_scope opens;
	bool good;

	if (parser->line.fault == CONF_LEX_CONTROL) {
		say_lex_fault(parser);
		return;
	}
	keyword = find_keyword(parser);
	if (!keyword || !stands_right(parser, keyword))
		return;
	good = take_value(parser, keyword);
	opens = conf_store_opens(keyword);
	if (opens != CONF_SCOPES)
		open_block(parser, opens, good);
}

/* ---- a file ---- */

static void check_required(struct parser *parser, struct conf_place end)
{
	size_t count;
	const struct conf_keyword *table = conf_keywords(parser->type, &count);

	for (size_t i = 0; i < count; i++) {
		struct conf_error error;

		if (!(table[i].flags & CONF_REQUIRED) || table[i].scope == CONF_SCOPE_SERVICE ||
		    parser->seen.tag[table[i].tag].line)
			continue;
		error = conf_error_start(CONF_ERROR, end);
		CONF_SAY(error.what, table[i].name);
		CONF_SAY(error.found, "nothing");
		CONF_SAY(error.allowed, "it is required");
		CONF_SAY(error.remedy, "add a line ", table[i].name, " and its value");
		conf_report_add(parser->report, &error);
	}
}

static void run(struct parser *parser, const char *text, size_t length, u16 file)
{
	struct conf_lexer lexer = conf_lex_start(text, length, file);
	struct conf_place end = { .column = 1, .file = file };

	parser->errors_before = parser->report->errors;
	while (conf_lex_next(&lexer, &parser->line))
		take_line(parser);
	end.line = lexer.line ? lexer.line : 1;
	check_required(parser, end);
}

int conf_parse_cluster(struct conf *conf, const char *text, size_t length, u16 file,
		       struct conf_report *report)
{
	struct parser parser = {
		.type = CONF_FILE_CLUSTER,
		.report = report,
		.cursor = conf_cursor_start(conf),
	};

	conf_cluster_init(&conf->cluster);
	conf->cluster.interval_ns = 0;
	run(&parser, text, length, file);
	if (!conf->cluster.interval_ns) {
		u64 fitting = conf->cluster.member_timeout_ns / CORE_INTERVALS_PER_TIMEOUT_MIN;

		fitting -= fitting % CORE_NS_PER_MS;
		conf->cluster.interval_ns = fitting < CORE_INTERVAL_NS_DEFAULT ?
			fitting : CORE_INTERVAL_NS_DEFAULT;
	}
	if (report->errors == parser.errors_before)
		conf_relation_cluster(conf, &parser.seen, report);
	return report->errors == parser.errors_before ? 0 : -EINVAL;
}

/* Puts the package read into the scratch slot in its place. */
static void settle_package(struct conf *conf, struct parser *parser, u16 scratch)
{
	struct conf_package *read = &conf->package[scratch];
	struct conf_error error;

	for (u16 i = 0; i < conf->package_count; i++) {
		if (strcmp(conf->package[i].name, read->name))
			continue;
		if (!conf->package[i].place.line) {
			conf->package[i] = *read;
			return;
		}
		error = conf_error_start(CONF_ERROR, read->place);
		CONF_SAY(error.what, "package_name");
		CONF_SAY(error.found, "\"", read->name, "\"");
		CONF_SAY(error.allowed, "another file of this run describes a package "
			 "of this name");
		CONF_SAY(error.remedy, "give each package a name of its own");
		conf_report_add(parser->report, &error);
		return;
	}
	if (conf->package_count == CONF_PACKAGES_MAX) {
		error = conf_error_start(CONF_ERROR, read->place);
		CONF_SAY(error.what, "package_name");
		CONF_SAY(error.allowed, "there is no room for another package (300)");
		CONF_SAY(error.remedy, "delete one first");
		conf_report_add(parser->report, &error);
		return;
	}
	conf->package_count++;
}

int conf_parse_package(struct conf *conf, const char *text, size_t length, u16 file,
		       struct conf_report *report)
{
	u16 scratch = conf->package_count;
	struct conf_package *package = &conf->package[scratch];
	struct parser parser = {
		.type = CONF_FILE_PACKAGE,
		.report = report,
		.cursor = conf_cursor_start(conf),
	};

	conf_cursor_package(&parser.cursor, scratch);
	run(&parser, text, length, file);
	if (!package->node_count)
		package->all_nodes = true;
	conf_relation_policies(package, &parser.seen, report);
	if (report->errors == parser.errors_before)
		conf_relation_package(conf, package, &parser.seen, report);
	if (report->errors == parser.errors_before)
		settle_package(conf, &parser, scratch);
	return report->errors == parser.errors_before ? 0 : -EINVAL;
}
