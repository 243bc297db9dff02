// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmcld_disk.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <tocsin/base.h>

#include "cmcld_log.h"
#include "cmcld_queue.h"
#include "cmcld_realtime.h"

#define WRITES_MAX	8
#define TYPE_WRITE	1
#define TYPE_STOP	2

struct cmcld_disk {
	const char *path;
	pthread_t thread;
	struct cmcld_queue *writes;	/* to the disk thread */
	struct cmcld_queue *done;	/* back */
	u32 under_way;			/* real-time thread's: not yet collected */
};

static void answer(struct cmcld_disk *disk, u64 tag, int err)
{
	struct cmcld_block *block = cmcld_queue_take(disk->done);

	/* No more than WRITES_MAX writes are under way. */
	core_assert(block);
	block->tag = tag;
	block->size = sizeof(err);
	memcpy(block->data, &err, sizeof(err));
	cmcld_queue_send(disk->done, block);
}

static bool serve(struct cmcld_disk *disk)
{
	struct cmcld_block *block;
	int err;

	while ((block = cmcld_queue_receive(disk->writes))) {
		u32 type = block->type;
		u64 tag = block->tag;

		if (type == TYPE_STOP) {
			cmcld_queue_return(disk->writes, block);
			return false;
		}
		err = base_file_write(disk->path, block->data, block->size, 0600);
		if (err)
			cmcld_log(LOG_ERR, "Cannot write %s: %s. This node "
				  "cannot vote until it can; check the file system.",
				  disk->path, strerror(-err));
		cmcld_queue_return(disk->writes, block);
		answer(disk, tag, err);
	}
	return true;
}

static void *run(void *arg)
{
	struct cmcld_disk *disk = arg;
	struct pollfd poll_fd = {
		.fd = cmcld_queue_fd(disk->writes), .events = POLLIN,
	};

	do {
		poll(&poll_fd, 1, -1);
		cmcld_queue_clear(disk->writes);
	} while (serve(disk));
	return NULL;
}

int cmcld_disk_start(const char *path, int priority, struct cmcld_disk **out)
{
	struct cmcld_disk *disk = calloc(1, sizeof(*disk));
	int err = -ENOMEM;

	if (!disk)
		return -ENOMEM;
	disk->path = path;
	disk->writes = cmcld_queue_create(WRITES_MAX + 1, MEMBER_DISK_BYTES_MAX);
	disk->done = cmcld_queue_create(WRITES_MAX, sizeof(int));
	if (!disk->writes || !disk->done)
		goto err_free;
	err = cmcld_realtime_thread(&disk->thread, priority, "cmcld-disk", run, disk);
	if (err)
		goto err_free;
	*out = disk;
	return 0;

err_free:
	cmcld_queue_destroy(disk->writes);
	cmcld_queue_destroy(disk->done);
	free(disk);
	return err;
}

void cmcld_disk_stop(struct cmcld_disk *disk)
{
	struct cmcld_block *block;

	while (!(block = cmcld_queue_take(disk->writes)))
		usleep(1000);
	block->type = TYPE_STOP;
	cmcld_queue_send(disk->writes, block);
	pthread_join(disk->thread, NULL);
	cmcld_queue_destroy(disk->writes);
	cmcld_queue_destroy(disk->done);
	free(disk);
}

int cmcld_disk_write(struct cmcld_disk *disk, u64 tag, const void *data, u32 size)
{
	struct cmcld_block *block;

	if (size > MEMBER_DISK_BYTES_MAX)
		return -EMSGSIZE;
	if (disk->under_way == WRITES_MAX)
		return -EAGAIN;
	block = cmcld_queue_take(disk->writes);
	if (!block)
		return -EAGAIN;
	disk->under_way++;
	block->type = TYPE_WRITE;
	block->tag = tag;
	block->size = size;
	memcpy(block->data, data, size);
	cmcld_queue_send(disk->writes, block);
	return 0;
}

int cmcld_disk_fd(const struct cmcld_disk *disk)
{
	return cmcld_queue_fd(disk->done);
}

void cmcld_disk_collect(struct cmcld_disk *disk, cmcld_disk_done_fn done, void *arg)
{
	struct cmcld_block *block;

	cmcld_queue_clear(disk->done);
	while ((block = cmcld_queue_receive(disk->done))) {
		u64 tag = block->tag;
		int err;

		memcpy(&err, block->data, sizeof(err));
		cmcld_queue_return(disk->done, block);
		disk->under_way--;
		done(arg, tag, err);
	}
}
