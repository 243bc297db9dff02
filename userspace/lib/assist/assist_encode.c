// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages between cmcld and cmsrvassistd: structure to bytes. */
#include <tocsin/assist.h>
#include <tocsin/conf_address.h>

#include <inttypes.h>
#include <stdio.h>

struct out {
	char *at;
	size_t room;
	bool full;
};

static void put_bytes(struct out *out, const void *data, size_t length)
{
	if (out->full || length > out->room) {
		out->full = true;
		return;
	}
	memcpy(out->at, data, length);
	out->at += length;
	out->room -= length;
}

/* One word: key=value and its NUL. */
static void put_text(struct out *out, const char *key, const char *value)
{
	if (!value)
		return;
	put_bytes(out, key, strlen(key));
	put_bytes(out, "=", 1);
	put_bytes(out, value, strlen(value) + 1);
}

static void put_number(struct out *out, const char *key, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_text(out, key, text);
}

static void put_address(struct out *out, const struct conf_address *address)
{
	char text[CONF_ADDRESS_TEXT_MAX], word[CONF_ADDRESS_TEXT_MAX + 8];

	conf_address_print(address, text);
	snprintf(word, sizeof(word), "%s/%u", text, address->prefix_len);
	put_text(out, "address", word);
}

static void put_package(struct out *out, const struct assist_package *p)
{
	put_text(out, "package", p->name);
	put_text(out, "node", p->node);
	put_text(out, "cluster", p->cluster);
	put_text(out, "log", p->log_file);
	put_text(out, "run_script", p->run_script);
	put_text(out, "halt_script", p->halt_script);
	put_number(out, "run_timeout", p->run_timeout_ns);
	put_number(out, "halt_timeout", p->halt_timeout_ns);
	put_number(out, "fail_fast", p->fail_fast);
	for (u16 i = 0; i < p->pre_count; i++)
		put_text(out, "pre", p->pre[i]);
	for (u16 i = 0; i < p->external_count; i++)
		put_text(out, "external", p->external[i]);
	for (u16 i = 0; i < p->address_count; i++)
		put_address(out, &p->address[i].address);
	for (u16 i = 0; i < p->service_count; i++) {
		put_text(out, "service", p->service[i].name);
		put_text(out, "cmd", p->service[i].cmd);
		put_number(out, "service_halt", p->service[i].halt_timeout_ns);
	}
	for (u16 i = 0; i < p->variable_count; i++)
		put_text(out, "variable", p->variable[i]);
}

int assist_encode(const struct assist_message *message, void *buffer, size_t size)
{
	struct out out = { .at = buffer, .room = size };
	struct assist_head head = message->head;

	if (out.room > ASSIST_MESSAGE_MAX)
		out.room = ASSIST_MESSAGE_MAX;
	head.version = ASSIST_VERSION;
	put_bytes(&out, &head, sizeof(head));
	switch ((enum assist_type)head.type) {
	case ASSIST_HELLO:
		put_text(&out, "node", message->package.node);
		put_text(&out, "cluster", message->package.cluster);
		for (u16 i = 0; i < message->address_count; i++)
			put_address(&out, &message->address[i].address);
		break;
	case ASSIST_START:
	case ASSIST_HALT:
		put_package(&out, &message->package);
		break;
	case ASSIST_READY:
		break;
	default:
		put_text(&out, "package", message->package.name);
		put_text(&out, "text", message->text);
		break;
	}
	if (out.full)
		return -EMSGSIZE;
	return (int)(out.at - (char *)buffer);
}
