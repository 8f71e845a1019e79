// SPDX-License-Identifier: GPL-2.0
/* Flash memory, in RAM: it can be read and written; with an MMU, it cannot be mapped. */
#include <errno.h>
#include <mtd/mtd-user.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mmtest.h"

static int mtd_fd(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		skip("this machine has no flash memory");
	want_true("it can be opened", fd >= 0);
	return fd;
}

static void refused(const char *path, int flags)
{
	int fd = mtd_fd(path, flags);

	want_refused("shared", NULL, page, PROT_READ, MAP_SHARED, fd, 0, ENODEV);
	want_refused("private", NULL, page, PROT_READ, MAP_PRIVATE, fd, 0, ENODEV);
	want_refused("private, writable", NULL, page, RW, MAP_PRIVATE, fd, page, ENODEV);
	if (flags == O_RDWR)
		want_refused("shared, writable", NULL, page, RW, MAP_SHARED, fd, 0, ENODEV);
	close(fd);
}

static void mtd(void)
{
	int fd = mtd_fd("/dev/mtd0", O_RDWR);
	struct mtd_info_user info;
	struct erase_info_user erase = { 0 };
	char bytes[5];

	refused("/dev/mtd0", O_RDWR);
	refused("/dev/mtd0", O_RDONLY);
	refused("/dev/mtd0ro", O_RDONLY);

	want("MEMGETINFO", ioctl(fd, MEMGETINFO, &info), 0);
	want("pwrite", pwrite(fd, "flash", 5, page - 2), 5);
	want("pread", pread(fd, bytes, 5, page - 2), 5);
	want_same("what was written", bytes, "flash", 5);
	erase.length = info.erasesize;
	want("MEMERASE", ioctl(fd, MEMERASE, &erase), 0);
	want("pread", pread(fd, bytes, 5, page - 2), 5);
	want_same("what is there after erasing", bytes, "\xff\xff\xff\xff\xff", 5);
	close(fd);
}

const struct test mtd_tests[] = {
	{ "mtd", mtd, 0 },
	{ 0 }
};
