// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_crash_elf.h"
#include "limits.h"

#include <elf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any kernel writes: one for each piece of memory. */
#define SEGMENTS_MAX	65535
/* Only the kernel's own text is in a dump twice. */
#define TIMES_MAX	4

struct crash_elf {
	u64 file_size;
	unsigned int count;
	Elf64_Phdr segment[];
};

static bool is_elf(const Elf64_Ehdr *header, ssize_t got)
{
	return got >= EI_NIDENT && !memcmp(header->e_ident, ELFMAG, SELFMAG);
}

/* More than 65534 segments: the number is in the first section header. */
static u64 segment_count(int fd, const Elf64_Ehdr *header)
{
	Elf64_Shdr first;

	if (header->e_phnum != PN_XNUM)
		return header->e_phnum;
	if (pread(fd, &first, sizeof(first), (off_t)header->e_shoff) != sizeof(first))
		return 0;
	return first.sh_info;
}

/* Bytes of a segment that are in the file. */
static u64 present(const struct crash_elf *elf, const Elf64_Phdr *segment)
{
	if (segment->p_offset >= elf->file_size)
		return 0;
	if (segment->p_filesz > elf->file_size - segment->p_offset)
		return elf->file_size - segment->p_offset;
	return segment->p_filesz;
}

/* All of them have to be looked through: a table that shows the same bytes again and
 * again would have that take hours.
 */
static bool repeats(const struct crash_elf *elf)
{
	u64 rest = elf->file_size * TIMES_MAX;
	unsigned int i;

	for (i = 0; i < elf->count; i++) {
		u64 size = present(elf, &elf->segment[i]);

		if (elf->segment[i].p_type != PT_LOAD)
			continue;
		if (size > rest)
			return true;
		rest -= size;
	}
	return false;
}

static const char *segments_read(int fd, const Elf64_Ehdr *header, u64 file_size,
				 struct crash_elf **out)
{
	u64 count = segment_count(fd, header);
	struct crash_elf *elf;
	size_t size;

	if (!count || count > SEGMENTS_MAX || header->e_phentsize != sizeof(Elf64_Phdr))
		return "its table of segments is damaged or cut off";
	size = count * sizeof(Elf64_Phdr);
	elf = malloc(sizeof(*elf) + size);
	if (!elf)
		return "out of memory";
	elf->file_size = file_size;
	elf->count = (unsigned int)count;
	if (pread(fd, elf->segment, size, (off_t)header->e_phoff) != (ssize_t)size) {
		free(elf);
		return "its table of segments is cut off";
	}
	if (repeats(elf)) {
		free(elf);
		return "its segments hold the same bytes again and again; it is damaged";
	}
	*out = elf;
	return NULL;
}

const char *crash_elf_open(int fd, struct crash_elf **out)
{
	Elf64_Ehdr header;
	struct stat status;
	ssize_t got;

	*out = NULL;
	if (fstat(fd, &status))
		return strerror(errno);
	if (S_ISDIR(status.st_mode))
		return "it is a directory; name the file in it";
	if (S_ISREG(status.st_mode) && !status.st_size)
		return "it is empty; was the disk full?";
	got = pread(fd, &header, sizeof(header), 0);
	if (!is_elf(&header, got))
		return NULL;
	/* libkdumpfile reads these, too, and they hold no more than 4 GiB. */
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
		return NULL;
	if (got != sizeof(header))
		return "it is cut off within its first bytes; was the disk full?";
	if (header.e_type != ET_CORE)
		return "it is a program or a library";
	return segments_read(fd, &header, (u64)status.st_size, out);
}

void crash_elf_close(struct crash_elf *elf)
{
	free(elf);
}

u64 crash_elf_missing(const struct crash_elf *elf)
{
	u64 missing = 0;
	unsigned int i;

	for (i = 0; elf && i < elf->count; i++)
		if (elf->segment[i].p_type == PT_LOAD)
			missing += elf->segment[i].p_filesz - present(elf, &elf->segment[i]);
	return missing;
}

bool crash_elf_next(const struct crash_elf *elf, u64 *address)
{
	u64 next = CORE_NEVER;
	unsigned int i;

	for (i = 0; i < elf->count; i++) {
		const Elf64_Phdr *segment = &elf->segment[i];
		u64 size = present(elf, segment);

		if (segment->p_type != PT_LOAD || !size)
			continue;
		if (segment->p_paddr > *address)
			next = segment->p_paddr < next ? segment->p_paddr : next;
		else if (*address - segment->p_paddr < size)
			return true;
	}
	*address = next;
	return next != CORE_NEVER;
}

bool crash_elf_holds(const struct crash_elf *elf, u64 address, u64 size)
{
	unsigned int i;

	for (i = 0; elf && i < elf->count; i++) {
		const Elf64_Phdr *segment = &elf->segment[i];
		u64 at = address - segment->p_paddr;

		if (segment->p_type != PT_LOAD || address < segment->p_paddr ||
		    at >= segment->p_filesz)
			continue;
		return at <= present(elf, segment) && size <= present(elf, segment) - at;
	}
	return true;
}
