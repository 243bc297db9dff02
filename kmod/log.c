// SPDX-License-Identifier: GPL-2.0
#include "log.h"

#include <linux/console.h>
#include <linux/printk.h>

/* Which printk_deferred() uses, that is not for modules. */
#define DEFERRED	LOGLEVEL_SCHED

void tocsin_printk(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintk_emit(0, DEFERRED, NULL, format, arguments);
	va_end(arguments);
}

void tocsin_printk_now(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintk_emit(0, DEFERRED, NULL, format, arguments);
	va_end(arguments);
	if (console_trylock())
		console_unlock();
}
