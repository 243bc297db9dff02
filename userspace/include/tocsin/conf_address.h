/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as the configuration has them: pure, numeric, no look-up. */
#ifndef TOCSIN_CONF_ADDRESS_H
#define TOCSIN_CONF_ADDRESS_H

#include <tocsin/conf.h>

#define CONF_ADDRESS_TEXT_MAX	48

/**
 * conf_address_parse - "10.0.0.1", "fd00::1", each with an optional "/prefix"
 * Return: 0, or -EINVAL; without "/prefix" prefix_len is 0.
 */
int conf_address_parse(const char *text, size_t length, struct conf_address *address);

/* Write the address without its prefix, IPv6 as RFC 5952 has it. */
void conf_address_print(const struct conf_address *address, char text[CONF_ADDRESS_TEXT_MAX]);

/* Same family and bytes, prefix aside. */
bool conf_address_same(const struct conf_address *a, const struct conf_address *b);

/* @network: prefix known. Is @address in it? */
bool conf_address_within(const struct conf_address *address, const struct conf_address *network);

/* @address with its host bits zero. */
struct conf_address conf_address_network(const struct conf_address *address);

/* May be given to one interface: not any, loopback, multicast; IPv4 also not 0/8
 * or 240/4, nor (prefix known) its network's first or last address. */
bool conf_address_is_host(const struct conf_address *address);

#endif
