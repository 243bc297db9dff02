// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/base_key.h>

#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define KEY_FILE_MAX	4096
#define KEY_ID_MAX	255
#define HKDF_SALT	"tocsin-1"

/* Where the parser is, for its messages. */
struct place {
	const char *name;
	unsigned int line;
	char *error;
	size_t error_size;
};

static int complain(const struct place *at, const char *what)
{
	if (at->line)
		base_str_print(at->error, at->error_size, "%s:%u: %s", at->name, at->line, what);
	else
		base_str_print(at->error, at->error_size, "%s: %s", at->name, what);
	return -EINVAL;
}

static int parse_id(const struct place *at, const char *value, struct base_key *key)
{
	u64 id;

	if (key->id)
		return complain(at, "second \"cluster-key-id\"; give one");
	if (base_str_u64(value, 1, KEY_ID_MAX, &id))
		return complain(at, "\"cluster-key-id\" must be a number from 1 to 255");
	key->id = (u32)id;
	return 0;
}

static int parse_secret(const struct place *at, const char *value, struct base_key *key,
			bool *have_secret)
{
	if (*have_secret)
		return complain(at, "second \"key\"; give one");
	if (base_hex_read(value, key->secret, sizeof(key->secret)))
		return complain(at, "\"key\" must be 64 hexadecimal digits; copy the file "
				"whole from another node, or make one with cmkeygen");
	*have_secret = true;
	return 0;
}

static int parse_line(const struct place *at, char *line, struct base_key *key,
		      bool *have_secret)
{
	char *comment = strchr(line, '#');
	char *value;

	if (comment)
		*comment = '\0';
	line = base_str_trim(line);
	if (!*line)
		return 0;
	value = line + strcspn(line, " \t");
	if (*value)
		*value++ = '\0';
	value = base_str_trim(value);
	if (!strcmp(line, "cluster-key-id"))
		return parse_id(at, value, key);
	if (!strcmp(line, "key"))
		return parse_secret(at, value, key, have_secret);
	return complain(at, "unknown word; allowed are \"cluster-key-id\" and \"key\"");
}

int base_key_parse(const char *name, const char *text, struct base_key *key,
		   char *error, size_t error_size)
{
	struct place at = { name, 0, error, error_size };
	bool have_secret = false;
	char line[160];
	int err = 0;

	memset(key, 0, sizeof(*key));
	while (*text && !err) {
		size_t length = strcspn(text, "\n");

		at.line++;
		if (length >= sizeof(line)) {
			err = complain(&at, "line too long");
			break;
		}
		memcpy(line, text, length);
		line[length] = '\0';
		err = parse_line(&at, line, key, &have_secret);
		text += length + (text[length] == '\n');
	}
	base_key_wipe(line, sizeof(line));
	at.line = 0;
	if (!err && !key->id)
		err = complain(&at, "no line \"cluster-key-id N\"; make the file with cmkeygen");
	if (!err && !have_secret)
		err = complain(&at, "no line \"key <64 hexadecimal digits>\"; "
			       "make the file with cmkeygen");
	if (err)
		base_key_wipe(key, sizeof(*key));
	return err;
}

static int check_mode(const char *path, char *error, size_t error_size)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (st.st_mode & 077) {
		base_str_print(error, error_size, "%s: mode %04o lets others read the key; "
			       "run: chmod 600 %s", path, st.st_mode & 07777, path);
		return -EPERM;
	}
	return 0;
}

int base_key_read(const char *path, struct base_key *key, char *error, size_t error_size)
{
	char *text = NULL;
	ssize_t size;
	int err;

	memset(key, 0, sizeof(*key));
	err = check_mode(path, error, error_size);
	if (err == -EPERM)
		return err;
	size = base_file_read(path, KEY_FILE_MAX, &text);
	if (size < 0) {
		base_str_print(error, error_size, "%s: %s; make the cluster's key with cmkeygen, "
			       "or copy it from another node", path, strerror((int)-size));
		return (int)size;
	}
	if (strlen(text) != (size_t)size) {
		base_str_print(error, error_size, "%s: not a text file", path);
		err = -EINVAL;
	} else {
		err = base_key_parse(path, text, key, error, error_size);
	}
	base_key_wipe(text, (size_t)size);
	free(text);
	return err;
}

void base_key_print(const struct base_key *key, char text[BASE_KEY_TEXT_MAX])
{
	char hex[2 * BASE_KEY_SIZE + 1];

	base_hex_write(hex, key->secret, sizeof(key->secret));
	base_str_print(text, BASE_KEY_TEXT_MAX,
		       "# Key of a Tocsin cluster: keep it secret.\n"
		       "cluster-key-id %u\nkey %s\n", key->id, hex);
	base_key_wipe(hex, sizeof(hex));
}

void base_key_generate(u32 id, struct base_key *key)
{
	core_assert(id >= 1 && id <= KEY_ID_MAX);
	key->id = id;
	base_random(key->secret, sizeof(key->secret));
}

void base_key_derive(const struct base_key *key, const char *purpose, u8 out[BASE_KEY_SIZE])
{
	gnutls_datum_t input = { (void *)key->secret, sizeof(key->secret) };
	gnutls_datum_t salt = { (void *)HKDF_SALT, sizeof(HKDF_SALT) - 1 };
	gnutls_datum_t info = { (void *)purpose, (unsigned int)strlen(purpose) };
	u8 extracted[32];
	gnutls_datum_t middle = { extracted, sizeof(extracted) };

	core_assert(gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &input, &salt, extracted) == 0);
	core_assert(gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &middle, &info, out,
				       BASE_KEY_SIZE) == 0);
	base_key_wipe(extracted, sizeof(extracted));
}

void base_key_wipe(void *secret, size_t size)
{
	explicit_bzero(secret, size);
}
