/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The binary configuration, /etc/tocsin/cmclconfig: what the daemons read.
 * Versioned; a reader takes its own format and the one before.
 */
#ifndef TOCSIN_CONF_BINARY_H
#define TOCSIN_CONF_BINARY_H

#include <tocsin/conf.h>

#define CONF_BINARY_PATH	"/etc/tocsin/cmclconfig"
#define CONF_BINARY_VERSION	1
/* No binary configuration is larger: buffers of this size always suffice. */
#define CONF_BINARY_MAX		(4U << 20)

/**
 * struct conf_binary_head - what can be said of a binary configuration without
 * decoding its body
 */
struct conf_binary_head {
	u32 version;
	u32 length;		/* of head and body */
	u64 cluster_id;
	u64 generation;
	u64 checksum;
};

/**
 * conf_encode - write @conf in binary form
 * @conf: passed conf_check()
 * Return: number of bytes, or -ENOSPC when @size does not suffice.
 */
int conf_encode(const struct conf *conf, void *buf, size_t size);

/**
 * conf_decode - read a binary configuration, any bytes
 * Everything is checked again: lengths, ranges, cross references. On failure
 * @conf is as after conf_init().
 * @reason: set on failure to a constant text for the log; may be NULL
 * Return: 0; -EINVAL: damaged or inconsistent; -ENOTSUP: a version this reader
 * does not know.
 */
int conf_decode(struct conf *conf, const void *buf, size_t length, const char **reason);

/* Read and verify the head and the checksum only. Errors as conf_decode(). */
int conf_binary_head(struct conf_binary_head *head, const void *buf, size_t length,
		     const char **reason);

#endif
