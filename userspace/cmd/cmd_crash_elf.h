/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ELF dump holds: libkdumpfile reads zeros where the file ends before its
 * segments do, and a dump that a full disk has cut off does.
 */
#ifndef TOCSIN_CMD_CRASH_ELF_H
#define TOCSIN_CMD_CRASH_ELF_H

#include "core_env.h"

struct crash_elf;

/**
 * crash_elf_open - read the table of segments
 * @out: NULL when the file is no ELF file; free it with crash_elf_close()
 * Return: NULL, or why it is not a dump: words for the end of a message.
 */
const char *crash_elf_open(int fd, struct crash_elf **out);
/* NULL: nothing. */
void crash_elf_close(struct crash_elf *elf);

/* Bytes of segments that the file ends before. @elf may be NULL: 0. */
u64 crash_elf_missing(const struct crash_elf *elf);
/* Are @size bytes at a physical address before the file's end? NULL: yes. */
bool crash_elf_holds(const struct crash_elf *elf, u64 address, u64 size);

/**
 * crash_elf_next - the next byte of memory that the file has
 * @address: in: where to start looking; out: there, or where a segment begins behind it
 * Return: false at the end.
 */
bool crash_elf_next(const struct crash_elf *elf, u64 *address);

#endif
