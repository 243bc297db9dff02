// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keywords of Serviceguard files that are no parameters here.  What can be left
 * out without harm is left out with a warning; what the cluster would rely on is
 * refused.
 */
#include "conf_keyword.h"

#define USE_QS "remove the line; name a quorum server with QS_HOST"
#define NO_LOCK "lock disks and lock LUNs are not used: the arbiter is a quorum server"
#define NO_WEIGHT "node capacities and package weights are not supported"
#define NO_DEPENDENCY "dependencies between packages are not supported"
#define NO_STORAGE "storage is not yet activated by a package parameter"
#define USE_SCRIPT "activate and mount in an external_script (start, stop)"
#define NO_RESOURCE "resources are not watched by this release"
#define USE_SERVICE "watch it in a service: when the service ends, the package fails over"
#define NO_ACCESS "access policies are not in effect: root administers, every user may look"
#define JUST_REMOVE "nothing needs to be done; remove the line to silence this"

static const struct conf_foreign cluster_foreign[] = {
	{ "FIRST_CLUSTER_LOCK_VG", CONF_ERROR, NO_LOCK, USE_QS },
	{ "SECOND_CLUSTER_LOCK_VG", CONF_ERROR, NO_LOCK, USE_QS },
	{ "FIRST_CLUSTER_LOCK_PV", CONF_ERROR, NO_LOCK, USE_QS },
	{ "SECOND_CLUSTER_LOCK_PV", CONF_ERROR, NO_LOCK, USE_QS },
	{ "CLUSTER_LOCK_LUN", CONF_ERROR, NO_LOCK, USE_QS },
	{ "QS_SMART_QUORUM", CONF_ERROR, "a site cannot be preferred at a split",
	  "remove the line; either half may win the quorum server" },
	{ "QS_ARBITRATION_WAIT", CONF_WARNING, "left out: it belongs to QS_SMART_QUORUM",
	  JUST_REMOVE },
	{ "SITE_NAME", CONF_WARNING, "left out: sites play no part in placing packages",
	  JUST_REMOVE },
	{ "SITE", CONF_WARNING, NULL, NULL },
	{ "FAILOVER_OPTIMIZATION", CONF_WARNING,
	  "left out: fail-over is as fast as MEMBER_TIMEOUT allows", JUST_REMOVE },
	{ "NETWORK_FAILURE_DETECTION", CONF_WARNING,
	  "left out: a heartbeat path that fails in either direction is down", JUST_REMOVE },
	{ "NETWORK_AUTO_FAILBACK", CONF_WARNING,
	  "left out: there are no standby interfaces; use a bond", JUST_REMOVE },
	{ "SERIAL_DEVICE_FILE", CONF_ERROR, "no heartbeat over serial lines",
	  "remove the line; give the nodes a second heartbeat network" },
	{ "CAPACITY_NAME", CONF_ERROR, NO_WEIGHT, "remove CAPACITY_ and WEIGHT_ lines" },
	{ "CAPACITY_VALUE", CONF_WARNING, NULL, NULL },
	{ "WEIGHT_NAME", CONF_ERROR, NO_WEIGHT, "remove CAPACITY_ and WEIGHT_ lines" },
	{ "WEIGHT_DEFAULT", CONF_WARNING, NULL, NULL },
	{ "USER_NAME", CONF_WARNING, NO_ACCESS, JUST_REMOVE },
	{ "USER_HOST", CONF_WARNING, NULL, NULL },
	{ "USER_ROLE", CONF_WARNING, NULL, NULL },
	{ "VOLUME_GROUP", CONF_WARNING, "left out: " NO_STORAGE, JUST_REMOVE },
	{ "OPS_VOLUME_GROUP", CONF_ERROR, "volume groups active on several nodes are not supported",
	  "remove the line" },
	{ "FORCED_PR_DISABLE", CONF_WARNING,
	  "left out: persistent reservations are not used by this release", JUST_REMOVE },
	{ "ROOT_DISK_MONITOR", CONF_WARNING, "left out: the root disk is not watched",
	  JUST_REMOVE },
	{ "VCENTER_SERVER", CONF_WARNING, "left out: virtual disks are not moved", JUST_REMOVE },
	{ "ESX_HOST", CONF_WARNING, "left out: virtual disks are not moved", JUST_REMOVE },
};

