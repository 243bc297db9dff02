// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes: born inside of their cgroup (clone3), with nothing of ours but
 * standard input from /dev/null and output to the package's log, followed by
 * pidfd.
 */
#include "cmsrvassistd.h"

#include <tocsin/base_log.h>

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Undo what a daemon has that a stranger's program should not get. */
static void child_clean(void)
{
	struct sched_param normal = { 0 };
	sigset_t none;

	sigemptyset(&none);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	umask(022);
	sched_setscheduler(0, SCHED_OTHER, &normal);
	if (chdir("/"))
		_exit(127);
}

static void oom_normal(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, "0", 1) != 1)
		_exit(127);
	close(fd);
}

/* In the child. A script without "#!" is run by /bin/sh, as a shell would. */
static void child_run(int log_fd, char *const *argv, char *const *envp)
{
	static const char message[] = "cmsrvassistd: cannot execute the command\n";
	char *shell[] = { (char *)"/bin/sh", argv[0], argv[1], NULL };
	int null_fd;

	child_clean();
	oom_normal();
	null_fd = open("/dev/null", O_RDONLY);
	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(log_fd, 1) < 0 || dup2(log_fd, 2) < 0)
		_exit(127);
	close_range(3, ~0U, 0);
	execve(argv[0], argv, envp);
	if (errno == ENOEXEC)
		execve(shell[0], shell, envp);
	if (write(2, message, sizeof(message) - 1) < 0)
		_exit(126);
	_exit(127);
}

int assistd_process_spawn(struct assistd_process *process, const char *cgroup,
			  char *const *argv, char *const *envp)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int log_fd, pidfd = -1, err;
	long pid;

	core_assert(!process->pid);
	assistd_cgroup_remove(cgroup);
	err = assistd_cgroup_make(cgroup);
	if (err)
		return err;
	err = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (err < 0)
		return -errno;
	args.flags = CLONE_INTO_CGROUP | CLONE_PIDFD;
	args.cgroup = (u64)err;
	args.pidfd = (u64)(uintptr_t)&pidfd;
	log_fd = assistd_log_open(process->package);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		child_run(log_fd, argv, envp);
	err = pid < 0 ? -errno : 0;
	close((int)args.cgroup);
	close(log_fd);
	if (err)
		return err;
	process->pid = (pid_t)pid;
	process->pidfd = pidfd;
	process->child = true;
	return assistd_process_follow(process);
}

/* A child nobody asks for any more still has to be waited for. */
static int orphan_ended(sd_event_source *source, int fd, uint32_t events, void *data)
{
	siginfo_t info = { 0 };

	if (!waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) && !info.si_pid)
		return 0;
	sd_event_source_disable_unref(source);
	close(fd);
	return 0;
}

void assistd_process_forget(struct assistd_process *process)
{
	sd_event *event = process->package->assistd->event;
	sd_event_source *source;

	if (!process->pid)
		return;
	process->source = sd_event_source_disable_unref(process->source);
	if (!process->child || sd_event_add_io(event, &source, process->pidfd, EPOLLIN,
					       orphan_ended, NULL) < 0)
		close(process->pidfd);
	process->pid = 0;
	process->pidfd = -1;
}

/* Its end was seen: nothing is left to wait for. */
static void process_close(struct assistd_process *process)
{
	process->child = false;
	assistd_process_forget(process);
}

static int process_ended(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct assistd_process *process = data;
	siginfo_t info = { 0 };
	int status = -1;

	if (process->child && !waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG)) {
		if (!info.si_pid)
			return 0;
		status = info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0) :
			 W_EXITCODE(0, info.si_status);
	}
	process_close(process);
	if (process->service == PKG_NOBODY)
		assistd_script_ended(process, status);
	else
		assistd_service_ended(process, status);
	return 0;
}

int assistd_process_follow(struct assistd_process *process)
{
	int err = sd_event_add_io(process->package->assistd->event, &process->source,
				  process->pidfd, EPOLLIN, process_ended, process);

	if (err < 0)
		base_log(BASE_LOG_ERROR, "cannot follow process %d: %s", process->pid,
			 strerror(-err));
	return err < 0 ? err : 0;
}
