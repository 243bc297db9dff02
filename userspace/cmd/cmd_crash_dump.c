// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd_crash_dump.h"
#include "cmd.h"
#include "cmd_crash.h"
#include "cmd_crash_elf.h"

#include <libkdumpfile/kdumpfile.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel says of itself in a note, also in makedumpfile's form. */
#define VMCOREINFO	"linux.vmcoreinfo.lines."

struct crash_dump {
	kdump_ctx_t *context;
	kdump_bmp_t *pages;
	struct crash_elf *elf;		/* NULL: of another format */
	u64 page_size;			/* unit of @pages; a multiple of CRASH_PAGE_SIZE */
	struct crash_dump *next;	/* in @abandoned */
	int fd;
};

/*
 * Files that could not be opened stay here to the end of the process:
 * libkdumpfile 0.5 frees what it has freed already when a compressed dump's
 * header is damaged.
 */
static struct crash_dump *abandoned;

/* Without the names of the library's own parts; it may quote what stands in the dump. */
static const char *words_of(kdump_ctx_t *context)
{
	static const char inner[] = "Cannot set file.set.0.fd: ";
	const char *words = kdump_get_err(context);
	static char text[256];

	if (!strncmp(words, inner, strlen(inner)))
		words += strlen(inner);
	crash_text_copy(text, sizeof(text), words, sizeof(text));
	return text;
}

/*
 * That of the machine that crashed, which need not be that of this one. What an ELF dump
 * holds is found without it, so that any will do there.
 */
static int take_page_size(struct crash_dump *dump, const char *path)
{
	kdump_num_t size = 0;

	if (kdump_get_number_attr(dump->context, KDUMP_ATTR_PAGE_SIZE, &size) != KDUMP_OK)
		size = 0;
	if (dump->elf && (!size || size % CRASH_PAGE_SIZE)) {
		size = CRASH_PAGE_SIZE;
		if (kdump_set_number_attr(dump->context, KDUMP_ATTR_PAGE_SIZE, size) != KDUMP_OK)
			size = 0;
	}
	if (!size || size % CRASH_PAGE_SIZE)
		return cmd_error("%s: it says that its pages have %llu bytes, which no machine "
				 "has: its header or its VMCOREINFO (PAGESIZE) is damaged. "
				 CRASH_BESIDE, path, (unsigned long long)size);
	dump->page_size = size;
	return CMD_OK;
}

/* What makedumpfile's form begins with, in blocks: this, more of the kind, a map of pages. */
struct compressed_header {
	char signature[8];
	u32 version;
	char uts[6][65];
	u64 time[2];
	u32 status, block_size, sub_header_blocks, bitmap_blocks;
};

#define BLOCK_SIZE_MAX	(1U << 20)

/*
 * Bytes that such a dump lacks up to the end of its map: libkdumpfile reads zeros there,
 * which is a map of no pages. 0: none, or of another format or byte order.
 */
static u64 map_missing(int fd)
{
	struct compressed_header header;
	struct stat status;
	u64 size;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.signature, "KDUMP   ", sizeof(header.signature)) ||
	    !header.block_size || header.block_size > BLOCK_SIZE_MAX ||
	    fstat(fd, &status) || !S_ISREG(status.st_mode))
		return 0;
	size = (1ULL + header.sub_header_blocks + header.bitmap_blocks) * header.block_size;
	return size > (u64)status.st_size ? size - (u64)status.st_size : 0;
}

static int open_context(struct crash_dump *dump, const char *path)
{
	kdump_attr_t map = { .type = KDUMP_BITMAP };
	const char *why = crash_elf_open(dump->fd, &dump->elf);
	u64 missing = map_missing(dump->fd);

	if (why)
		return cmd_error("%s: not a crash dump (it should be the vmcore that kdump wrote): "
				 "%s", path, why);
	if (missing)
		return cmd_error("%s: the dump is cut off: %llu bytes of its header and of its map "
				 "of pages are missing, and all that comes behind them (was the "
				 "disk full?). " CRASH_BESIDE, path, (unsigned long long)missing);
	dump->context = kdump_new();
	if (!dump->context)
		return cmd_error("out of memory");
	/* A dump that is cut off must be an error, not a SIGBUS. */
	kdump_set_number_attr(dump->context, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER);
	if (kdump_open_fd(dump->context, dump->fd) != KDUMP_OK)
		return cmd_error("%s: not a crash dump, or cut off: %s; it should be "
				 "the vmcore that kdump wrote", path, words_of(dump->context));
	if (kdump_get_typed_attr(dump->context, KDUMP_ATTR_FILE_PAGEMAP,
				 &map) != KDUMP_OK)
		return cmd_error("%s: no map of its pages: %s", path,
				 words_of(dump->context));
	dump->pages = map.val.bitmap;
	return take_page_size(dump, path);
}

