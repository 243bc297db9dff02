/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The acceptor's memory on disk (Documentation/MEMBERSHIP, rule 9), written by
 * a thread of its own: the real-time thread never touches a file.
 */
#ifndef CMCLD_DISK_H
#define CMCLD_DISK_H

#include <tocsin/member_disk.h>

#define CMCLD_DISK_FILE		"/var/lib/tocsin/member"

struct cmcld_disk;

/* Called in the real-time thread's loop: write @tag is on disk (0) or failed. */
typedef void (*cmcld_disk_done_fn)(void *arg, u64 tag, int err);

/* Start the thread with SCHED_FIFO @priority (0: ordinary); it replaces the file
 * @path, which must outlive it. */
int cmcld_disk_start(const char *path, int priority, struct cmcld_disk **disk);
void cmcld_disk_stop(struct cmcld_disk *disk);

/* Real-time thread: hand over a write. Writes are done in order; each is
 * answered.
 * Return: 0; -EAGAIN: too many on their way; -EMSGSIZE. */
int cmcld_disk_write(struct cmcld_disk *disk, u64 tag, const void *data, u32 size);

/* Real-time thread: poll this; when readable call cmcld_disk_collect(). */
int cmcld_disk_fd(const struct cmcld_disk *disk);
void cmcld_disk_collect(struct cmcld_disk *disk, cmcld_disk_done_fn done, void *arg);

#endif
