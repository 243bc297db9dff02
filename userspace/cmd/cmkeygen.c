// SPDX-License-Identifier: GPL-2.0-or-later
/* cmkeygen: make the cluster's key. */
#include "cmd.h"

#include <tocsin/base_key.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cmd_help help = {
	.usage = "[-f] [-o FILE]",
	.text =
	"Makes a random key for a cluster and writes it to /etc/tocsin/key (mode 0600).\n"
	"Whoever has the key can act as a node: copy it to the other nodes only, over a\n"
	"safe way. The quorum server gets a key of its own: qs -key prints it.\n\n"
	"  -f        replace a key that is there; it gets the next key number\n"
	"  -o FILE   write to FILE\n",
	.examples =
	"  cmkeygen\n"
	"  scp -p /etc/tocsin/key n2:/etc/tocsin/key      to each other node\n",
};

/* The number of the key that is replaced, 0 when there is none to be read. */
static unsigned int old_number(const char *path)
{
	struct base_key key;
	char error[256];
	unsigned int number;

	if (base_key_read(path, &key, error, sizeof(error)))
		return 0;
	number = key.id;
	base_key_wipe(&key, sizeof(key));
	return number;
}

static int make_directory(const char *path)
{
	char dir[512];
	char *slash;

	if (base_str_copy(dir, sizeof(dir), path))
		return -ENAMETOOLONG;
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = '\0';
	return mkdir(dir, 0755) && errno != EEXIST ? -errno : 0;
}

static int write_key(const char *path, unsigned int number)
{
	char text[BASE_KEY_TEXT_MAX];
	struct base_key key;
	int err;

	base_key_generate(number, &key);
	base_key_print(&key, text);
	base_key_wipe(&key, sizeof(key));
	err = make_directory(path);
	if (!err)
		err = base_file_write(path, text, strlen(text), 0600);
	base_key_wipe(text, sizeof(text));
	return err;
}

int cmkeygen_main(int argc, char **argv)
{
	const char *path = cmd_path(CMD_ETC, "key");
	bool force = false;
	unsigned int number;
	int option, err;

	while ((option = cmd_option(argc, argv, "fo:", NULL, &help)) != -1) {
		if (option == 'f')
			force = true;
		else
			path = optarg;
	}
	if (optind < argc)
		return cmd_usage_error("'%s' is not expected", argv[optind]);
	if (!force && !access(path, F_OK))
		return cmd_error("%s exists: nothing was changed. A node with another key is "
				 "shut out; -f replaces it", path);
	number = old_number(path) % 255 + 1;
	err = write_key(path, number);
	if (err)
		return cmd_error("%s: %s", path, strerror(-err));
	printf("key %u is in %s; copy it to the other nodes (for the quorum server: qs -key)\n",
	       number, path);
	return CMD_OK;
}
