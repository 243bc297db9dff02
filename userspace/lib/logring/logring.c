// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bounded queue of cells with sequence numbers (after D. Vyukov): cell i is
 * free for position p when its sequence is p, full when it is p + 1.  The
 * writers meet only in a compare-and-swap of the head; the reader alone owns
 * the tail.
 */
#include <tocsin/logring.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAGIC	0x546f6373696e4c67ULL	/* "TocsinLg" */
#define VERSION	1

struct cell {
	_Atomic u64 sequence;
	struct logring_record record;
};

struct shared {
	_Atomic u64 magic;		/* set last: the ring is ready */
	u32 version;
	u32 cells;
	u32 cell_size;
	u32 reserved;
	_Atomic u64 head;
	_Atomic u64 tail;
	_Atomic u64 lost;
	_Atomic u64 lost_told;
	_Atomic u32 wake;		/* futex: changes with each record */
	_Atomic u32 waiting;		/* the reader sleeps on @wake */
	u8 pad[448];
	struct cell cell[LOGRING_CELLS];
};

static_assert((LOGRING_CELLS & (LOGRING_CELLS - 1)) == 0, "power of two");
static_assert(sizeof(struct cell) == 512, "a cell is 512 bytes");

struct logring {
	struct shared *shared;
	int fd;
};

static struct cell *cell_at(struct shared *shared, u64 position)
{
	return &shared->cell[position & (LOGRING_CELLS - 1)];
}

static bool layout_fits(const struct shared *shared)
{
	return atomic_load(&shared->magic) == MAGIC &&
	       shared->version == VERSION && shared->cells == LOGRING_CELLS &&
	       shared->cell_size == sizeof(struct cell);
}

static void layout_make(struct shared *shared)
{
	u64 i;

	atomic_store(&shared->magic, 0);
	shared->version = VERSION;
	shared->cells = LOGRING_CELLS;
	shared->cell_size = sizeof(struct cell);
	atomic_store(&shared->head, 0);
	atomic_store(&shared->tail, 0);
	atomic_store(&shared->lost, 0);
	atomic_store(&shared->lost_told, 0);
	for (i = 0; i < LOGRING_CELLS; i++)
		atomic_store(&shared->cell[i].sequence, i);
	atomic_store(&shared->magic, MAGIC);
}

/*
 * A writer that was killed between taking a cell and filling it would stop the
 * reader there for ever: fill such cells with an empty record.
 */
static void gaps_close(struct shared *shared)
{
	u64 head = atomic_load(&shared->head);
	u64 position = atomic_load(&shared->tail);

	for (; position != head; position++) {
		struct cell *cell = cell_at(shared, position);

		if (atomic_load(&cell->sequence) != position)
			continue;
		cell->record.length = 0;
		atomic_fetch_add(&shared->lost, 1);
		atomic_store(&cell->sequence, position + 1);
	}
}

/* How long somebody else may take to lay the ring out. */
#define PATIENCE_TRIES	50

static void pause_shortly(void)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	nanosleep(&pause, NULL);
}

/* The lock is held for a moment by a reader that lays the ring out. */
static int file_lock(int fd, bool patient)
{
	int tries = patient ? PATIENCE_TRIES : 1;

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (--tries == 0)
			return -EBUSY;
		pause_shortly();
	}
	return 0;
}

static int file_size(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size == (off_t)sizeof(struct shared))
		return 0;
	return ftruncate(fd, sizeof(struct shared)) ? -errno : 0;
}

static int map(struct logring *ring)
{
	struct stat st;

	if (fstat(ring->fd, &st))
		return -errno;
	if (st.st_size != (off_t)sizeof(struct shared))
		return -EPROTO;
	ring->shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED, ring->fd, 0);
	return ring->shared == MAP_FAILED ? -errno : 0;
}

/* With the lock held: whatever is there becomes a ring of this layout. */
static int map_locked(struct logring *ring)
{
	int err = file_size(ring->fd);

	if (!err)
		err = map(ring);
	if (err)
		return err;
	if (layout_fits(ring->shared))
		gaps_close(ring->shared);
	else
		layout_make(ring->shared);
	return 0;
}

/* A reader takes the layout of a living writer as it is. */
static int map_written(struct logring *ring)
{
	int err = map(ring);

	if (err)
		return err;
	if (layout_fits(ring->shared))
		return 0;
	munmap(ring->shared, sizeof(struct shared));
	return -EPROTO;
}

