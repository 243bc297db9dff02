// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Storms: random failures, losses, changes of coordinator, requests and restarts
 * of cmsrvassistd.  Throughout: a package is never started while it runs on
 * another living node (checked at each start in pkg_world.h).  When the storm is
 * over: everything that may run runs, no request is left unanswered.
 */
#include "pkg_world_setup.h"

#define SEEDS	40

static u32 asked;
static u32 to_the_end;			/* storms that left a cluster */

static u16 any_member(void)
{
	u16 n;

	do
		n = (u16)(1 + dice(w.nodes));
	while (!w.node[n].member || !w.node[n].alive);
	return n;
}

/* A member that only waits for its lease to end may be a coordinator no more. */
static void view_change(void)
{
	u32 members = members_now();
	u16 n;

	if (dice(3) == 0)
		w.leader = (u16)(1 + dice(w.nodes));
	n = (u16)(1 + dice(w.nodes));
	if (dice(4) == 0 && members != 1U << n)
		members &= ~(1U << n);		/* excluded, though it lives */
	if (members)
		world_view(members);
}

static void join(void)
{
	u32 members = members_now();

	for (u16 n = 1; n <= w.nodes; n++) {
		if (w.node[n].member || w.node[n].alive)
			continue;
		node_boot(n);
		world_view(members | 1U << n);
		return;
	}
}

/* By hand, before cmmodpkg -e: what a failed halt left is cleared away. */
static bool clear_away(u16 at, u16 package)
{
	struct pkg_status s = status_at(at, package);

	if (s.state != PKG_HALT_FAILED)
		return false;
	w.node[s.node].truth[package].is = NOTHING;
	return true;
}

static void request(void)
{
	static const char *const name[] = { "p0", "p1", "p2", "p3" };
	u16 at = any_member(), package = (u16)dice(PACKAGES);
	enum pkg_op op = dice(PKG_OP_DISABLE + 1);

	if (!pkg_admin_room(w.node[at].pkg))
		return;
	if (op == PKG_OP_ENABLE)
		clear_away(at, package);
	admin(at, ++asked, op, name[package], (u16)dice(w.nodes + 1U));
}

static void leave_and_return(void)
{
	struct pkg_event cancel = { .type = PKG_ADMIN_CANCEL };
	u16 at = any_member();

	if (!pkg_admin_room(w.node[at].pkg))
		return;
	admin(at, ++asked, PKG_OP_LEAVE, "", 0);
	world_run(dice(300) * MS);
	cancel.admin.id = asked;
	feed(at, &cancel);
}

static void halt_cluster_and_return(void)
{
	u16 at = any_member();

	if (!pkg_admin_room(w.node[at].pkg))
		return;
	admin(at, ++asked, PKG_OP_HALT_CLUSTER, "", 0);
	world_run(dice(400) * MS);
	at = any_member();
	if (pkg_admin_room(w.node[at].pkg))
		admin(at, ++asked, PKG_OP_OPEN_CLUSTER, "", 0);
}

static void mishap(void)
{
	u16 n = any_member();

	switch (dice(12)) {
	case 0: case 1: case 2:
		view_change();
		break;
	case 3: case 4:
		join();
		break;
	case 5:
		if (members_now() != 1U << n)
			node_die(n);
		break;
	case 6:
		assist_down(n);
		world_run(dice(200) * MS);
		if (w.node[n].alive)
			assist_up(n);
		break;
	case 7:
		service_exit(n, (u16)dice(PACKAGES), (u16)dice(2));
		break;
	case 8:
		leave_and_return();
		break;
	case 9:
		if (dice(4) == 0)
			halt_cluster_and_return();
		break;
	default:
		request();
		break;
	}
}

/* A cluster whose last member died is formed anew; that is not tested here. */
static bool someone_left(void)
{
	for (u16 n = 1; n <= w.nodes; n++)
		if (w.node[n].member && w.node[n].alive)
			return true;
	return false;
}

static void calm_down(void)
{
	w.storm = false;
	w.lose_percent = 0;
	world_notice();
	world_run(2000 * MS);
	for (u16 n = 1; n <= w.nodes; n++)
		join();
	for (u16 n = 1; n <= w.nodes; n++)
		if (w.node[n].alive && !w.node[n].assist)
			assist_up(n);
	world_run(4000 * MS);
	admin(any_member(), ++asked, PKG_OP_OPEN_CLUSTER, "", 0);
	world_run(3000 * MS);
}

static void check_package(u16 package)
{
	static const char *const name[] = { "p0", "p1", "p2", "p3" };
	u16 at = any_member(), up = 0;
	struct pkg_status s = status_at(at, package);

	/* Whatever happened, an administrator can bring it back. */
	if (s.state == PKG_HALT_FAILED || !s.auto_run) {
		clear_away(at, package);
		assert_int_equal(ask(at, PKG_OP_ENABLE, name[package], 0), PKG_DONE);
	}
	for (u16 n = 1; n <= w.nodes; n++)
		assert_int_equal(ask(at, PKG_OP_ENABLE, name[package], n), PKG_DONE);
	world_run(4000 * MS);
	s = status_at(at, package);
	assert_int_equal(s.state, PKG_RUNNING);
	for (u16 n = 1; n <= w.nodes; n++)
		up += w.node[n].truth[package].is == UP;
	assert_int_equal(up, 1);
	assert_int_equal(w.node[s.node].truth[package].is, UP);
	assert_int_equal(w.node[s.node].truth[package].run, s.run);
}

static void one_storm(u32 seed)
{
	struct conf_package *p;

	world_begin(5, seed * 7919 + 1);
	w.storm = true;
	w.lose_percent = dice(30);
	w.delay_ns = (1 + dice(20)) * MS;
	asked = 0;
	p = package_add("p0");
	p->service[0].restart = 2;
	p = package_add("p1");
	p->node_fail_fast = seed % 3 == 0;
	p->failback_policy = CONF_FAILBACK_AUTOMATIC;
	p = package_add("p2");
	p->service[1].fail_fast = seed % 4 == 0;
	p->failover_policy = CONF_MIN_PACKAGE_NODE;
	package_add("p3")->auto_run = false;
	world_form();
	for (u32 i = 0; i < 120; i++) {
		world_run((1 + dice(60)) * MS);
		if (!someone_left())
			return;
		mishap();
		if (!someone_left())
			return;
	}
	to_the_end++;
	calm_down();
	for (u16 i = 0; i < PACKAGES; i++)
		check_package(i);
	for (u16 n = 1; n <= w.nodes; n++) {
		if (!w.node[n].alive)
			continue;
		assert_int_equal(pkg_rejected(w.node[n].pkg), 0);
	}
}

static void storms(void **state)
{
	const char *only = getenv("SEED");

	if (only) {
		one_storm((u32)strtoul(only, NULL, 0));
		return;
	}
	for (u32 seed = 1; seed <= SEEDS; seed++) {
		one_storm(seed);
	}
	print_message("# %u of %u storms left a cluster\n", to_the_end, SEEDS);
	assert_true(to_the_end > SEEDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(storms) };

	return cmocka_run_group_tests_name("storms: never two at once, all well afterwards", tests,
					   NULL, NULL);
}
