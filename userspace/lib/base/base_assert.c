// SPDX-License-Identifier: GPL-2.0-or-later
#include "core_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void core_assert_failed(const char *file, int line, const char *what)
{
	char text[400];
	int size = snprintf(text, sizeof(text), "<2>%s:%d: assertion failed: %s\n",
			    file, line, what);

	/* stdio may be what is broken. */
	if (size > (int)sizeof(text) - 1)
		size = sizeof(text) - 1;
	if (write(STDERR_FILENO, text, (size_t)size) < 0)
		_exit(134);
	abort();
}
