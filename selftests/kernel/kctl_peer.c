// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A peer in user space: the real core, real datagrams, another address.
 *
 *   kctl "fake id=2 local=127.0.0.2 node=1 remote=127.0.0.1 for=5000 [...]"
 *
 * It forms the view of both (epoch 1), and then, if told so:
 *   quiet=MS    stops sending that long after
 *   member=MS   has another MEMBER_TIMEOUT than 1 s
 *   evict=MS    accepts and installs epoch 2 without the other
 *   silent=MS   evicts the other when it has heard nothing of it for that long,
 *   mute=1      or, instead, sends nothing any more
 */
#include "kctl.h"

#include <errno.h>
#include <stdlib.h>
#include <poll.h>
#include <sys/socket.h>

#include "core_info.h"

struct fake {
	struct core *core;
	int fd;
	u16 id;
	u16 node;
	struct sockaddr_in remote;
	bool formed;
	bool evicting;
	bool evicted;
	u64 formed_ns;
};

static void fake_receive(struct fake *f)
{
	struct pollfd poll_fd = { .fd = f->fd, .events = POLLIN };
	u8 buf[CORE_HB_SIZE];

	while (poll(&poll_fd, 1, 5) > 0)
		if (recv(f->fd, buf, sizeof(buf), 0) == CORE_HB_SIZE)
			core_receive(f->core, f->node, 0, base_clock_ns(), buf);
}

static void fake_send(struct fake *f)
{
	u8 buf[CORE_HB_SIZE];

	if (core_transmit(f->core, f->node, 0, base_clock_ns(), buf) != CORE_HB_SIZE)
		return;
	kctl_mac_sign(buf, KCTL_KEY_ID);
	sendto(f->fd, buf, sizeof(buf), 0, (struct sockaddr *)&f->remote, sizeof(f->remote));
}

static void fake_form(struct fake *f, u64 incarnation)
{
	struct core_member member[2];
	struct core_peer_info info;
	struct core_ages ages;
	struct core_view view;
	u64 now_ns = base_clock_ns();

	if (f->formed || core_peer_read(f->core, f->node, &info) || !info.heard)
		return;
	member[f->id > f->node].id = f->id;
	member[f->id > f->node].incarnation = incarnation;
	member[f->id < f->node].id = f->node;
	member[f->id < f->node].incarnation = info.incarnation;
	view = kctl_view(1, member, 2);
	core_acknowledge(f->core, f->node, info.incarnation);
	core_arm(f->core, now_ns);
	if (core_accept(f->core, &view, 1, 1, now_ns, &ages) ||
	    core_install(f->core, &view, now_ns))
		return;
	f->formed = true;
	f->formed_ns = now_ns;
}

/* Epoch 2 without the other. In a view of two that needs an arbiter's vote,
 * which nobody gives here: the point is what the other's kernel does. */
static void fake_evict(struct fake *f, u64 incarnation)
{
	struct core_member member = { .id = f->id, .incarnation = incarnation };
	struct core_view view = kctl_view(2, &member, 1);
	struct core_ages ages;
	int err;

	err = core_accept(f->core, &view, 2, f->id, base_clock_ns(), &ages);
	if (!err)
		err = core_install(f->core, &view, base_clock_ns());
	if (err)
		kctl_die("fake: epoch 2: %s", strerror(-err));
	f->evicted = true;
}

static bool fake_silent(const struct fake *f, u64 now_ns, u64 silent_ns)
{
	struct core_peer_info info;

	return f->formed && !core_peer_read(f->core, f->node, &info) &&
	       now_ns > info.heard_ns + silent_ns;
}

void kctl_peer_run(char **options)
{
	struct core_config config = {
		.cluster_id = KCTL_CLUSTER,
		.incarnation = base_random_u64(),
		.interval_ns = 100 * BASE_NS_PER_MS,
		.member_timeout_ns = kctl_number(options, "member", 1000) * BASE_NS_PER_MS,
		.safety_timeout_ns = 60000 * BASE_NS_PER_MS,
		.node_id = kctl_number(options, "id", 2),
	};
	u64 quiet_ns = kctl_number(options, "quiet", 1000000) * BASE_NS_PER_MS;
	u64 evict_ns = kctl_number(options, "evict", 1000000) * BASE_NS_PER_MS;
	u64 silent_ns = kctl_number(options, "silent", 1000000) * BASE_NS_PER_MS;
	bool mute = kctl_number(options, "mute", 0), muted = false;
	u64 end_ns = base_clock_ns() + kctl_number(options, "for", 60000) * BASE_NS_PER_MS;
	u64 next_ns = 0, now_ns;
	struct fake f = { .id = config.node_id, .node = kctl_number(options, "node", 1) };

	f.remote = kctl_udp_address(kctl_text(options, "remote", "127.0.0.1"), CORE_PORT_DEFAULT);
	f.fd = kctl_udp_open(kctl_text(options, "local", "127.0.0.2"), CORE_PORT_DEFAULT);
	f.core = malloc(core_size());
	if (!f.core || core_init(f.core, &config, base_clock_ns()) ||
	    core_peer_add(f.core, f.node, 1))
		kctl_die("fake: no core");
	while ((now_ns = base_clock_ns()) < end_ns) {
		u64 age_ns = f.formed ? now_ns - f.formed_ns : 0;

		fake_receive(&f);
		if (now_ns < next_ns)
			continue;
		next_ns = now_ns + config.interval_ns;
		core_pet(f.core, base_clock_ns());
		fake_form(&f, config.incarnation);
		muted |= mute && fake_silent(&f, now_ns, silent_ns);
		if (!f.evicted && (age_ns > evict_ns ||
				   (!mute && fake_silent(&f, now_ns, silent_ns))))
			fake_evict(&f, config.incarnation);
		if (age_ns < quiet_ns && !muted)
			fake_send(&f);
		core_tick(f.core, base_clock_ns());
	}
}