static int map_reader(struct logring *ring)
{
	int err, tries = PATIENCE_TRIES;

	for (;;) {
		err = file_lock(ring->fd, false);
		if (!err) {
			err = map_locked(ring);
			flock(ring->fd, LOCK_UN);
			return err;
		}
		if (err == -EBUSY)
			err = map_written(ring);
		/* The writer may have come a moment ago, and be at it. */
		if (err != -EPROTO || --tries == 0)
			return err;
		pause_shortly();
	}
}

static int map_writer(struct logring *ring)
{
	int err = file_lock(ring->fd, true);

	return err ? err : map_locked(ring);
}

int logring_open(const char *path, enum logring_role role, struct logring **out)
{
	struct logring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	ring->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (ring->fd < 0) {
		err = -errno;
		goto err_free;
	}
	err = role == LOGRING_WRITER ? map_writer(ring) : map_reader(ring);
	if (err)
		goto err_close;
	*out = ring;
	return 0;

err_close:
	close(ring->fd);
err_free:
	free(ring);
	return err;
}

void logring_close(struct logring *ring)
{
	if (!ring)
		return;
	munmap(ring->shared, sizeof(struct shared));
	close(ring->fd);
	free(ring);
}

bool logring_current(const struct logring *ring, const char *path)
{
	struct stat mine, there;

	if (fstat(ring->fd, &mine) || stat(path, &there))
		return false;
	return mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

static void reader_wake(struct shared *shared)
{
	atomic_fetch_add(&shared->wake, 1);
	if (atomic_load(&shared->waiting))
		syscall(SYS_futex, &shared->wake, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Reserve the cell at the head; NULL when the ring is full. */
static struct cell *cell_take(struct shared *shared, u64 *position)
{
	u64 head = atomic_load_explicit(&shared->head, memory_order_relaxed);

	for (;;) {
		struct cell *cell = cell_at(shared, head);
		u64 sequence = atomic_load_explicit(&cell->sequence,
						    memory_order_acquire);
		s64 ahead = (s64)(sequence - head);

		if (ahead < 0)
			return NULL;
		if (ahead > 0) {
			head = atomic_load(&shared->head);
			continue;
		}
		if (atomic_compare_exchange_weak(&shared->head, &head, head + 1)) {
			*position = head;
			return cell;
		}
	}
}

int logring_put(struct logring *ring, const struct logring_record *record)
{
	struct shared *shared = ring->shared;
	struct cell *cell;
	u64 position;
	u16 length = record->length;

	if (length > LOGRING_TEXT)
		length = LOGRING_TEXT;
	cell = cell_take(shared, &position);
	if (!cell) {
		atomic_fetch_add(&shared->lost, 1);
		return -ENOSPC;
	}
	memcpy(&cell->record, record, offsetof(struct logring_record, text) + length);
	cell->record.length = length;
	atomic_store_explicit(&cell->sequence, position + 1, memory_order_release);
	reader_wake(shared);
	return 0;
}

static bool ready(struct shared *shared)
{
	u64 tail = atomic_load_explicit(&shared->tail, memory_order_relaxed);

	return atomic_load_explicit(&cell_at(shared, tail)->sequence,
				    memory_order_acquire) == tail + 1;
}

bool logring_get(struct logring *ring, struct logring_record *record)
{
	struct shared *shared = ring->shared;
	u64 tail = atomic_load_explicit(&shared->tail, memory_order_relaxed);
	struct cell *cell = cell_at(shared, tail);

	if (!ready(shared))
		return false;
	*record = cell->record;
	if (record->length > LOGRING_TEXT)
		record->length = LOGRING_TEXT;
	atomic_store(&shared->tail, tail + 1);
	atomic_store_explicit(&cell->sequence, tail + LOGRING_CELLS,
			      memory_order_release);
	return true;
}

void logring_wait(struct logring *ring, int timeout_ms)
{
	struct shared *shared = ring->shared;
	struct timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L,
	};
	u32 seen = atomic_load(&shared->wake);

	atomic_store(&shared->waiting, 1);
	if (!ready(shared))
		syscall(SYS_futex, &shared->wake, FUTEX_WAIT, seen, &timeout,
			NULL, 0);
	atomic_store(&shared->waiting, 0);
}

u64 logring_lost_take(struct logring *ring)
{
	struct shared *shared = ring->shared;
	u64 lost = atomic_load(&shared->lost);
	u64 told = atomic_exchange(&shared->lost_told, lost);

	return lost - told;
}