static const struct conf_foreign package_foreign[] = {
	{ "module_name", CONF_WARNING, NULL, NULL },
	{ "module_version", CONF_WARNING, NULL, NULL },
	{ "operation_sequence", CONF_WARNING, NULL, NULL },
	{ "local_lan_failover_allowed", CONF_WARNING, NULL, NULL },
	{ "monitored_subnet_access", CONF_WARNING, NULL, NULL },
	{ "email_id", CONF_WARNING, "left out: no mail is sent", JUST_REMOVE },
	{ "user_name", CONF_WARNING, NO_ACCESS, JUST_REMOVE },
	{ "user_host", CONF_WARNING, NULL, NULL },
	{ "user_role", CONF_WARNING, NULL, NULL },
	{ "ip_subnet_node", CONF_ERROR, "a subnet must be on every node of the package",
	  "remove the line, or shorten the node_name list to the nodes of this subnet" },
	{ "cluster_interconnect_subnet", CONF_ERROR,
	  "packages that run on several nodes are not supported", "remove the line" },
	{ "dependency_name", CONF_ERROR, NO_DEPENDENCY,
	  "remove the dependency_ lines; wait for the other package in the start script" },
	{ "dependency_condition", CONF_WARNING, NULL, NULL },
	{ "dependency_location", CONF_WARNING, NULL, NULL },
	{ "weight_name", CONF_ERROR, NO_WEIGHT, "remove the weight_ lines" },
	{ "weight_value", CONF_WARNING, NULL, NULL },
	{ "generic_resource_name", CONF_ERROR, NO_RESOURCE, USE_SERVICE },
	{ "generic_resource_evaluation_type", CONF_WARNING, NULL, NULL },
	{ "generic_resource_up_criteria", CONF_WARNING, NULL, NULL },
	{ "resource_name", CONF_ERROR, NO_RESOURCE, USE_SERVICE },
	{ "resource_polling_interval", CONF_WARNING, NULL, NULL },
	{ "resource_start", CONF_WARNING, NULL, NULL },
	{ "resource_up_value", CONF_WARNING, NULL, NULL },
	{ "vg", CONF_ERROR, NO_STORAGE, USE_SCRIPT },
	{ "cvm_dg", CONF_ERROR, NO_STORAGE, USE_SCRIPT },
	{ "vxvm_dg", CONF_ERROR, NO_STORAGE, USE_SCRIPT },
	{ "pv", CONF_ERROR, NO_STORAGE, USE_SCRIPT },
	{ "vmdk_file_name", CONF_ERROR, NO_STORAGE, USE_SCRIPT },
	{ "fs_name", CONF_ERROR, NO_STORAGE, USE_SCRIPT },
	{ "fs_server", CONF_WARNING, NULL, NULL },
	{ "fs_directory", CONF_WARNING, NULL, NULL },
	{ "fs_type", CONF_WARNING, NULL, NULL },
	{ "fs_mount_opt", CONF_WARNING, NULL, NULL },
	{ "fs_umount_opt", CONF_WARNING, NULL, NULL },
	{ "fs_fsck_opt", CONF_WARNING, NULL, NULL },
	{ "fs_mount_retry_count", CONF_WARNING, NULL, NULL },
	{ "fs_umount_retry_count", CONF_WARNING, NULL, NULL },
	{ "vgchange_cmd", CONF_WARNING, NULL, NULL },
	{ "vxvol_cmd", CONF_WARNING, NULL, NULL },
	{ "vxvm_dg_retry", CONF_WARNING, NULL, NULL },
	{ "cvm_activation_cmd", CONF_WARNING, NULL, NULL },
	{ "disk_type", CONF_WARNING, NULL, NULL },
	{ "datastore_name", CONF_WARNING, NULL, NULL },
	{ "scsi_controller", CONF_WARNING, NULL, NULL },
	{ "concurrent_vgchange_operations", CONF_WARNING, NULL, NULL },
	{ "enable_threaded_vgchange", CONF_WARNING, NULL, NULL },
	{ "concurrent_fsck_operations", CONF_WARNING, NULL, NULL },
	{ "concurrent_mount_and_umount_operations", CONF_WARNING, NULL, NULL },
	{ "deactivation_retry_count", CONF_WARNING, NULL, NULL },
	{ "kill_processes_accessing_raw_devices", CONF_WARNING, NULL, NULL },
	{ "storage_group", CONF_ERROR, NO_STORAGE, USE_SCRIPT },
	{ "net_switching_enabled", CONF_WARNING, NULL, NULL },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const struct conf_foreign *conf_foreign_find(enum conf_file_type type, const char *name,
					     size_t length)
{
	bool cluster = type == CONF_FILE_CLUSTER;
	const struct conf_foreign *table = cluster ? cluster_foreign : package_foreign;
	size_t count = cluster ? COUNT(cluster_foreign) : COUNT(package_foreign);

	for (size_t i = 0; i < count; i++)
		if (strlen(table[i].name) == length &&
		    !strncasecmp(table[i].name, name, length))
			return &table[i];
	return NULL;
}
