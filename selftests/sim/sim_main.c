// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tocsin-sim: the real libraries and the real kernel core in a simulated world.
 * A seed decides everything; the same seed and build do the same again.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "scenario.h"

#define TAIL_LINES 120

struct options {
	u64 seed;
	u64 count;
	bool verbose;
	bool keep_going;
	bool twice;
	bool safety;
	bool packages;
	const char *scenario;
};

struct sums {
	u64 worlds, failed, views, events, steps, takeovers, safes, commits, kills[8];
	u32 struck[SIM_FAULTS];
};

static struct sim_world world;
static bool world_runs;

/* An assertion of the code under test is a violated property, too. */
void core_assert_failed(const char *file, int line, const char *what)
{
	if (world_runs)
		check_fail(&world, "assertion", "%s:%d: %s", file, line, what);
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
	abort();
}

static int run_world(const struct sim_params *params, const struct scenario *scenario, bool trace)
{
	int failed;

	world_runs = true;
	failed = sim_world_run(&world, params, scenario, trace);
	world_runs = false;
	return failed;
}

static void add(struct sums *sums)
{
	u32 i;

	sums->worlds++;
	sums->views += world.check.views;
	sums->events += world.events;
	sums->steps += world.steps;
	sums->takeovers += world.check.takeovers;
	sums->safes += world.check.safes;
	sums->commits += world.check.commits;
	for (i = 0; i < 8; i++)
		sums->kills[i] += world.check.kills[i];
	for (i = 0; i < SIM_FAULTS; i++)
		sums->struck[i] += world.nemesis.struck[i];
}

/* Run it once more, with the log on: what was violated must be the same. */
static void explain(const struct sim_params *params, const struct scenario *scenario,
		    const struct options *options)
{
	char why[sizeof(world.check.why)];
	u64 digest = world.tracer.digest;

	memcpy(why, world.check.why, sizeof(why));
	sim_params_print(params, stdout);
	sim_world_free(&world);
	run_world(params, scenario, true);
	sim_trace_print(&world.tracer, options->verbose ? SIM_TRACE_LINES : TAIL_LINES, stdout);
	printf("FAILED seed %" PRIu64 "%s%s at %" PRIu64 " ms: %s: %s\n", params->seed,
	       scenario ? " scenario " : "", scenario ? scenario->name : "",
	       world.now_ns / SIM_NS_PER_MS, world.check.property, why);
	if (digest != world.tracer.digest)
		printf("NOT REPRODUCED: the second run went another way\n");
}

static int run_one(const struct options *options, u64 seed, const struct scenario *scenario,
		   struct sums *sums)
{
	struct sim_params params;
	u64 digest;
	int failed;

	if (scenario)
		scenario_params(scenario, &params, seed);
	else
		sim_params_draw(&params, seed);
	params.real_packages = options->packages;
	failed = run_world(&params, scenario, options->verbose);
	/* Liveness apart: a mutant has to be caught by what it breaks. */
	if (failed && options->safety && check_is_liveness(&world))
		failed = 0;
	digest = world.tracer.digest;
	add(sums);
	if (failed) {
		sums->failed++;
		explain(&params, scenario, options);
	} else if (options->verbose) {
		sim_params_print(&params, stdout);
		sim_trace_print(&world.tracer, SIM_TRACE_LINES, stdout);
	}
	if (options->verbose || options->twice)
		printf("digest seed %" PRIu64 ": %016" PRIx64 "\n", seed, digest);
	sim_world_free(&world);
	fflush(stdout);
	return failed;
}

static void print_sums(const struct sums *sums)
{
	u32 i;

	printf("# %" PRIu64 " worlds, %" PRIu64 " failed; %" PRIu64 " views, %" PRIu64
	       " events, %" PRIu64 " steps, %" PRIu64 " package starts, %" PRIu64
	       " safe, %" PRIu64 " commits\n",
	       sums->worlds, sums->failed, sums->views, sums->events, sums->steps,
	       sums->takeovers, sums->safes, sums->commits);
	printf("# verdicts:");
	for (i = 1; i < CORE_VERDICTS; i++)
		printf(" %s %" PRIu64, sim_verdict_name(i), sums->kills[i]);
	printf("\n# faults:");
	for (i = 0; i < SIM_FAULTS; i++)
		printf(" %s %u", sim_fault_name(i), sums->struck[i]);
	printf("\n");
}

static int usage(FILE *out, int code)
{
	fprintf(out,
		"usage: tocsin-sim [--seed N] [--count N] [--scenario NAME|all|list]\n"
		"                  [--verbose] [--keep-going] [--safety]\n"
		"                  [--packages] [--digest]\n"
		"  --seed N       first seed [1]; it decides everything\n"
		"  --count N      how many seeds, one after the other [1]\n"
		"  --scenario S   a written scenario instead of a random world\n"
		"  --verbose      the whole log, also of worlds that pass\n"
		"  --keep-going   do not stop at the first failure\n"
		"  --safety       let pass who only fails to come together\n"
		"  --packages     packages are run by lib/pkg, not by the simulator's own\n"
		"  --digest       print a digest of all that happened in each world\n"
		"example: tocsin-sim --seed 1 --count 1000\n");
	return code;
}

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "scenario", required_argument, NULL, 'n' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "keep-going", no_argument, NULL, 'k' },
		{ "safety", no_argument, NULL, 'f' },
		{ "packages", no_argument, NULL, 'p' },
		{ "digest", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "s:c:n:vkfpdh", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			options->seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			options->count = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options->scenario = optarg;
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'k':
			options->keep_going = true;
			break;
		case 'f':
			options->safety = true;
			break;
		case 'p':
			options->packages = true;
			break;
		case 'd':
			options->twice = true;
			break;
		case 'h':
			return usage(stdout, -1);
		default:
			return usage(stderr, -2);
		}
	}
	return optind == argc ? 0 : usage(stderr, -2);
}

static int run_scenarios(const struct options *options, struct sums *sums)
{
	const struct scenario *scenario;
	bool found = false;
	u64 seed;
	u32 i;

	for (i = 0; (scenario = scenario_at(i)); i++) {
		if (!strcmp(options->scenario, "list"))
			printf("%-24s %s\n", scenario->name, scenario->what);
		if (strcmp(options->scenario, "all") && strcmp(options->scenario, scenario->name))
			continue;
		found = true;
		for (seed = 0; seed < options->count; seed++)
			if (run_one(options, options->seed + seed, scenario, sums) &&
			    !options->keep_going)
				return 1;
	}
	if (!found && strcmp(options->scenario, "list")) {
		fprintf(stderr, "tocsin-sim: no scenario '%s'; --scenario list names them\n",
			options->scenario);
		return 2;
	}
	return sums->failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct options options = { .seed = 1, .count = 1 };
	struct sums sums = { 0 };
	int code = parse(argc, argv, &options);
	u64 i;

	if (code)
		return code == -1 ? 0 : 2;
	if (options.scenario) {
		code = run_scenarios(&options, &sums);
	} else {
		for (i = 0; i < options.count; i++)
			if (run_one(&options, options.seed + i, NULL, &sums) && !options.keep_going)
				break;
		code = sums.failed ? 1 : 0;
	}
	if (sums.worlds)
		print_sums(&sums);
	return code;
}
