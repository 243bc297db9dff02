// SPDX-License-Identifier: GPL-2.0
/*
 * Why netlink is not enough: generic netlink holds one lock of all families for
 * reading while a request of any of them runs, however long that sleeps.  As soon as
 * somebody waits to add or remove a family, the requests of all others wait behind
 * him, and cannot be interrupted.  A node would go down because a driver is slow.
 *
 * So nothing here sleeps, and the only lock is the core's.
 */
#include "device.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>

#include "instance.h"

static bool serving;

static int device_open(struct inode *inode, struct file *file)
{
	/* What GENL_ADMIN_PERM asks for: in the initial user namespace. */
	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	/* A module whose start fails goes without looking for open files. */
	if (!smp_load_acquire(&serving))
		return -EAGAIN;
	file->private_data = get_net(current->nsproxy->net_ns);
	/* Without a position, so that no lock is taken for it. */
	return stream_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	put_net(file->private_data);
	return 0;
}

/* What is written: renewed by, and why the node is to go down ("": it is not). */
struct order {
	u64 incarnation;
	char reason[TOCSIN_REASON_MAX + 1];
} __packed;

static int obey(struct tocsin *t, const struct order *order)
{
	unsigned long flags;
	int err = -EPERM;
	u64 now_ns;

	if (!t)
		return -ENODEV;
	now_ns = tocsin_lock(t, &flags);
	if (!t->attached)
		err = -ENODEV;
	else if (t->owner && t->core->config.incarnation == order->incarnation)
		return order->reason[0] ? tocsin_toc_request(t, order->reason, flags) :
					  tocsin_pet(t, now_ns, flags);
	tocsin_unlock(t, flags);
	return err;
}

static ssize_t device_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	struct order order = { 0 };
	int err;

	/* The last byte stays what it is: the end of the text. */
	if (size < sizeof(order.incarnation) || size >= sizeof(order))
		return -EINVAL;
	if (copy_from_user(&order, from, size))
		return -EFAULT;
	if (size > sizeof(order.incarnation) && !order.reason[0])
		return -EINVAL;
	err = obey(tocsin_of(file->private_data), &order);
	return err ?: size;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.write = device_write,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "tocsin",
	.fops = &operations,
	.mode = 0600,
};

int tocsin_device_init(void)
{
	return misc_register(&device);
}

void tocsin_device_serve(void)
{
	/* Pairs with the acquire in device_open(). */
	smp_store_release(&serving, true);
}

void tocsin_device_uninit(void)
{
	misc_deregister(&device);
}
