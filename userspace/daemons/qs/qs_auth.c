// SPDX-License-Identifier: GPL-2.0-or-later
#include "qs_auth.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>

#define FILE_MAX_BYTES	(1024 * 1024)
#define WORDS_MAX	(2 + QS_AUTH_NETWORKS_MAX)
#define COMPLAINT_MAX	512

struct parser {
	const char *path;
	unsigned int line;
	unsigned int faults;
	struct qs_auth *auth;
	void (*complain)(const char *text);
};

static void fault(struct parser *parser, const char *what, const char *found)
{
	char text[COMPLAINT_MAX];

	parser->faults++;
	base_str_print(text, sizeof(text), "%s:%u: \"%.80s\": %s", parser->path, parser->line,
		       found, what);
	parser->complain(text);
}

static bool name_is_good(const char *name)
{
	if (!isalnum((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

static void take_cluster(struct parser *parser, struct qs_auth_entry *entry, char *word)
{
	u8 id[8];
	unsigned int i;

	if (base_str_copy(entry->label, sizeof(entry->label), word) || !name_is_good(word)) {
		fault(parser, "a cluster is named by at most 39 letters, digits, '.', '_', '-', "
		      "or by its id, 16 hexadecimal digits", word);
		return;
	}
	if (base_hex_read(word, id, sizeof(id)))
		return;
	entry->by_id = true;
	for (i = 0; i < sizeof(id); i++)
		entry->cluster_id = entry->cluster_id << 8 | id[i];
	base_hex_write(entry->label, id, sizeof(id));
}

/* A file with either kind of key. */
static int read_key_file(const char *path, u8 out[BASE_KEY_SIZE], char *error, size_t size)
{
	struct base_key key;
	char *text;
	ssize_t got;
	int err;

	err = base_key_read(path, &key, error, size);
	if (!err) {
		base_key_derive(&key, BASE_KEY_QUORUM_SERVER, out);
		base_key_wipe(&key, sizeof(key));
		return 0;
	}
	if (err != -EINVAL)
		return err;
	got = base_file_read(path, BASE_KEY_TEXT_MAX, &text);
	if (got < 0)
		return (int)got;
	err = base_hex_read(base_str_trim(text), out, BASE_KEY_SIZE);
	base_key_wipe(text, strlen(text));
	free(text);
	return err;
}

static void take_key(struct parser *parser, struct qs_auth_entry *entry, const char *word)
{
	char error[COMPLAINT_MAX] = "";

	if (word[0] == '/') {
		if (read_key_file(word, entry->key, error, sizeof(error)))
			fault(parser, error, word);
	} else if (base_hex_read(word, entry->key, sizeof(entry->key))) {
		/* Do not print what may be most of a key. */
		fault(parser, "the second word is the cluster's key for the quorum server, 64 "
		      "hexadecimal digits as printed by \"qs -key\" on a node, or the absolute "
		      "name of a file with it", "...");
	}
}

static bool parse_network(char *word, struct qs_auth_network *network)
{
	char *slash = strchr(word, '/');
	u64 prefix, max;

	if (slash)
		*slash = '\0';
	if (net_address_parse(word, 0, &network->address) || !strcmp(word, "*"))
		return false;
	max = network->address.storage.ss_family == AF_INET ? 32 : 128;
	prefix = max;
	if (slash && base_str_u64(slash + 1, 0, max, &prefix))
		return false;
	network->prefix = (u8)prefix;
	return true;
}

static void take_network(struct parser *parser, struct qs_auth_entry *entry, char *word)
{
	char as_written[64];

	base_str_print(as_written, sizeof(as_written), "%s", word);
	if (!parse_network(word, &entry->network[entry->networks]))
		fault(parser, "not a numeric address or network such as 10.1.0.7, 10.1.0.0/16 or "
		      "fd00:1::/64", as_written);
	else
		entry->networks++;
}

static bool same_cluster(const struct qs_auth_entry *a, const struct qs_auth_entry *b)
{
	return !strcmp(a->label, b->label);
}

static void take_entry(struct parser *parser, char **word, unsigned int words)
{
	struct qs_auth *auth = parser->auth;
	struct qs_auth_entry *entry = &auth->entry[auth->count];
	unsigned int before = parser->faults, i;

	if (auth->count == QS_AUTH_ENTRIES_MAX) {
		fault(parser, "more than 1024 clusters", word[0]);
		return;
	}
	memset(entry, 0, sizeof(*entry));
	take_cluster(parser, entry, word[0]);
	if (words < 2)
		fault(parser, "no key; a line is: cluster key [address...]", word[0]);
	else
		take_key(parser, entry, word[1]);
	for (i = 2; i < words; i++)
		if (strcmp(word[i], "+") || words > 3)
			take_network(parser, entry, word[i]);
	for (i = 0; i < auth->count; i++)
		if (same_cluster(&auth->entry[i], entry))
			fault(parser, "listed twice; keep one line", word[0]);
	if (parser->faults == before)
		auth->count++;
}

static void take_line(struct parser *parser, char *line)
{
	char *word[WORDS_MAX];
	unsigned int words = 0;
	char *comment = strchr(line, '#');
	char *rest;

	if (comment)
		*comment = '\0';
	for (line = strtok_r(line, " \t\r", &rest); line; line = strtok_r(NULL, " \t\r", &rest)) {
		if (words == WORDS_MAX) {
			fault(parser, "more than 16 addresses; use networks", line);
			return;
		}
		word[words++] = line;
	}
	if (words)
		take_entry(parser, word, words);
}

static void take_text(struct parser *parser, char *text)
{
	while (text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		parser->line++;
		take_line(parser, text);
		text = end;
	}
}

int qs_auth_read(const char *path, struct qs_auth *auth, void (*complain)(const char *text))
{
	struct parser parser = { .path = path, .auth = auth, .complain = complain };
	char message[COMPLAINT_MAX];
	ssize_t size;
	char *text;

	memset(auth, 0, sizeof(*auth));
	size = base_file_read(path, FILE_MAX_BYTES, &text);
	if (size < 0) {
		base_str_print(message, sizeof(message), "%s: %s", path, strerror((int)-size));
		complain(message);
		return (int)size;
	}
	auth->entry = calloc(QS_AUTH_ENTRIES_MAX, sizeof(*auth->entry));
	if (!auth->entry) {
		free(text);
		return -ENOMEM;
	}
	take_text(&parser, text);
	base_key_wipe(text, (size_t)size);
	free(text);
	if (!parser.faults)
		return 0;
	qs_auth_free(auth);
	return -EINVAL;
}

void qs_auth_free(struct qs_auth *auth)
{
	if (auth->entry)
		base_key_wipe(auth->entry, QS_AUTH_ENTRIES_MAX * sizeof(*auth->entry));
	free(auth->entry);
	memset(auth, 0, sizeof(*auth));
}

/* The bytes of an address; IPv4 also when it came as IPv4-mapped. */
static unsigned int bytes_of(const struct net_address *address, const u8 **bytes)
{
	const struct sockaddr_in *four = (const void *)&address->storage;
	const struct sockaddr_in6 *six = (const void *)&address->storage;

	if (address->storage.ss_family == AF_INET) {
		*bytes = (const u8 *)&four->sin_addr;
		return 4;
	}
	*bytes = six->sin6_addr.s6_addr;
	if (!IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		return 16;
	*bytes += 12;
	return 4;
}

static bool network_holds(const struct qs_auth_network *network, const struct net_address *from)
{
	const u8 *a, *b;
	unsigned int size = bytes_of(&network->address, &a), bit;

	if (bytes_of(from, &b) != size)
		return false;
	for (bit = 0; bit < network->prefix; bit++)
		if ((a[bit / 8] ^ b[bit / 8]) & (0x80 >> bit % 8))
			return false;
	return true;
}

static bool from_is_allowed(const struct qs_auth_entry *entry, const struct net_address *from)
{
	unsigned int i;

	for (i = 0; i < entry->networks; i++)
		if (network_holds(&entry->network[i], from))
			return true;
	return entry->networks == 0;
}

const struct qs_auth_entry *qs_auth_find(const struct qs_auth *auth,
					 const struct net_identity *identity,
					 const struct net_address *from)
{
	const struct qs_auth_entry *found = NULL;
	unsigned int i;

	for (i = 0; i < auth->count; i++) {
		const struct qs_auth_entry *entry = &auth->entry[i];

		/* The id says more than the name. */
		if (entry->by_id && entry->cluster_id == identity->cluster_id) {
			found = entry;
			break;
		}
		if (!entry->by_id && !strcmp(entry->label, identity->cluster))
			found = entry;
	}
	return found && from_is_allowed(found, from) ? found : NULL;
}
