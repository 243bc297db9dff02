// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One owner of each package at a time, in real time; and nobody is called safe
 * while it is still able to act (Documentation/MEMBERSHIP, rule 5).
 */
#include <stdarg.h>
#include <stdio.h>

#include "sim_world.h"

#define ONE_OWNER	"one owner of a package"
#define SAFE		"safe means dead"

void check_fail(struct sim_world *world, const char *property, const char *format, ...)
{
	va_list args;

	world->check.property = property;
	va_start(args, format);
	vsnprintf(world->check.why, sizeof(world->check.why), format, args);
	va_end(args);
	sim_trace(world, SIM_NOBODY, "VIOLATED", "%s: %s", property, world->check.why);
	longjmp(world->failed, 1);
}

/*
 * A machine that stands still does nothing; past its deadline it never will
 * again, because its timers come first when it runs on.
 */
static bool can_act(const struct sim_world *world, u32 node)
{
	const struct sim_node *n = &world->node[node];

	if (!n->powered)
		return false;
	if (!n->frozen)
		return true;
	if (n->kernel.verdict != CORE_VERDICT_NONE)
		return false;
	return !n->kernel.armed ||
	       sim_node_clock(world, node) < core_deadline_ns(n->kernel.core);
}

static void one_owner(struct sim_world *world, u32 node, u32 package)
{
	u32 other;

	for (other = 0; other < world->params.nodes; other++)
		if (other != node && world->check.owner[other][package].incarnation &&
		    can_act(world, other))
			check_fail(world, ONE_OWNER, "package %u on n%u and, since %u ms, on n%u",
				   package, node + 1,
				   (u32)(world->check.owner[other][package].since_ns /
					 SIM_NS_PER_MS),
				   other + 1);
}

void check_started_package(struct sim_world *world, u32 node, u32 package)
{
	struct check_owner *owner = &world->check.owner[node][package];

	sim_trace(world, node, "run", "package %u", package);
	if (!world->node[node].kernel.armed)
		check_fail(world, "a member is armed", "n%u runs package %u disarmed", node + 1,
			   package);
	one_owner(world, node, package);
	owner->incarnation = world->node[node].user.incarnation;
	owner->since_ns = world->now_ns;
	world->check.takeovers++;
}

void check_not_safe(struct sim_world *world, u32 node, const struct core_view *view)
{
	const struct check_safe *safe = &world->check.safe[node];

	if (safe->incarnation == world->node[node].user.incarnation && view->epoch <= safe->epoch)
		check_fail(world, SAFE, "n%u.%02x installs %s after it was called safe", node + 1,
			   (u32)(safe->incarnation & 0xff), sim_view_text(view));
}

void check_halted(struct sim_world *world, u32 node, u32 package)
{
	sim_trace(world, node, "halted", "package %u", package);
	memset(&world->check.owner[node][package], 0, sizeof(struct check_owner));
}

void check_dead(struct sim_world *world, u32 node)
{
	memset(&world->check.owner[node], 0, sizeof(world->check.owner[node]));
}

void check_thawed(struct sim_world *world, u32 node)
{
	u32 package;

	if (!can_act(world, node))
		return;
	for (package = 0; package < world->params.packages; package++)
		if (world->check.owner[node][package].incarnation)
			one_owner(world, node, package);
}

static void owns_nothing(struct sim_world *world, u32 node, const char *when)
{
	u32 package;

	for (package = 0; package < world->params.packages; package++)
		if (world->check.owner[node][package].incarnation)
			check_fail(world, "disarmed means idle", "n%u %s with package %u running",
				   node + 1, when, package);
}

void check_disarmed(struct sim_world *world, u32 node)
{
	owns_nothing(world, node, "disarmed");
}

void check_left(struct sim_world *world, u32 node)
{
	owns_nothing(world, node, "left");
	if (world->node[node].kernel.armed)
		check_fail(world, "who left is disarmed", "n%u", node + 1);
}

void check_safe(struct sim_world *world, u32 node, const struct core_member *member)
{
	u32 other = member->id - 1;
	const struct sim_node *n = &world->node[other];
	const struct core_view *view = sim_user_view(world, node);
	u64 epoch = view ? view->epoch : 0;

	core_assert(other < world->params.nodes);
	world->check.safes++;
	sim_trace(world, node, "safe", "n%u.%02x", member->id, (u32)(member->incarnation & 0xff));
	if (n->user.incarnation != member->incarnation || !can_act(world, other))
		return;
	/*
	 * Who never was a member may be waited for, too (its formation came to
	 * nothing), and may join later, but must not install what is older.
	 */
	world->check.safe[other].incarnation = member->incarnation;
	world->check.safe[other].epoch = epoch;
	if (n->kernel.armed && n->kernel.first_epoch && n->kernel.first_epoch <= epoch)
		check_fail(world, SAFE, "n%u.%02x is called safe by n%u, but is armed and runs",
			   member->id, (u32)(member->incarnation & 0xff), node + 1);
	owns_nothing(world, other, "is called safe");
}
