// SPDX-License-Identifier: GPL-2.0-or-later
/* Values as people read them: in files and in messages. */
#include "conf_value.h"

static void allow_time(const struct conf_keyword *keyword, struct conf_out *out)
{
	conf_out_time(out, keyword->min);
	conf_out_text(out, " to ");
	conf_out_time(out, keyword->max);
	conf_out_text(out, conf_value_in_us(keyword) ?
		      " (a bare number is microseconds; units us, ms, s, min, h)" :
		      " (a bare number is seconds; units us, ms, s, min, h)");
}

static void allow_number(const struct conf_keyword *keyword, struct conf_out *out)
{
	conf_out_u64(out, keyword->min);
	conf_out_text(out, " to ");
	conf_out_u64(out, keyword->max);
}

static void allow_text(const struct conf_keyword *keyword, struct conf_out *out,
		       const char *of)
{
	conf_out_text(out, "up to ");
	conf_out_u64(out, keyword->max);
	conf_out_text(out, " characters");
	conf_out_text(out, of);
}

static void allow_choice(const struct conf_keyword *keyword, struct conf_out *out)
{
	for (size_t i = 0; keyword->names[i]; i++) {
		if (i)
			conf_out_text(out, keyword->names[i + 1] ? ", " : " or ");
		conf_out_text(out, keyword->names[i]);
	}
}

static void allow_name(const struct conf_keyword *keyword, struct conf_out *out)
{
	switch (keyword->kind) {
	case CONF_KIND_CLUSTER_NAME:
		allow_text(keyword, out, ", no white space and none of / \\ * @ = | ; \" #");
		break;
	case CONF_KIND_NODE_NAME:
		allow_text(keyword, out, ": letters, digits, - and _");
		if (keyword->tag == CONF_TAG_PKG_NODE)
			conf_out_text(out, "; or * for all nodes");
		break;
	case CONF_KIND_NAME:
		allow_text(keyword, out,
			   ": letters, digits, . _ -, beginning with a letter or digit");
		break;
	case CONF_KIND_INTERFACE_NAME:
		allow_text(keyword, out, ": the name of a network interface");
		break;
	case CONF_KIND_PATH:
		allow_text(keyword, out, ": an absolute path");
		break;
	case CONF_KIND_COMMAND:
		allow_text(keyword, out, ": a command with its absolute path");
		break;
	case CONF_KIND_HOST:
		allow_text(keyword, out, ": a host name or an address");
		break;
	default:
		allow_text(keyword, out, "");
		break;
	}
}

void conf_value_allowed(const struct conf_keyword *keyword, struct conf_out *out)
{
	switch (keyword->kind) {
	case CONF_KIND_ADDRESS:
		conf_out_text(out, "an IPv4 or IPv6 address, optionally with /prefix length");
		break;
	case CONF_KIND_NETWORK:
		conf_out_text(out, "the address of a subnet, optionally with /prefix length");
		break;
	case CONF_KIND_TIMEOUT:
		conf_out_text(out, "no_timeout, or ");
		allow_time(keyword, out);
		break;
	case CONF_KIND_TIME:
		allow_time(keyword, out);
		break;
	case CONF_KIND_PRIORITY:
		conf_out_text(out, "no_priority, or ");
		allow_number(keyword, out);
		break;
	case CONF_KIND_RESTART:
		conf_out_text(out, "none, unlimited, or ");
		allow_number(keyword, out);
		break;
	case CONF_KIND_NUMBER:
		allow_number(keyword, out);
		break;
	case CONF_KIND_YES_NO:
		conf_out_text(out, "yes or no");
		break;
	case CONF_KIND_ON_OFF:
		conf_out_text(out, "ON or OFF");
		break;
	case CONF_KIND_CHOICE:
		allow_choice(keyword, out);
		break;
	default:
		allow_name(keyword, out);
		break;
	}
}

static void print_time(const struct conf_keyword *keyword, u64 time_ns, struct conf_out *out)
{
	u64 unit = conf_value_in_us(keyword) ? 1000 : CORE_NS_PER_S;

	if (time_ns % unit)
		conf_out_time(out, time_ns);
	else
		conf_out_u64(out, time_ns / unit);
}

static void print_named(u64 number, u64 named, const char *name, struct conf_out *out)
{
	if (number == named)
		conf_out_text(out, name);
	else
		conf_out_u64(out, number);
}

void conf_value_print(const struct conf_keyword *keyword, const struct conf_value *value,
		      struct conf_out *out)
{
	switch (keyword->kind) {
	case CONF_KIND_ADDRESS:
	case CONF_KIND_NETWORK:
		conf_out_address(out, &value->address);
		break;
	case CONF_KIND_TIMEOUT:
		if (value->number == CONF_NO_TIMEOUT)
			conf_out_text(out, "no_timeout");
		else
			print_time(keyword, value->number, out);
		break;
	case CONF_KIND_TIME:
		print_time(keyword, value->number, out);
		break;
	case CONF_KIND_PRIORITY:
		print_named(value->number, CONF_NO_PRIORITY, "no_priority", out);
		break;
	case CONF_KIND_RESTART:
		if (value->number == CONF_RESTART_UNLIMITED)
			conf_out_text(out, "unlimited");
		else
			print_named(value->number, 0, "none", out);
		break;
	case CONF_KIND_NUMBER:
		conf_out_u64(out, value->number);
		break;
	case CONF_KIND_YES_NO:
		conf_out_text(out, value->number ? "yes" : "no");
		break;
	case CONF_KIND_ON_OFF:
		conf_out_text(out, value->number ? "ON" : "OFF");
		break;
	case CONF_KIND_CHOICE:
		conf_out_text(out, keyword->names[value->number]);
		break;
	default:
		conf_out_quoted(out, value->text, value->length);
		break;
	}
}
