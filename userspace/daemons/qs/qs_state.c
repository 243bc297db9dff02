// SPDX-License-Identifier: GPL-2.0-or-later
#include "qs_state.h"

#include "qs_log.h"

#include <stdlib.h>

static int save(const struct qs_state *state, const struct arbiter_state *arbiter)
{
	u8 bytes[ARBITER_BYTES_MAX];
	size_t size = arbiter_encode(arbiter, bytes);

	return base_file_write(state->path, bytes, size, 0600);
}

static void create(struct qs_state *state, u64 cluster)
{
	int err = arbiter_init(&state->arbiter, cluster, base_random_u64());

	if (!err)
		err = save(state, &state->arbiter);
	if (err) {
		base_str_print(state->problem, sizeof(state->problem),
			       "cannot create %.200s: %s", state->path, strerror(-err));
		return;
	}
	qs_log(QS_LOG_INFO, "state", "Cluster %s: no state found, started a new one with identity "
	       "%016llx in %s", state->label, (unsigned long long)state->arbiter.identity,
	       state->path);
}

static const char *decode_error(int err)
{
	switch (err) {
	case -EINVAL:
		return "not a state file, or of an unknown version";
	case -EXDEV:
		return "belongs to another cluster";
	default:
		return "damaged";
	}
}

static void load(struct qs_state *state, u64 cluster)
{
	char *bytes;
	ssize_t size = base_file_read(state->path, ARBITER_BYTES_MAX, &bytes);
	int err;

	if (size == -ENOENT) {
		create(state, cluster);
		return;
	}
	if (size < 0) {
		base_str_print(state->problem, sizeof(state->problem), "cannot read %.200s: %s",
			       state->path, strerror((int)-size));
		return;
	}
	err = arbiter_decode(&state->arbiter, (const u8 *)bytes, (size_t)size, cluster);
	free(bytes);
	if (err) {
		base_str_print(state->problem, sizeof(state->problem),
			       "%.200s is %s; this cluster is not served until the file is "
			       "restored, or removed on purpose while all its nodes are up",
			       state->path, decode_error(err));
		return;
	}
	qs_log(QS_LOG_INFO, "state", "Cluster %s: identity %016llx, newest epoch %llu",
	       state->label, (unsigned long long)state->arbiter.identity,
	       (unsigned long long)state->arbiter.newest_epoch);
}

struct qs_state *qs_state_open(struct qs_states *states, const char *label, u64 cluster)
{
	char key[sizeof(((struct qs_state *)0)->label)];
	char former[QS_STATE_PROBLEM_MAX];
	struct qs_state *state;

	base_str_print(key, sizeof(key), "%s.%016llx", label, (unsigned long long)cluster);
	for (state = states->first; state; state = state->next)
		if (!strcmp(state->label, key))
			break;
	if (state && !state->problem[0])
		return state;
	if (!state) {
		state = calloc(1, sizeof(*state));
		if (!state)
			return NULL;
		base_str_print(state->label, sizeof(state->label), "%s", key);
		base_str_print(state->path, sizeof(state->path), "%s/%s.state",
			       states->directory, key);
		state->next = states->first;
		states->first = state;
	}
	/* Also again after a problem: it may have been mended. */
	memcpy(former, state->problem, sizeof(former));
	state->problem[0] = '\0';
	load(state, cluster);
	if (state->problem[0] && strcmp(state->problem, former))
		qs_log(QS_LOG_ERROR, "state", "Cluster %s: %s", state->label, state->problem);
	return state;
}

int qs_state_ask(struct qs_state *state, const struct member_message *request,
		 struct member_message *answer)
{
	struct arbiter_state next = state->arbiter;
	bool must_sync = false;
	int err;

	if (state->problem[0])
		return -EIO;
	err = arbiter_step(&next, request, answer, &must_sync);
	if (err)
		return err;
	if (must_sync) {
		err = save(state, &next);
		if (err) {
			/* Not answered, hence not promised: the old state holds. */
			qs_log(QS_LOG_ERROR, "state", "Cluster %s: cannot write %s: %s; its "
			       "requests get no answer", state->label, state->path, strerror(-err));
			return err == -EINVAL ? -EIO : err;
		}
	}
	state->arbiter = next;
	return 0;
}

void qs_states_free(struct qs_states *states)
{
	while (states->first) {
		struct qs_state *state = states->first;

		states->first = state->next;
		free(state);
	}
}
