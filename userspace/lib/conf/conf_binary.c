// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Head (48 bytes, big-endian):
 *	 0 magic "TOCSINCF"	 8 version	12 length of head and body
 *	16 cluster id		24 generation	32 checksum	40 zero
 * Body: records of tag (2), length (2), value.  A value is a text; a number (8);
 * an address (family 1, prefix length 1, bytes 4 or 16); or for pev_ the length
 * of its name (1), name, text.  Blocks are opened by their first record, as in a
 * file.  Numbers a reader does not find keep their default: that is how format
 * n - 1 is read; a record it does not know makes it refuse.
 */
#include "conf_pool.h"
#include "conf_relation.h"
#include "conf_store.h"
#include <tocsin/conf_binary.h>

#define HEAD_SIZE	48
#define RECORD_HEAD	4
#define OLDEST_VERSION	1	/* CONF_BINARY_VERSION - 1 once there are two */

static const char magic[8] = { 'T', 'O', 'C', 'S', 'I', 'N', 'C', 'F' };

static void put(u8 *at, u64 number, int bytes)
{
	while (bytes--) {
		at[bytes] = (u8)number;
		number >>= 8;
	}
}

static u64 get(const u8 *at, int bytes)
{
	u64 number = 0;

	while (bytes--)
		number = number << 8 | *at++;
	return number;
}

/* FNV-1a, 64 bits, the checksum's own field taken as zero: finds damage. */
static u64 checksum(const u8 *buf, size_t length)
{
	u64 sum = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < length; i++) {
		sum ^= i >= 32 && i < 40 ? 0 : buf[i];
		sum *= 0x100000001b3ULL;
	}
	return sum;
}

/* ---- write ---- */

struct writer {
	u8 *buf;
	size_t size;
	size_t used;
};

static u8 *claim(struct writer *writer, u16 tag, size_t length)
{
	u8 *at = writer->buf + writer->used;

	core_assert(length <= UINT16_MAX);
	if (writer->size - writer->used < RECORD_HEAD + length)
		return NULL;
	put(at, tag, 2);
	put(at + 2, length, 2);
	writer->used += RECORD_HEAD + length;
	return at + RECORD_HEAD;
}

static int write_address(struct writer *writer, u16 tag, const struct conf_address *address)
{
	size_t bytes = address->family == 6 ? 16 : 4;
	u8 *at = claim(writer, tag, 2 + bytes);

	if (!at)
		return -ENOSPC;
	at[0] = address->family;
	at[1] = address->prefix_len;
	memcpy(at + 2, address->byte, bytes);
	return 0;
}

static int write_text(struct writer *writer, u16 tag, const struct conf_value *value)
{
	size_t name = tag == CONF_TAG_PEV ? value->name_length + 1 : 0;
	u8 *at = claim(writer, tag, name + value->length);

	if (!at)
		return -ENOSPC;
	if (name) {
		*at++ = (u8)value->name_length;
		memcpy(at, value->name, value->name_length);
		at += value->name_length;
	}
	if (value->length)
		memcpy(at, value->text, value->length);
	return 0;
}

static bool is_number(const struct conf_keyword *keyword)
{
	return keyword->kind >= CONF_KIND_TIME && keyword->kind <= CONF_KIND_CHOICE;
}

static bool is_address(const struct conf_keyword *keyword)
{
	return keyword->kind == CONF_KIND_ADDRESS || keyword->kind == CONF_KIND_NETWORK;
}

static int write_record(void *arg, const struct conf_keyword *keyword,
			const struct conf_value *value)
{
	struct writer *writer = arg;
	u8 *at;

	if (is_address(keyword))
		return write_address(writer, keyword->tag, &value->address);
	if (!is_number(keyword))
		return write_text(writer, keyword->tag, value);
	at = claim(writer, keyword->tag, 8);
	if (!at)
		return -ENOSPC;
	put(at, value->number, 8);
	return 0;
}

int conf_encode(const struct conf *conf, void *buf, size_t size)
{
	struct writer writer = { buf, size, HEAD_SIZE };
	u8 *head = buf;
	int err;

	if (size < HEAD_SIZE)
		return -ENOSPC;
	err = conf_walk_cluster(conf, write_record, &writer);
	for (u16 i = 0; i < conf->package_count && !err; i++)
		err = conf_walk_package(conf, &conf->package[i], write_record, &writer);
	if (err)
		return err;
	memset(head, 0, HEAD_SIZE);
	memcpy(head, magic, sizeof(magic));
	put(head + 8, CONF_BINARY_VERSION, 4);
	put(head + 12, writer.used, 4);
	put(head + 16, conf->cluster.id, 8);
	put(head + 24, conf->cluster.generation, 8);
	put(head + 32, checksum(buf, writer.used), 8);
	return (int)writer.used;
}

/* ---- read ---- */

static int fail(const char **reason, const char *text)
{
	if (reason)
		*reason = text;
	return -EINVAL;
}

