// SPDX-License-Identifier: GPL-2.0
#include "contexts.h"

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "compat.h"

/* Apart, so that their phases drift against each other. */
#define SOFTIRQ_PERIOD_NS	(170 * NSEC_PER_USEC)
#define HARDIRQ_PERIOD_NS	(230 * NSEC_PER_USEC)

struct worker {
	struct test_contexts *contexts;
	unsigned int number;
	unsigned int round;
	u64 period_ns;
	struct hrtimer timer;
	struct completion done;
	struct task_struct *thread;
};

struct test_contexts {
	test_work *work;
	void *data;
	unsigned int rounds;
	unsigned int cpus;
	atomic_t left;
	atomic_t failed;
	struct worker worker[TEST_CPUS_MAX][TEST_CONTEXTS];
};

/* Returns whether there is more to do. */
static bool work_once(struct worker *worker)
{
	struct test_contexts *contexts = worker->contexts;

	if (!contexts->work(contexts->data, worker->number, worker->round))
		atomic_inc(&contexts->failed);
	return ++worker->round < contexts->rounds;
}

static void worker_end(struct worker *worker)
{
	atomic_dec(&worker->contexts->left);
	complete(&worker->done);
}

static enum hrtimer_restart timer_fire(struct hrtimer *timer)
{
	struct worker *worker = container_of(timer, struct worker, timer);

	if (work_once(worker)) {
		hrtimer_forward_now(timer, ns_to_ktime(worker->period_ns));
		return HRTIMER_RESTART;
	}
	worker_end(worker);
	return HRTIMER_NORESTART;
}

static void timer_begin(struct worker *worker, u64 period_ns, enum hrtimer_mode mode)
{
	worker->period_ns = period_ns;
	compat_hrtimer_setup(&worker->timer, timer_fire, mode);
	hrtimer_start(&worker->timer, ns_to_ktime(period_ns), mode);
}

/* Bound to its CPU, and so are the timers that it starts. */
static int thread_run(void *argument)
{
	struct worker *worker = argument;

	timer_begin(worker + TEST_SOFTIRQ, SOFTIRQ_PERIOD_NS, HRTIMER_MODE_REL_PINNED_SOFT);
	timer_begin(worker + TEST_HARDIRQ, HARDIRQ_PERIOD_NS, HRTIMER_MODE_REL_PINNED_HARD);
	while (work_once(worker)) {
		if (worker->round % 8 == 0)
			usleep_range(100, 300);
		cond_resched();
	}
	worker_end(worker);
	return 0;
}

static bool threads_create(struct test_contexts *contexts)
{
	struct worker *worker;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		if (contexts->cpus == TEST_CPUS_MAX)
			break;
		worker = contexts->worker[contexts->cpus++];
		worker->thread = kthread_create(thread_run, worker, "tocsin_test/%u", cpu);
		if (IS_ERR(worker->thread))
			return false;
		get_task_struct(worker->thread);
		kthread_bind(worker->thread, cpu);
	}
	return true;
}

static void contexts_free(struct test_contexts *contexts)
{
	struct task_struct *thread;
	unsigned int cpu;

	for (cpu = 0; cpu < contexts->cpus; cpu++) {
		thread = contexts->worker[cpu]->thread;
		if (IS_ERR_OR_NULL(thread))
			continue;
		kthread_stop(thread);
		put_task_struct(thread);
	}
	kfree(contexts);
}

struct test_contexts *test_contexts_start(test_work *work, void *data, unsigned int rounds)
{
	struct test_contexts *contexts = kzalloc(sizeof(*contexts), GFP_KERNEL);
	struct worker *worker = contexts ? contexts->worker[0] : NULL;
	unsigned int i;

	if (!contexts)
		return NULL;
	contexts->work = work;
	contexts->data = data;
	contexts->rounds = rounds;
	for (i = 0; i < TEST_WORKERS_MAX; i++) {
		worker[i].contexts = contexts;
		worker[i].number = i;
		init_completion(&worker[i].done);
	}
	if (!threads_create(contexts)) {
		contexts_free(contexts);
		return NULL;
	}
	atomic_set(&contexts->left, contexts->cpus * TEST_CONTEXTS);
	for (i = 0; i < contexts->cpus; i++)
		wake_up_process(contexts->worker[i]->thread);
	return contexts;
}

bool test_contexts_running(struct test_contexts *contexts)
{
	return atomic_read(&contexts->left);
}

unsigned int test_contexts_wait(struct test_contexts *contexts)
{
	unsigned int cpu, i, failed;
	struct worker *worker;

	for (cpu = 0; cpu < contexts->cpus; cpu++) {
		worker = contexts->worker[cpu];
		for (i = 0; i < TEST_CONTEXTS; i++)
			wait_for_completion(&worker[i].done);
		hrtimer_cancel(&worker[TEST_SOFTIRQ].timer);
		hrtimer_cancel(&worker[TEST_HARDIRQ].timer);
	}
	failed = atomic_read(&contexts->failed);
	contexts_free(contexts);
	return failed;
}

unsigned int test_in_contexts(struct kunit *test, test_work *work, void *data,
			      unsigned int rounds)
{
	struct test_contexts *contexts = test_contexts_start(work, data, rounds);
	unsigned int workers;

	KUNIT_ASSERT_NOT_NULL(test, contexts);
	workers = contexts->cpus * TEST_CONTEXTS;
	KUNIT_EXPECT_EQ(test, test_contexts_wait(contexts), 0);
	return workers;
}
