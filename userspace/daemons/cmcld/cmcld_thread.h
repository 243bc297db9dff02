/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real-time thread: everything made beforehand, then one loop. */
#ifndef CMCLD_THREAD_H
#define CMCLD_THREAD_H

#include "cmcld.h"

/* Files and sockets, so that tests can have their own. */
struct cmcld_thread_places {
	const char *disk;
	const char *assist;
};

struct cmcld_thread;

/**
 * cmcld_thread_start - attach to the kernel, make everything, start the threads
 * @config: outlives the thread
 * @wires, @publisher: made by the caller, who owns them
 * @error: on failure one line for people
 * Return: 0 or -errno; on failure the kernel is as it was.
 */
int cmcld_thread_start(const struct cmcld_config *config,
		       const struct cmcld_thread_places *places,
		       const struct cmcld_wires *wires, struct cmcld_publisher *publisher,
		       struct cmcld_thread **thread, char error[CMCLD_CONFIG_TEXT_MAX]);

/* Ends the threads and frees all. Only once CMCLD_TELL_LEFT came: an armed node
 * is not disarmed by this. */
void cmcld_thread_stop(struct cmcld_thread *thread);

#endif
