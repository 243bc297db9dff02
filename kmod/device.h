/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/tocsin: a renewal of the safety lease, or the end, that waits for nobody.
 *
 * open(2) needs CAP_NET_ADMIN in the initial user namespace. The file stands for the
 * instance of the network namespace in which it was opened, keeps that namespace as a
 * socket does, and keeps the module from being unloaded.
 *
 * write(2) of the owner's incarnation, 8 bytes in the order of the host, does what the
 * netlink operation pet does. With a text of up to TOCSIN_REASON_MAX bytes after it, in
 * the same write, it does what toc-request does, for that reason. It returns what was
 * written, or
 *   -ENODEV: nothing is attached; -EPERM: not armed, another incarnation, or an owner
 *   that is gone; -ETIME: too late; -EINVAL: another size, or a text that is empty.
 */
#ifndef TOCSIN_DEVICE_H
#define TOCSIN_DEVICE_H

int tocsin_device_init(void);
void tocsin_device_uninit(void);

/* From here on the module is there to stay: it may be opened (before: -EAGAIN). */
void tocsin_device_serve(void);

#endif
