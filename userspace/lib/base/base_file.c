// SPDX-License-Identifier: GPL-2.0-or-later
#include <tocsin/base.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = read(fd, buffer + have, size - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

ssize_t base_file_read(const char *path, size_t max, char **out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	ssize_t size;
	size_t room;
	char *buffer;

	*out = NULL;
	if (fd < 0)
		return -errno;
	/* Size by stat where it is known, so that small files cost little. */
	room = max + 1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (u64)st.st_size <= max && st.st_size > 0)
		room = (size_t)st.st_size + 1;
	buffer = malloc(room + 1);
	if (!buffer) {
		close(fd);
		return -ENOMEM;
	}
	size = read_all(fd, buffer, room);
	close(fd);
	if (size == (ssize_t)room)
		size = room > max ? -EFBIG : -EAGAIN;	/* -EAGAIN: it grew meanwhile */
	if (size < 0) {
		free(buffer);
		return size;
	}
	buffer[size] = '\0';
	*out = buffer;
	return size;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		data += put;
		size -= (size_t)put;
	}
	return 0;
}

static int sync_directory_of(const char *path)
{
	char directory[BASE_PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd, err = 0;

	if (!slash)
		base_str_print(directory, sizeof(directory), ".");
	else
		base_str_print(directory, sizeof(directory), "%.*s",
			       (int)(slash == path ? 1 : slash - path), path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int write_new(const char *path, const void *data, size_t size, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	int err;

	if (fd < 0)
		return -errno;
	/* The mode asked for, whatever the umask or an old temporary file say. */
	err = fchmod(fd, mode) < 0 ? -errno : 0;
	if (!err)
		err = write_all(fd, data, size);
	if (!err && fsync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}

int base_file_write(const char *path, const void *data, size_t size, mode_t mode)
{
	char temporary[BASE_PATH_MAX];
	int err;

	if (strlen(path) + sizeof(".new") > sizeof(temporary))
		return -ENAMETOOLONG;
	base_str_print(temporary, sizeof(temporary), "%s.new", path);
	err = write_new(temporary, data, size, mode);
	if (!err && rename(temporary, path) < 0)
		err = -errno;
	if (err) {
		unlink(temporary);
		return err;
	}
	return sync_directory_of(path);
}
