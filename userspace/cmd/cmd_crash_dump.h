/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Crash dumps, by physical address: ELF and makedumpfile's compressed form
 * (libkdumpfile).  No symbols are needed.
 */
#ifndef TOCSIN_CMD_CRASH_DUMP_H
#define TOCSIN_CMD_CRASH_DUMP_H

#include "limits.h"

/* The smallest of all: others (16 and 64 KiB of arm64) are multiples of it. */
#define CRASH_PAGE_SIZE 4096
/* Where else the reason of a TOC may be found. */
#define CRASH_BESIDE	"The kernel's messages beside it may hold the line \"TOC:\""

struct crash_dump;

/**
 * crash_dump_open - open a dump
 * @dump: set on success; the caller closes it
 * Return: CMD_OK, or CMD_FAILED after a message that names file and remedy.
 */
int crash_dump_open(const char *path, struct crash_dump **dump);
void crash_dump_close(struct crash_dump *dump);

/**
 * crash_dump_next - the next page that the dump holds
 * @address: in: where to start looking, a multiple of CRASH_PAGE_SIZE; out:
 *	the page found, also if only its end or beginning is there
 * Return: false at the end.
 */
bool crash_dump_next(struct crash_dump *dump, u64 *address);

/**
 * crash_dump_read - read physical memory
 * Return: 0, or -EIO when not all of it is in the dump.
 */
int crash_dump_read(struct crash_dump *dump, u64 address, void *buf, size_t size);

/* Bytes that the dump says it has and the file does not; 0 also where that cannot be told. */
u64 crash_dump_missing(const struct crash_dump *dump);

/* When the kernel crashed: seconds since 1970, in nanoseconds; 0: it does not say. */
u64 crash_dump_crash_time(const struct crash_dump *dump);

/* That kernel's uname -r, to be freed; NULL: it does not say. */
char *crash_dump_release(const struct crash_dump *dump);

/**
 * crash_dump_number - a number that the kernel says of itself
 * @key: as in VMCOREINFO: "OFFSET(printk_info.ts_nsec)"
 * Return: false when it does not.
 */
bool crash_dump_number(const struct crash_dump *dump, const char *key, u64 *value);
/* The virtual address of a symbol of the few in VMCOREINFO. Returns as above. */
bool crash_dump_symbol(const struct crash_dump *dump, const char *name, u64 *address);
/* Read by virtual address; returns as crash_dump_read(). */
int crash_dump_read_virtual(struct crash_dump *dump, u64 address, void *buf, size_t size);

/* Name of the file's format, for people. */
const char *crash_dump_format(struct crash_dump *dump);

#endif
