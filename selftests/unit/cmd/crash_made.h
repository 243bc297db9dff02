/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps made for the tests of cmcrash: an ELF core file with flight recorders at
 * physical addresses of our choice, and what the kernel says of its crash, or not.
 */
#ifndef TOCSIN_UNIT_CRASH_MADE_H
#define TOCSIN_UNIT_CRASH_MADE_H

#include "cmd.h"
#include "cmd_crash.h"
#include "core.h"

#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ENTRIES		RECORDER_ENTRIES_MIN
#define BASE		0x100000ULL	/* physical address of the dumped memory */
#define VIRTUAL		0xffff888000000000ULL	/* where the kernel has physical address 0 */
#define PAGES		72
#define RECORDER_PAGE	5

static u8 memory[PAGES * 4096] __attribute__((aligned(8)));
static char path[] = "/tmp/crash_test.XXXXXX";
/* "CRASHTIME=...\n"; "": the dump has no such note. */
static char vmcoreinfo[1024];
/* Bits that are wrong in the dump: of the size of its memory, of its address. */
static u64 wrong_size, wrong_address;

static inline struct recorder_header *header_at(unsigned int page)
{
	return (struct recorder_header *)(memory + page * 4096);
}

static inline struct recorder_header *header(void)
{
	return header_at(RECORDER_PAGE);
}

static inline struct recorder_entry *add_entry_at(unsigned int page, u64 number, u16 kind,
						  u64 time_ns, u64 first)
{
	struct recorder_header *to = header_at(page);
	struct recorder_entry *entries = (void *)((u8 *)to + to->entry_offset);
	struct recorder_entry *entry = &entries[number % ENTRIES];

	memset(entry, 0, sizeof(*entry));
	entry->kind = kind;
	entry->time_ns = time_ns;
	entry->arg[0] = first;
	entry->peer = 2;
	entry->seq = number + 1;
	to->written = number + 1;
	return entry;
}

static inline struct recorder_entry *add_entry(u64 number, u16 kind, u64 time_ns, u64 first)
{
	return add_entry_at(RECORDER_PAGE, number, kind, time_ns, first);
}

static inline void fill_recorder(void)
{
	struct recorder_peer *peer;

	memset(memory, 0, sizeof(memory));
	vmcoreinfo[0] = '\0';
	wrong_size = 0;
	wrong_address = 0;
	recorder_header_init(header(), BASE + RECORDER_PAGE * 4096, ENTRIES);
	assert_true(RECORDER_PAGE * 4096 + recorder_size(ENTRIES) <= sizeof(memory));
	header()->armed = 1;
	header()->node_id = 1;
	memcpy(header()->node, "alpha", 6);
	header()->member_timeout_ns = 4 * CORE_NS_PER_S;
	header()->verdict.code = CORE_VERDICT_QUORUM_LEASE;
	header()->verdict.at_ns = 10 * CORE_NS_PER_S;
	header()->verdict.late_ns = 250000;
	header()->verdict.cpu = 1;
	header()->verdict.cpus_told = 3;
	header()->verdict.cpus_stopped = 2;
	header()->verdict.stopped_ns = 10 * CORE_NS_PER_S + 50000;
	peer = (void *)((u8 *)header() + header()->peer_offset);
	peer[1].id = 2;
	memcpy(peer[1].name, "beta", 5);
	peer[1].heard_ns = 6 * CORE_NS_PER_S;
	peer[1].paths = 2;
	peer[1].path[1].state = CORE_PATH_UP;
	peer[1].path[1].heard_ns = 9 * CORE_NS_PER_S;
	peer[1].path[1].received = 1200;
	peer[1].path[1].lost = 3;
	peer[1].path[1].rtt_ns = 410000;
	add_entry(0, RECORDER_LOAD, 1, 0);
	add_entry(1, RECORDER_EVENT, 8 * CORE_NS_PER_S, CORE_EVENT_PEER_SILENT);
	add_entry(2, RECORDER_VERDICT, 10 * CORE_NS_PER_S, CORE_VERDICT_QUORUM_LEASE);
}

/* The note, as the kernel writes it. Return: its size in the file. */
static inline size_t write_note(FILE *file)
{
	static const char name[12] = "VMCOREINFO";
	Elf64_Nhdr note = { .n_namesz = 11, .n_descsz = (Elf64_Word)strlen(vmcoreinfo) };
	static const char padding[4];

	if (!vmcoreinfo[0])
		return 0;
	fwrite(&note, sizeof(note), 1, file);
	fwrite(name, sizeof(name), 1, file);
	fwrite(vmcoreinfo, note.n_descsz, 1, file);
	fwrite(padding, -note.n_descsz % 4, 1, file);
	return sizeof(note) + sizeof(name) + (note.n_descsz + 3) / 4 * 4;
}

static inline void write_dump(size_t size)
{
	Elf64_Ehdr elf = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(elf), .e_ehsize = sizeof(elf),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = vmcoreinfo[0] ? 2 : 1,
	};
	Elf64_Phdr segment[] = {
		{ .p_type = PT_LOAD, .p_flags = 7, .p_offset = 4096,
		  .p_vaddr = VIRTUAL + BASE, .p_paddr = BASE ^ wrong_address,
		  .p_filesz = sizeof(memory) ^ wrong_size, .p_memsz = sizeof(memory) },
		{ .p_type = PT_NULL, .p_offset = 512 },
	};
	FILE *file;
	int fd;

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	file = fdopen(fd, "wb");
	assert_non_null(file);
	fseek(file, (long)segment[1].p_offset, SEEK_SET);
	segment[1].p_filesz = write_note(file);
	if (segment[1].p_filesz)
		segment[1].p_type = PT_NOTE;
	rewind(file);
	fwrite(&elf, sizeof(elf), 1, file);
	fwrite(segment, sizeof(segment), 1, file);
	fseek(file, 4096, SEEK_SET);
	fwrite(memory, 1, size, file);
	assert_int_equal(fclose(file), 0);
}

static inline int remove_dump(void **state)
{
	unlink(path);
	return 0;
}

/* What a person sees of the dump, with so many events. */
static inline char *report_with(const struct crash_record *record, unsigned int events)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	crash_report_print(out, record, events);
	fclose(out);
	return text;
}

static inline char *report_of(const struct crash_record *record)
{
	return report_with(record, 30);
}

/* With -a. */
static inline char *whole_report_of(const struct crash_record *record)
{
	return report_with(record, 0);
}

/* What a program sees of it. */
static inline char *json_of(const struct crash_record *record)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	crash_json_print(out, record);
	fclose(out);
	return text;
}

#endif
