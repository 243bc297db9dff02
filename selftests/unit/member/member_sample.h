/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Views and values made up for the tests of this room. */
#ifndef MEMBER_SAMPLE_H
#define MEMBER_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <tocsin/arbiter.h>

#include "member_state.h"

#define CLUSTER		0x77ULL

/* Members by bit: 0x06 is nodes 1 and 2. */
static inline struct core_view sample_view(u64 epoch, u32 members)
{
	struct core_view view = { .epoch = epoch, .arbiter = 5, .state = 3 };
	u16 id;

	for (id = 1; id < 32; id++) {
		if (!(members >> id & 1))
			continue;
		view.member[view.count].id = id;
		view.member[view.count].incarnation = 100 + id;
		view.count++;
	}
	view.coordinator = view.member[0].id;
	view.hash = core_view_hash(&view);
	return view;
}

static inline struct member_value sample_value(u64 epoch, u32 members, u64 counter, bool formed)
{
	struct member_value value = {
		.ballot = { .counter = counter, .node = 1 },
		.formed = formed,
		.view = sample_view(epoch, members),
	};

	return value;
}

#endif