int conf_binary_head(struct conf_binary_head *head, const void *buf, size_t length,
		     const char **reason)
{
	const u8 *at = buf;

	memset(head, 0, sizeof(*head));
	if (length < HEAD_SIZE)
		return fail(reason, "it is cut off");
	if (memcmp(at, magic, sizeof(magic)))
		return fail(reason, "it is not a binary configuration");
	head->version = (u32)get(at + 8, 4);
	head->length = (u32)get(at + 12, 4);
	head->cluster_id = get(at + 16, 8);
	head->generation = get(at + 24, 8);
	head->checksum = get(at + 32, 8);
	if (head->version < OLDEST_VERSION || head->version > CONF_BINARY_VERSION) {
		fail(reason, "its format is of another release: update this node");
		return -ENOTSUP;
	}
	if (head->length != length)
		return fail(reason, "its length is wrong: it is cut off or has an appendix");
	if (head->checksum != checksum(at, length))
		return fail(reason, "its checksum is wrong: it is damaged");
	if (get(at + 40, 8))
		return fail(reason, "its head is damaged");
	return 0;
}

static int read_address(const u8 *at, size_t length, struct conf_address *address)
{
	if (length < 2 || (at[0] != 4 && at[0] != 6))
		return -EINVAL;
	if (length != (at[0] == 6 ? 18 : 6) || at[1] > (at[0] == 6 ? 128 : 32))
		return -EINVAL;
	address->family = at[0];
	address->prefix_len = at[1];
	memcpy(address->byte, at + 2, length - 2);
	return 0;
}

static int read_value(const struct conf_keyword *keyword, const u8 *at, size_t length,
		      struct conf_value *value)
{
	memset(value, 0, sizeof(*value));
	if (is_address(keyword))
		return read_address(at, length, &value->address);
	if (is_number(keyword)) {
		if (length != 8)
			return -EINVAL;
		value->number = get(at, 8);
		return 0;
	}
	if (keyword->tag == CONF_TAG_PEV) {
		if (!length || at[0] >= length)
			return -EINVAL;
		value->name = (const char *)at + 1;
		value->name_length = at[0];
		at += 1 + value->name_length;
		length -= 1 + value->name_length;
	}
	value->text = (const char *)at;
	value->length = length;
	return 0;
}

static int read_record(struct conf_cursor *cursor, u16 tag, const u8 *at, size_t length)
{
	const struct conf_keyword *keyword = conf_keyword_by_tag(tag);
	struct conf_place nowhere = { 0 };
	struct conf_value value;

	if (!keyword || read_value(keyword, at, length, &value) ||
	    conf_value_check(keyword, &value, NULL))
		return -EINVAL;
	if (tag == CONF_TAG_PACKAGE) {
		if (cursor->conf->package_count == CONF_PACKAGES_MAX)
			return -EINVAL;
		conf_cursor_package(cursor, cursor->conf->package_count++);
	}
	return conf_store(cursor, keyword, &value, nowhere);
}

static int read_body(struct conf *conf, const u8 *at, size_t length)
{
	struct conf_cursor cursor = conf_cursor_start(conf);

	while (length) {
		u16 tag;
		size_t size;

		if (length < RECORD_HEAD)
			return -EINVAL;
		tag = (u16)get(at, 2);
		size = (size_t)get(at + 2, 2);
		if (length - RECORD_HEAD < size ||
		    read_record(&cursor, tag, at + RECORD_HEAD, size))
			return -EINVAL;
		at += RECORD_HEAD + size;
		length -= RECORD_HEAD + size;
	}
	return 0;
}

/* What a file's reader checks line by line or at its end. */
static int check_whole(struct conf *conf)
{
	static const struct conf_places unknown;
	struct conf_report report;

	report.count = report.errors = report.warnings = report.lost = 0;
	report.file = NULL;
	if (!conf->cluster.name[0] || !conf->cluster.node_count)
		return -EINVAL;
	conf_relation_cluster(conf, &unknown, &report);
	for (u16 i = 0; i < conf->package_count; i++) {
		struct conf_package *package = &conf->package[i];

		if (!package->all_nodes && !package->node_count)
			return -EINVAL;
		conf_relation_policies(package, &unknown, &report);
		conf_relation_package(conf, package, &unknown, &report);
	}
	conf_check(conf, &report);
	return report.errors ? -EINVAL : 0;
}

int conf_decode(struct conf *conf, const void *buf, size_t length, const char **reason)
{
	struct conf_binary_head head;
	int err;

	conf_init(conf);
	err = conf_binary_head(&head, buf, length, reason);
	if (err)
		return err;
	conf->cluster.id = head.cluster_id;
	conf->cluster.generation = head.generation;
	if (read_body(conf, (const u8 *)buf + HEAD_SIZE, length - HEAD_SIZE))
		err = fail(reason, "a record in it is damaged or unknown");
	else if (check_whole(conf))
		err = fail(reason, "its content does not pass the checks of cmcheckconf");
	if (err)
		conf_init(conf);
	return err;
}
