// SPDX-License-Identifier: GPL-2.0-or-later
#include "qs_run.h"

#include <tocsin/version.h>

#include <stdio.h>
#include <stdlib.h>

static const char usage_text[] =
	"usage: qs [-c FILE] [-d DIRECTORY] [-p PORT] [-a ADDRESS]...\n"
	"       qs -update [-c FILE] [-d DIRECTORY]\n"
	"       qs -key [FILE]\n"
	"\n"
	"The quorum server: breaks ties when a cluster splits in two halves.\n"
	"\n"
	"  -c FILE       authorisation file (" QS_AUTH_FILE ")\n"
	"  -d DIRECTORY  where promises are kept (" QS_STATE_DIRECTORY ")\n"
	"  -p PORT       TCP port (1238)\n"
	"  -a ADDRESS    listen there only; up to 8 times (all addresses)\n"
	"  -update       check the authorisation file and have the running server\n"
	"                read it again\n"
	"  -key          on a node of a cluster: print the key that the quorum server\n"
	"                needs for it, from FILE (" BASE_KEY_FILE ")\n"
	"  -v            print the version\n"
	"\n"
	"A line of the authorisation file: CLUSTER KEY [ADDRESS or NETWORK]...\n"
	"It logs to standard output. Exit status: 0 success, 1 failure, 2 usage.\n"
	"\n"
	"example, on a node of cluster \"production\":\n"
	"  echo \"production $(qs -key)\" | ssh qshost 'cat >>" QS_AUTH_FILE " && qs -update'\n";

static int usage(const char *complaint, const char *about)
{
	if (complaint)
		fprintf(stderr, "qs: %s: %s\n", about, complaint);
	fputs(usage_text, complaint ? stderr : stdout);
	return complaint ? 2 : 0;
}

static int print_key(const char *path)
{
	char error[400], hex[2 * BASE_KEY_SIZE + 1];
	struct base_key key;
	u8 derived[BASE_KEY_SIZE];

	if (base_key_read(path, &key, error, sizeof(error))) {
		fprintf(stderr, "qs: %s\n", error);
		return 1;
	}
	base_key_derive(&key, BASE_KEY_QUORUM_SERVER, derived);
	base_hex_write(hex, derived, sizeof(derived));
	puts(hex);
	base_key_wipe(&key, sizeof(key));
	base_key_wipe(derived, sizeof(derived));
	base_key_wipe(hex, sizeof(hex));
	return 0;
}

/* One option with its value; 0 or the exit status. */
static int take_option(struct qs_options *options, u16 *port, const char *option, char *value)
{
	u64 number;

	if (!value)
		return usage("needs a value", option);
	switch (option[1]) {
	case 'c':
		options->auth_file = value;
		return 0;
	case 'd':
		options->state_directory = value;
		return 0;
	case 'p':
		if (base_str_u64(value, 1, 65535, &number))
			return usage("a port is a number from 1 to 65535", value);
		*port = (u16)number;
		return 0;
	default:
		if (options->addresses == QS_ADDRESSES_MAX)
			return usage("at most 8 addresses", value);
		if (net_address_parse(value, 0, &options->address[options->addresses]))
			return usage("not a numeric address", value);
		options->addresses++;
		return 0;
	}
}

static int serve(struct qs_options *options, u16 port)
{
	unsigned int i;

	if (!options->addresses) {
		if (net_address_parse("*", 0, &options->address[0]))
			return 1;
		options->addresses = 1;
	}
	for (i = 0; i < options->addresses; i++)
		net_address_set_port(&options->address[i], port);
	return qs_run(options) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct qs_options options = {
		.auth_file = QS_AUTH_FILE,
		.state_directory = QS_STATE_DIRECTORY,
	};
	u16 port = NET_PORT_QS;
	bool update = false;
	int i, err;

	for (i = 1; i < argc; i++) {
		const char *option = argv[i];

		if (!strcmp(option, "-h") || !strcmp(option, "--help"))
			return usage(NULL, NULL);
		if (!strcmp(option, "-v") || !strcmp(option, "--version"))
			return puts("qs (Tocsin) " TOCSIN_VERSION) < 0;
		if (!strcmp(option, "-key"))
			return print_key(i + 1 < argc ? argv[i + 1] : BASE_KEY_FILE);
		if (!strcmp(option, "-update")) {
			update = true;
			continue;
		}
		if (option[0] != '-' || !strchr("cdpa", option[1]) || !option[1] || option[2])
			return usage("unknown option", option);
		err = take_option(&options, &port, option, argv[++i]);
		if (err)
			return err;
	}
	if (update)
		return qs_update(&options) ? 1 : 0;
	return serve(&options, port);
}