int crash_dump_open(const char *path, struct crash_dump **result)
{
	struct crash_dump *dump = calloc(1, sizeof(*dump));

	*result = NULL;
	if (!dump)
		return cmd_error("out of memory");
	dump->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (dump->fd < 0) {
		cmd_error("%s: %s", path, strerror(errno));
		goto err_free;
	}
	if (open_context(dump, path))
		goto err_close;
	*result = dump;
	return CMD_OK;

err_close:
	crash_elf_close(dump->elf);
	close(dump->fd);
	dump->next = abandoned;
	abandoned = dump;
	return CMD_FAILED;
err_free:
	free(dump);
	return CMD_FAILED;
}

void crash_dump_close(struct crash_dump *dump)
{
	if (!dump)
		return;
	kdump_free(dump->context);
	crash_elf_close(dump->elf);
	close(dump->fd);
	free(dump);
}

/*
 * The library's map of an ELF dump goes by what the segments should have. With one bit
 * wrong in their sizes that is no end of pages, and where the file is cut off many that
 * are not there.
 */
static bool elf_next(const struct crash_elf *elf, u64 *address)
{
	/* Behind the very last page a search would begin anew. */
	if (!crash_elf_next(elf, address) || *address + CRASH_PAGE_SIZE < CRASH_PAGE_SIZE)
		return false;
	*address -= *address % CRASH_PAGE_SIZE;
	return true;
}

bool crash_dump_next(struct crash_dump *dump, u64 *address)
{
	kdump_addr_t page = *address / dump->page_size;

	if (dump->elf)
		return elf_next(dump->elf, address);
	if (kdump_bmp_find_set(dump->pages, &page) != KDUMP_OK ||
	    page >= CORE_NEVER / dump->page_size)
		return false;
	/* The caller goes through the inside of larger pages, too. */
	if (page > *address / dump->page_size)
		*address = page * dump->page_size;
	return true;
}

int crash_dump_read(struct crash_dump *dump, u64 address, void *buf, size_t size)
{
	size_t got = size;

	if (!crash_elf_holds(dump->elf, address, size))
		return -EIO;
	if (kdump_read(dump->context, KDUMP_MACHPHYSADDR, address, buf, &got) !=
	    KDUMP_OK)
		return -EIO;
	return got == size ? 0 : -EIO;
}

u64 crash_dump_missing(const struct crash_dump *dump)
{
	return crash_elf_missing(dump->elf);
}

u64 crash_dump_crash_time(const struct crash_dump *dump)
{
	const char *text;
	u64 seconds;

	if (kdump_get_string_attr(dump->context, VMCOREINFO "CRASHTIME", &text) != KDUMP_OK)
		return 0;
	seconds = strtoull(text, NULL, 10);
	return seconds < CORE_NEVER / CORE_NS_PER_S ? seconds * CORE_NS_PER_S : 0;
}

char *crash_dump_release(const struct crash_dump *dump)
{
	const char *text;

	if (kdump_get_string_attr(dump->context, VMCOREINFO "OSRELEASE", &text) != KDUMP_OK)
		return NULL;
	return strdup(text);
}

bool crash_dump_number(const struct crash_dump *dump, const char *key, u64 *value)
{
	char *text;

	if (kdump_vmcoreinfo_line(dump->context, key, &text) != KDUMP_OK)
		return false;
	*value = strtoull(text, NULL, 10);
	free(text);
	return true;
}

bool crash_dump_symbol(const struct crash_dump *dump, const char *name, u64 *address)
{
	kdump_addr_t value;

	/* Only then does the library look at symbols and page tables. */
	if (kdump_set_string_attr(dump->context, KDUMP_ATTR_OSTYPE, "linux") != KDUMP_OK ||
	    kdump_vmcoreinfo_symbol(dump->context, name, &value) != KDUMP_OK)
		return false;
	*address = value;
	return true;
}

int crash_dump_read_virtual(struct crash_dump *dump, u64 address, void *buf, size_t size)
{
	size_t got = size;

	if (kdump_read(dump->context, KDUMP_KVADDR, address, buf, &got) != KDUMP_OK)
		return -EIO;
	return got == size ? 0 : -EIO;
}

const char *crash_dump_format(struct crash_dump *dump)
{
	kdump_attr_t name = { .type = KDUMP_STRING };

	if (kdump_get_typed_attr(dump->context, KDUMP_ATTR_FILE_FORMAT,
				 &name) != KDUMP_OK)
		return "unknown";
	return name.val.string;
}
