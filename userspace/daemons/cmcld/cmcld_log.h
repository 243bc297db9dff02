/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of cmcld: into the log ring, never to a file or a socket, so that
 * no thread waits for the log.  Before the ring is open they go to standard
 * error.
 */
#ifndef CMCLD_LOG_H
#define CMCLD_LOG_H

#include <syslog.h>

#include "core_env.h"

/* Open the ring at @path (NULL: stay with standard error); @node: our name in
 * event lines. Return: 0 or -errno. */
int cmcld_log_open(const char *path, const char *node);
void cmcld_log_close(void);

/* A line for people; @priority as in syslog(3). Any thread. */
void cmcld_log(int priority, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * cmcld_event - a line for time lines: "tocsin-event: t=<ns> node=<name>
 *	what=<what> <rest>"
 * @what: kind of event, no spaces
 * @format: further key=value pairs
 */
void cmcld_event(const char *what, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
