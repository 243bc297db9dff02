// SPDX-License-Identifier: GPL-2.0-or-later
/* Relations between the scalars of one file. */
#include "conf_relation.h"

#define WARN_MEMBER_TIMEOUT_NS	(60 * CORE_NS_PER_S)

static struct conf_error start(const struct conf_places *places, u16 tag,
			       enum conf_severity severity)
{
	struct conf_error error = conf_error_start(severity, places->tag[tag]);

	CONF_SAY(error.what, conf_keyword_by_tag(tag)->name);
	return error;
}

static void say_time(char *field, size_t size, const char *before, u64 time_ns,
		     const char *after)
{
	struct conf_out out = conf_out_start(field, size);

	conf_out_text(&out, before);
	conf_out_time(&out, time_ns);
	conf_out_text(&out, after);
}

static void check_times(const struct conf *conf, const struct conf_places *places,
			struct conf_report *report)
{
	const struct conf_cluster *cluster = &conf->cluster;
	u64 longest = cluster->member_timeout_ns / CORE_INTERVALS_PER_TIMEOUT_MIN;
	struct conf_error error;

	if (cluster->interval_ns > longest) {
		error = start(places, CONF_TAG_INTERVAL, CONF_ERROR);
		say_time(error.found, sizeof(error.found), "", cluster->interval_ns, "");
		say_time(error.allowed, sizeof(error.allowed),
			 "allowed: an eighth of MEMBER_TIMEOUT, that is ", longest, " or less");
		CONF_SAY(error.remedy, "remove the line (the interval is then chosen), or "
			 "raise MEMBER_TIMEOUT");
		conf_report_add(report, &error);
	}
	if (cluster->member_timeout_ns > WARN_MEMBER_TIMEOUT_NS) {
		error = start(places, CONF_TAG_MEMBER_TIMEOUT, CONF_WARNING);
		say_time(error.found, sizeof(error.found), "", cluster->member_timeout_ns, "");
		CONF_SAY(error.allowed, "packages of a lost node wait for longer than a minute");
		CONF_SAY(error.remedy, "1s to 14s is usual");
		conf_report_add(report, &error);
	}
}

static void check_qs(const struct conf *conf, const struct conf_places *places,
		     struct conf_report *report)
{
	const struct conf_qs *qs = &conf->cluster.qs;
	struct conf_error error;

	if (qs->addr && !qs->host) {
		error = start(places, CONF_TAG_QS_ADDR, CONF_ERROR);
		CONF_SAY(error.allowed, "it is the second address of the server in QS_HOST, "
			 "which is missing");
		CONF_SAY(error.remedy, "add QS_HOST");
		conf_report_add(report, &error);
	}
	if (qs->addr && qs->host && !strcmp(conf_text(conf, qs->addr), conf_text(conf, qs->host))) {
		error = start(places, CONF_TAG_QS_ADDR, CONF_ERROR);
		CONF_SAY(error.found, "\"", conf_text(conf, qs->addr), "\"");
		CONF_SAY(error.allowed, "the same as QS_HOST");
		CONF_SAY(error.remedy, "give the server's address on another subnet, or "
			 "remove the line");
		conf_report_add(report, &error);
	}
}

void conf_relation_cluster(const struct conf *conf, const struct conf_places *places,
			   struct conf_report *report)
{
	check_times(conf, places, report);
	check_qs(conf, places, report);
}

/* What the data model can hold but the package manager does not do. */
void conf_relation_policies(const struct conf_package *package,
			    const struct conf_places *places, struct conf_report *report)
{
	struct conf_error error;

	if (package->type != CONF_FAILOVER) {
		error = start(places, CONF_TAG_TYPE, CONF_ERROR);
		CONF_SAY(error.allowed, "this release runs packages of type failover only");
		CONF_SAY(error.remedy, "make one failover package for each node, or run it by "
			 "systemd outside the cluster");
		conf_report_add(report, &error);
	}
}

static void check_scripts(const struct conf *conf, const struct conf_package *package,
			  const struct conf_places *places, struct conf_report *report)
{
	u16 missing = package->run_script ? CONF_TAG_HALT_SCRIPT : CONF_TAG_RUN_SCRIPT;
	u16 given = package->run_script ? CONF_TAG_RUN_SCRIPT : CONF_TAG_HALT_SCRIPT;
	struct conf_error error;

	if (!package->run_script != !package->halt_script) {
		error = start(places, given, CONF_ERROR);
		CONF_SAY(error.allowed, "run_script and halt_script belong together");
		CONF_SAY(error.remedy, "add ", conf_keyword_by_tag(missing)->name);
		conf_report_add(report, &error);
	}
}

static void check_halt_time(const struct conf_package *package,
			    const struct conf_places *places, struct conf_report *report)
{
	struct conf_error error;
	u64 sum_ns = 0;

	for (u8 i = 0; i < package->service_count; i++)
		sum_ns += package->service[i].halt_timeout_ns;
	if (package->halt_script_timeout_ns == CONF_NO_TIMEOUT ||
	    package->halt_script_timeout_ns >= sum_ns)
		return;
	error = start(places, CONF_TAG_HALT_TIMEOUT, CONF_WARNING);
	say_time(error.found, sizeof(error.found), "", package->halt_script_timeout_ns, "");
	say_time(error.allowed, sizeof(error.allowed),
		 "shorter than all its service_halt_timeouts together, ", sum_ns, "");
	CONF_SAY(error.remedy, "raise it, or a slow service makes the halt fail");
	conf_report_add(report, &error);
}

void conf_relation_package(const struct conf *conf, const struct conf_package *package,
			   const struct conf_places *places, struct conf_report *report)
{
	check_scripts(conf, package, places, report);
	check_halt_time(package, places, report);
}
