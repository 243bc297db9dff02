/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames: last words as whole Ethernet frames, one for each peer and path,
 * ready to be handed to a network device when nothing else works any more.
 */
#ifndef TOCSIN_FRAME_H
#define TOCSIN_FRAME_H

#include <linux/types.h>

struct tocsin;

/* What a refresh found. @reason: why the first path that is not ready is not. */
struct tocsin_frames {
	unsigned int paths;
	unsigned int ready;
	const char *reason;
};

int tocsin_frame_init(void);
/* Nobody refreshes, and no panic comes to it. */
void tocsin_frame_uninit(void);

/**
 * tocsin_frame_refresh - write the frames anew
 * @found: or NULL
 * Context: process; one caller at a time.
 */
void tocsin_frame_refresh(struct tocsin *t, struct tocsin_frames *found);

/**
 * tocsin_frame_send - hand the frames of this generation to their devices
 * Allocates nothing, waits for nothing, takes a transmit queue's lock only if it
 * is free.
 * Context: panic, on the only CPU that runs. Return: how many were taken.
 */
unsigned int tocsin_frame_send(u64 generation);

#endif
