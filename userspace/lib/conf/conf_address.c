// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/conf_address.h>

/* Reads decimal digits without leading zeros; returns the number read. */
static size_t read_decimal(const char *text, size_t length, u32 max, u32 *out)
{
	u32 number = 0;
	size_t i = 0;

	for (; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
		number = number * 10 + (u32)(text[i] - '0');
		if (number > max || (i && text[0] == '0'))
			return 0;
	}
	*out = number;
	return i;
}

static int read_ipv4(const char *text, size_t length, u8 byte[4])
{
	for (int i = 0; i < 4; i++) {
		u32 number;
		size_t used;

		if (i) {
			if (!length || *text != '.')
				return -EINVAL;
			text++;
			length--;
		}
		used = read_decimal(text, length, 255, &number);
		if (!used)
			return -EINVAL;
		byte[i] = (u8)number;
		text += used;
		length -= used;
	}
	return length ? -EINVAL : 0;
}

static size_t read_group(const char *text, size_t length, u32 *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < length && i < 4; i++) {
		char c = text[i] | 0x20;

		if (text[i] >= '0' && text[i] <= '9')
			*out = *out << 4 | (u32)(text[i] - '0');
		else if (c >= 'a' && c <= 'f')
			*out = *out << 4 | (u32)(c - 'a' + 10);
		else
			break;
	}
	return i;
}

/* Words before "::" go to the front, words after it are moved to the end. */
static int read_ipv6(const char *text, size_t length, u8 byte[16])
{
	int words = 0;
	int gap = -1;

	memset(byte, 0, 16);
	if (length >= 2 && text[0] == ':' && text[1] == ':') {
		gap = 0;
		text += 2;
		length -= 2;
	}
	while (length) {
		u32 word;
		size_t used = read_group(text, length, &word);

		if (used < length && text[used] == '.' && words <= 6) {
			if (read_ipv4(text, length, byte + 2 * words))
				return -EINVAL;
			words += 2;
			break;
		}
		if (!used || words == 8)
			return -EINVAL;
		byte[2 * words] = (u8)(word >> 8);
		byte[2 * words + 1] = (u8)word;
		words++;
		text += used;
		length -= used;
		if (!length)
			break;
		if (*text != ':' || length == 1)
			return -EINVAL;
		text++;
		length--;
		if (*text == ':') {
			if (gap >= 0)
				return -EINVAL;
			gap = words;
			text++;
			length--;
		}
	}
	if (gap < 0)
		return words == 8 ? 0 : -EINVAL;
	if (words == 8)
		return -EINVAL;
	memmove(byte + 16 - 2 * (words - gap), byte + 2 * gap, (size_t)(2 * (words - gap)));
	memset(byte + 2 * gap, 0, (size_t)(16 - 2 * words));
	return 0;
}

int conf_address_parse(const char *text, size_t length, struct conf_address *address)
{
	const char *slash = memchr(text, '/', length);
	size_t host = slash ? (size_t)(slash - text) : length;
	bool six = memchr(text, ':', host) != NULL;
	u32 prefix = 0;

	memset(address, 0, sizeof(*address));
	if (slash) {
		size_t digits = length - host - 1;

		if (!digits || read_decimal(slash + 1, digits, six ? 128 : 32,
					    &prefix) != digits || !prefix)
			return -EINVAL;
	}
	if (six ? read_ipv6(text, host, address->byte) : read_ipv4(text, host, address->byte)) {
		memset(address, 0, sizeof(*address));
		return -EINVAL;
	}
	address->family = six ? 6 : 4;
	address->prefix_len = (u8)prefix;
	return 0;
}

static char *put_number(char *at, u32 number, u32 base)
{
	char digits[10];
	int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	while (count)
		*at++ = digits[--count];
	return at;
}

/* The longest run of at least two zero words, the first of equals. */
static void longest_gap(const u8 *byte, int *start, int *length)
{
	*start = -1;
	*length = 1;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && !byte[2 * (i + n)] && !byte[2 * (i + n) + 1])
			n++;
		if (n > *length) {
			*start = i;
			*length = n;
		}
	}
}

void conf_address_print(const struct conf_address *address, char text[CONF_ADDRESS_TEXT_MAX])
{
	const u8 *byte = address->byte;
	char *at = text;
	int gap, length;

	if (address->family == 4) {
		for (int i = 0; i < 4; i++) {
			if (i)
				*at++ = '.';
			at = put_number(at, byte[i], 10);
		}
	} else if (address->family == 6) {
		longest_gap(byte, &gap, &length);
		for (int i = 0; i < 8; i++) {
			if (i == gap) {
				*at++ = ':';
				i += length - 1;
				if (i == 7)
					*at++ = ':';
				continue;
			}
			if (i)
				*at++ = ':';
			at = put_number(at, (u32)byte[2 * i] << 8 | byte[2 * i + 1], 16);
		}
	}
	*at = '\0';
}

static size_t address_size(const struct conf_address *address)
{
	return address->family == 6 ? 16 : 4;
}

bool conf_address_same(const struct conf_address *a, const struct conf_address *b)
{
	return a->family == b->family && !memcmp(a->byte, b->byte, address_size(a));
}

struct conf_address conf_address_network(const struct conf_address *address)
{
	struct conf_address network = *address;

	for (u32 bit = address->prefix_len; bit < address_size(address) * 8; bit++)
		network.byte[bit / 8] &= (u8)~(0x80 >> bit % 8);
	return network;
}

bool conf_address_within(const struct conf_address *address, const struct conf_address *network)
{
	struct conf_address masked = *address;

	if (address->family != network->family)
		return false;
	masked.prefix_len = network->prefix_len;
	masked = conf_address_network(&masked);
	return conf_address_same(&masked, network);
}

static bool is_network_edge(const struct conf_address *address)
{
	struct conf_address network = conf_address_network(address);
	u32 host_bits = 32U - address->prefix_len;
	u32 first = 0, own = 0;

	if (!address->prefix_len || host_bits < 2)
		return false;
	for (int i = 0; i < 4; i++) {
		first = first << 8 | network.byte[i];
		own = own << 8 | address->byte[i];
	}
	return own == first || own == (first | ((1U << host_bits) - 1));
}

bool conf_address_is_host(const struct conf_address *address)
{
	static const u8 zero[15];
	const u8 *byte = address->byte;

	if (address->family == 4)
		return byte[0] != 0 && byte[0] != 127 && byte[0] < 224 &&
		       !is_network_edge(address);
	if (address->family != 6 || byte[0] == 0xff)
		return false;
	return memcmp(byte, zero, 15) || byte[15] > 1;
}
