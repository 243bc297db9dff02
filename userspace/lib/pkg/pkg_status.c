// SPDX-License-Identifier: GPL-2.0-or-later
/* What people are told: status words, reasons, results. */
#include "pkg_private.h"

static bool start_failed(enum pkg_reason why)
{
	return why == PKG_WHY_RUN_NO_RESTART || why == PKG_WHY_RUN_RESTART ||
	       why == PKG_WHY_RUN_TIMEOUT || why == PKG_WHY_SERVICE ||
	       why == PKG_WHY_LOST_TRACK;
}

static enum pkg_status_word word_of(const struct pkg *pkg, const struct pkg_slot *slot)
{
	const struct pkg_record *r = &slot->record;

	if (r->owner && slot->gone_ns && r->auto_run)
		return PKG_STATUS_RELOCATE_WAIT;
	switch (r->state) {
	case PKG_STARTING:
		return PKG_STATUS_STARTING;
	case PKG_RUNNING:
		return PKG_STATUS_UP;
	case PKG_HALTING:
		return r->halt_reason == PKG_HALT_FAILURE ? PKG_STATUS_FAILING :
		       PKG_STATUS_HALTING;
	case PKG_HALTED:
		return r->auto_run && pkg->cluster.state == PKG_CLUSTER_OPEN ?
		       PKG_STATUS_START_WAIT : PKG_STATUS_DOWN;
	case PKG_HALT_FAILED:
		break;
	}
	return PKG_STATUS_DOWN;
}

int pkg_status_get(const struct pkg *pkg, u16 package, struct pkg_status *status)
{
	const struct pkg_settings *settings;
	const struct pkg_slot *slot;
	const struct pkg_record *r;

	if (package >= pkg->settings_count)
		return -ENOENT;
	settings = &pkg->settings[package];
	memset(status, 0, sizeof(*status));
	status->status = PKG_STATUS_UNKNOWN;
	status->auto_run = settings->auto_run;
	if (settings->slot == PKG_NOBODY || !pkg->slot[settings->slot].known)
		return 0;
	slot = &pkg->slot[settings->slot];
	r = &slot->record;
	status->status = word_of(pkg, slot);
	status->state = r->state;
	status->why = r->why;
	status->auto_run = r->auto_run;
	status->failed = r->state == PKG_HALT_FAILED ||
			 (r->state == PKG_HALTED && start_failed(r->why));
	status->node = r->owner;
	status->last_halt_failed_node = r->state == PKG_HALT_FAILED ? r->owner : 0;
	status->run = r->run;
	memcpy(status->disabled, r->disabled, sizeof(status->disabled));
	for (u16 i = 0; i < CONF_SERVICES_MAX; i++)
		status->restarts[i] = r->restarts[i];
	return 0;
}

bool pkg_node_idle(const struct pkg *pkg)
{
	for (u16 i = 0; i < PKG_SLOTS; i++)
		if (pkg_owned_here(pkg, &pkg->slot[i]))
			return false;
	for (u16 i = 0; i < pkg->settings_count; i++)
		if (pkg->settings[i].local.phase != PKG_IDLE)
			return false;
	return true;
}

bool pkg_node_active(const struct pkg *pkg)
{
	for (u16 i = 0; i < PKG_SLOTS; i++)
		if (pkg_owned_here(pkg, &pkg->slot[i]) &&
		    pkg->slot[i].record.state == PKG_HALT_FAILED)
			return true;
	for (u16 i = 0; i < pkg->settings_count; i++)
		if (pkg->settings[i].local.phase != PKG_IDLE)
			return true;
	return false;
}

u64 pkg_rejected(const struct pkg *pkg)
{
	return pkg->rejected;
}

const char *pkg_state_name(enum pkg_state state)
{
	static const char *const name[] = {
		[PKG_HALTED] = "halted",
		[PKG_STARTING] = "starting",
		[PKG_RUNNING] = "running",
		[PKG_HALTING] = "halting",
		[PKG_HALT_FAILED] = "halt_aborted",
	};

	return state <= PKG_HALT_FAILED ? name[state] : "unknown";
}

