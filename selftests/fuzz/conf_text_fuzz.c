// SPDX-License-Identifier: GPL-2.0-or-later
// rooms: lib/conf kmod/core
/*
 * Any bytes as a cluster file (first byte even) or as a package file beside a
 * good cluster.  What is taken must print, read back and encode the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <tocsin/conf_binary.h>
#include <tocsin/conf_print.h>

static const char good_cluster[] =
	"CLUSTER_NAME fuzz\nQS_HOST 10.9.0.9\n"
	"NODE_NAME n1\nNETWORK_INTERFACE eth0\nHEARTBEAT_IP 10.1.0.1/24\n"
	"NODE_NAME n2\nNETWORK_INTERFACE eth0\nHEARTBEAT_IP 10.1.0.2/24\n";

static struct conf first, second;
static struct conf_report report;
static char text[1 << 20];
static u8 one[CONF_BINARY_MAX], two[CONF_BINARY_MAX];

void core_assert_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void read_all(struct conf *conf, const char *cluster, size_t cluster_length,
		     const char *package, size_t package_length)
{
	memset(&report, 0, sizeof(report));
	conf_init(conf);
	conf_parse_cluster(conf, cluster, cluster_length, 0, &report);
	if (package)
		conf_parse_package(conf, package, package_length, 1, &report);
	if (!report.errors)
		conf_check(conf, &report);
	for (u16 i = 0; i < report.count; i++) {
		char line[CONF_ERROR_TEXT_MAX];

		must(conf_print_error(&report, &report.error[i], line, sizeof(line)) > 0);
	}
}

static void read_back(bool package)
{
	static char other[1 << 20];
	int length = conf_print_cluster(&first, text, sizeof(text));
	int other_length = 0;
	int size;

	must(length > 0);
	if (package) {
		must(first.package_count == 1);
		other_length = conf_print_package(&first, &first.package[0], other,
						  sizeof(other));
		must(other_length > 0);
	}
	read_all(&second, text, (size_t)length, package ? other : NULL, (size_t)other_length);
	must(!report.errors);
	size = conf_encode(&first, one, sizeof(one));
	must(size > 0 && conf_encode(&second, two, sizeof(two)) == size);
	must(!memcmp(one, two, (size_t)size));
	must(!conf_decode(&second, one, (size_t)size, NULL));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	bool package = size && data[0] & 1;
	const char *body = (const char *)data + (size ? 1 : 0);

	if (!size)
		return 0;
	if (package)
		read_all(&first, good_cluster, sizeof(good_cluster) - 1, body, size - 1);
	else
		read_all(&first, body, size - 1, NULL, 0);
	if (!report.errors)
		read_back(package);
	return 0;
}
