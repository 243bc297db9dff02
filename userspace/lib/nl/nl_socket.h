/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket under lib/nl: requests, answers, attribute helpers. */
#ifndef NL_SOCKET_H
#define NL_SOCKET_H

#include <libmnl/libmnl.h>
#include <tocsin/nl.h>

/* A view of 64 members and the largest answer both stay below this. */
#define NL_MESSAGE_MAX	16384
#define NL_ERROR_MAX	160

struct nl {
	struct mnl_socket *socket;
	u32 portid;
	u32 sequence;
	u16 family;
	u32 group;			/* of the events */
	int device;			/* from attach on; -1: none */
	u64 incarnation;		/* attached; 0: not */
	char error[NL_ERROR_MAX];
	struct nlmsghdr *request;	/* being built */
	char out[NL_MESSAGE_MAX];
	char in[NL_MESSAGE_MAX];
};

/* Takes the attributes of one answer; returns 0 or -errno. */
typedef int (*nl_take)(const struct nlattr *first, size_t size, void *context);

/* Begin a request; attributes are then put on nl->request. */
void nl_request_begin(struct nl *nl, u8 command);

/**
 * nl_request_run - send the request and take the answers
 * @take: called for each answer; NULL: none is expected
 * Return: 0 or -errno of the kernel, of the socket or of @take.
 */
int nl_request_run(struct nl *nl, nl_take take, void *context);
/* The same for a request that lists everything. */
int nl_request_list(struct nl *nl, nl_take take, void *context);

/* Open /dev/tocsin unless it is open. Return: 0, also where there is none, or -errno. */
int nl_device_open(struct nl *nl);
void nl_device_close(struct nl *nl);
/* As nl_toc_request(), by the device. -ENOENT: there is none. -EINVAL: it does not take
 * that, or @reason is empty.
 */
int nl_device_toc(struct nl *nl, const char *reason);

/* Reads a number of any width; 0 if the attribute is shorter than 1. */
u64 nl_attr_number(const struct nlattr *attr);

/* Copies a string or bytes, cut to @size; strings always end. */
void nl_attr_text(const struct nlattr *attr, char *out, size_t size);

/* A view, into a zeroed one. Return: 0 or -EIO. */
int nl_view_take(const struct nlattr *nest, struct core_view *view);

/* Iterates attributes in a payload. */
#define nl_for_each(attr, first, size)						\
	for ((attr) = (first);							\
	     mnl_attr_ok(attr, (const char *)(first) + (size) - (const char *)(attr)); \
	     (attr) = mnl_attr_next(attr))

#define nl_for_each_nested(attr, nest) \
	nl_for_each(attr, (const struct nlattr *)mnl_attr_get_payload(nest), \
		    mnl_attr_get_payload_len(nest))

#endif