const char *pkg_status_name(enum pkg_status_word status)
{
	static const char *const name[] = {
		[PKG_STATUS_DOWN] = "down",
		[PKG_STATUS_UP] = "up",
		[PKG_STATUS_STARTING] = "starting",
		[PKG_STATUS_HALTING] = "halting",
		[PKG_STATUS_FAILING] = "failing",
		[PKG_STATUS_START_WAIT] = "start_wait",
		[PKG_STATUS_RELOCATE_WAIT] = "relocate_wait",
		[PKG_STATUS_UNKNOWN] = "unknown",
	};

	return status <= PKG_STATUS_UNKNOWN ? name[status] : "unknown";
}

const char *pkg_reason_name(enum pkg_reason reason)
{
	static const char *const name[PKG_WHY_COUNT] = {
		[PKG_WHY_NONE] = "none",
		[PKG_WHY_CLUSTER_START] = "cluster started",
		[PKG_WHY_ADMIN] = "administrator",
		[PKG_WHY_NODE_LEAVE] = "node is being halted",
		[PKG_WHY_CLUSTER_HALT] = "cluster is being halted",
		[PKG_WHY_NODE_LOST] = "node failed",
		[PKG_WHY_SERVICE] = "service failed",
		[PKG_WHY_SUBNET] = "monitored subnet lost",
		[PKG_WHY_RESOURCE] = "monitored resource lost",
		[PKG_WHY_DEPENDENCY] = "dependency not met",
		[PKG_WHY_RUN_NO_RESTART] = "run script failed (exit 1)",
		[PKG_WHY_RUN_RESTART] = "run script failed (exit 2)",
		[PKG_WHY_RUN_TIMEOUT] = "run script timed out",
		[PKG_WHY_RUN_UNDO] = "failed start could not be undone",
		[PKG_WHY_HALT_SCRIPT] = "halt script failed",
		[PKG_WHY_HALT_TIMEOUT] = "halt script timed out",
		[PKG_WHY_LOST_TRACK] = "not found running any more",
		[PKG_WHY_REFUSED] = "node could not take it",
		[PKG_WHY_FAILBACK] = "failback",
	};

	return reason < PKG_WHY_COUNT ? name[reason] : "unknown";
}

const char *pkg_halt_reason_name(enum pkg_halt_reason reason)
{
	static const char *const name[] = {
		[PKG_HALT_USER] = "user_halt",
		[PKG_HALT_FAILURE] = "failure",
		[PKG_HALT_AUTOMATIC] = "automatic_halt",
	};

	return reason <= PKG_HALT_AUTOMATIC ? name[reason] : "failure";
}

const char *pkg_result_name(enum pkg_result result)
{
	static const char *const name[] = {
		[PKG_DONE] = "done",
		[PKG_E_NO_PACKAGE] = "there is no such package: see cmviewcl",
		[PKG_E_NODE] = "the node is not in the package's node list",
		[PKG_E_NODE_DOWN] = "the node is not up in the cluster: run cmrunnode",
		[PKG_E_NODE_UNABLE] = "no node can take the package now: it is leaving, its "
			"cmsrvassistd does not answer, or a monitored subnet is down",
		[PKG_E_SWITCHING] = "switching is disabled for the package on that node: "
			"run cmmodpkg -e -n <node> <package>",
		[PKG_E_RUNNING] = "the package is running already",
		[PKG_E_NOT_RUNNING] = "the package is not running",
		[PKG_E_HALT_FAILED] = "the package could not be halted and may have left pieces "
			"behind: read its log, then cmhaltpkg to try again, or clean up and "
			"run cmmodpkg -e <package>",
		[PKG_E_RUN_FAILED] = "the package did not start: read its log",
		[PKG_E_HAS_PACKAGES] = "packages are running: halt them first, or use -f",
		[PKG_E_HALTING] = "the cluster is being halted",
		[PKG_E_CANCELLED] = "another request went the other way",
	};

	return result <= PKG_E_CANCELLED ? name[result] : "unknown";
}
