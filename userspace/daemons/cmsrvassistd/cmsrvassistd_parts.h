/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each file of cmsrvassistd offers to the others; see cmsrvassistd.h. */
#ifndef CMSRVASSISTD_PARTS_H
#define CMSRVASSISTD_PARTS_H

/* cmsrvassistd_socket.c */
int assistd_socket_open(struct assistd *assistd);
void assistd_socket_close(struct assistd *assistd);
/* Send to cmcld; without one, or when it does not keep up, the message is lost:
 * after it connects again it is told what there is. */
void assistd_send(struct assistd *assistd, struct assist_message *message);
void assistd_step_send(struct assistd_package *package, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* READY, once nothing is left to be cleared away. */
void assistd_ready_check(struct assistd *assistd);

/* cmsrvassistd_table.c */
struct assistd_package *assistd_package_find(struct assistd *assistd, const char *name);
struct assistd_package *assistd_package_take(struct assistd *assistd,
					     const struct assist_message *message,
					     const void *bytes, size_t length);
void assistd_package_drop(struct assistd_package *package);

/* cmsrvassistd_package.c */
void assistd_package_start(struct assistd *assistd, const struct assist_message *message,
			   const void *bytes, size_t length);
void assistd_package_halt(struct assistd *assistd, const struct assist_message *message,
			  const void *bytes, size_t length);
void assistd_package_purge(struct assistd_package *package);
/* The step that was waited for is over. */
void assistd_package_advance(struct assistd_package *package, enum pkg_outcome outcome);

/* cmsrvassistd_step.c: one step, up or down. Return: PKG_OK: done; PKG_UNABLE: under
 * way, assistd_package_advance() follows; else how it failed. */
void assistd_steps_build(struct assistd_package *package);
enum pkg_outcome assistd_step_up(struct assistd_package *package, struct assistd_step *step);
enum pkg_outcome assistd_step_down(struct assistd_package *package, struct assistd_step *step);

/* cmsrvassistd_service.c */
int assistd_service_start(struct assistd_package *package, u16 service);
void assistd_service_again(struct assistd *assistd, const struct assist_message *message);
enum pkg_outcome assistd_service_stop(struct assistd_package *package, u16 service);
u32 assistd_services_alive(const struct assistd_package *package);
/* Follow a service that runs already; false: it does not. */
bool assistd_service_adopt(struct assistd_package *package, u16 service, pid_t pid);

/* cmsrvassistd_process.c */
int assistd_process_spawn(struct assistd_process *process, const char *cgroup,
			  char *const *argv, char *const *envp);
int assistd_process_follow(struct assistd_process *process);
/* Stop following it; a child is still reaped when it ends. */
void assistd_process_forget(struct assistd_process *process);
/* Called by the loop: the process ended with @status, -1: not known. */
void assistd_service_ended(struct assistd_process *process, int status);
void assistd_script_ended(struct assistd_process *process, int status);

/* cmsrvassistd_environment.c: "NAME=value" ..., NULL; NULL without memory */
char **assistd_environment_make(const struct assistd_package *package, u16 service);
void assistd_environment_free(char **environment);

/* cmsrvassistd_cgroup.c: all take a path below assistd->cgroup */
int assistd_cgroup_base(char *out, size_t size);
void assistd_cgroup_path(const struct assistd_package *package, const char *part,
			 char *out, size_t size);
int assistd_cgroup_make(const char *path);
void assistd_cgroup_kill(const char *path);
void assistd_cgroup_signal(const char *path, int signal);
bool assistd_cgroup_empty(const char *path);
bool assistd_cgroup_holds(const char *path, pid_t pid);
void assistd_cgroup_remove(const char *path);
/* Open file that polls EPOLLPRI when the cgroup becomes empty; -errno. */
int assistd_cgroup_watch(const char *path);

/* cmsrvassistd_wait.c: advance the package once a cgroup is empty */
enum pkg_outcome assistd_wait_empty(struct assistd_package *package, const char *cgroup);
void assistd_wait_end(struct assistd_package *package);

/* cmsrvassistd_address.c */
int assistd_address_add(const struct conf_address *address, char ifname[16]);
/* Interfaces that carry it: their indexes. Return: how many, or -errno. */
int assistd_address_links(const struct conf_address *address, u32 *link, u32 max);
/* From whatever interfaces carry it. Return: how many did, or -errno. */
int assistd_address_remove(const struct conf_address *address);

/* cmsrvassistd_announce.c */
/* One announcement on each interface that carries it; 0 or -errno. */
int assistd_announce(const struct conf_address *address);
/* All addresses of the package, now and a few times more. */
void assistd_announce_start(struct assistd_package *package);
void assistd_announce_stop(struct assistd_package *package);

/* cmsrvassistd_state.c: what must survive this process */
void assistd_state_save(const struct assistd_package *package);
void assistd_state_remove(const struct assistd_package *package);
void assistd_state_load(struct assistd *assistd);

/* cmsrvassistd_record.c: one structured line to the package's log and the journal */
void assistd_record(const struct assistd_package *package, const char *what,
		    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Descriptor of the package's log, or of /dev/null when it cannot be opened. */
int assistd_log_open(const struct assistd_package *package);

#endif
