// SPDX-License-Identifier: GPL-2.0
/* Files that are mapped on behalf of others: below overlayfs, and System V shared memory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmtest.h"

#define PAGES	4
#define OVERLAY	SCRATCH "/overlay"

static void make_dir(const char *path)
{
	if (mkdir(path, 0700))
		fail("mkdir %s: %s", path, strerrorname_np(errno));
}

/* A file of the lower folder, where page i is full of 'a' + i. */
static void overlay_mount(const char *options)
{
	static const char *const dirs[] = { "lower", "lower2", "upper", "work", "overlay" };
	unsigned char *buf = map(NULL, page, RW, PRIVATE_ANON, -1, 0);
	char path[128];
	int fd;

	scratch_mount();
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), SCRATCH "/%s", dirs[i]);
		make_dir(path);
	}
	fd = open_or_fail(SCRATCH "/lower/file", O_RDWR | O_CREAT);
	for (int i = 0; i < PAGES; i++) {
		memset(buf, 'a' + i, page);
		want("write", write(fd, buf, page), page);
	}
	close(fd);
	if (mount("overlay", OVERLAY, "overlay", 0, options)) {
		int error = errno;

		scratch_umount();
		if (error == ENODEV)
			skip("this kernel has no overlayfs");
		fail("mount overlay: %s", strerrorname_np(error));
	}
}

static void overlay_umount(void)
{
	want("umount " OVERLAY, umount(OVERLAY), 0);
	scratch_umount();
}

static void want_file(const unsigned char *p, int pages)
{
	for (int i = 0; i < pages; i++)
		want("byte of a page", p[i * page], 'a' + i);
}

static void overlay(void)
{
	unsigned char *p;
	struct area a;
	int fd;

	overlay_mount("lowerdir=" SCRATCH "/lower:" SCRATCH "/lower2");
	fd = open_or_fail(OVERLAY "/file", O_RDONLY);
	p = map(NULL, PAGES * page, PROT_READ, MAP_SHARED, fd, 0);
	want_file(p, PAGES);
	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	want_true("it is named as the file of overlayfs", !strcmp(a.name, OVERLAY "/file"));
	unmap(p, PAGES * page);

	p = map(NULL, PAGES * page, RW, MAP_PRIVATE, fd, 0);
	p[0] = 'z';
	want("byte of the copied page", p[0], 'z');
	unmap(p, PAGES * page);

	/* Page by page. What is mapped is the file below, so that they do not merge. */
	p = reserve(PAGES * page);
	for (int i = 0; i < PAGES; i++)
		map(p + i * page, page, PROT_READ, MAP_SHARED | MAP_FIXED, fd, i * page);
	want("VMAs of the pages", count_areas(p, PAGES * page), PAGES);
	want_file(p, PAGES);
	unmap(p, PAGES * page);
	close(fd);
	overlay_umount();
}

/* Written to, the file is copied to the upper folder, and mapped from there. */
static void overlay_upper(void)
{
	unsigned char *p, *q;
	int fd, upper;

	overlay_mount("lowerdir=" SCRATCH "/lower,upperdir=" SCRATCH "/upper,workdir=" SCRATCH "/work");
	fd = open_or_fail(OVERLAY "/file", O_RDWR);
	p = map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0);
	want_file(p, PAGES);
	p[page] = 'z';
	upper = open_or_fail(SCRATCH "/upper/file", O_RDONLY);
	q = map(NULL, PAGES * page, PROT_READ, MAP_SHARED, upper, 0);
	want("byte that was written", q[page], 'z');
	unmap(p, PAGES * page);
	unmap(q, PAGES * page);
	close(upper);
	close(fd);
	overlay_umount();
}

/* A file that cannot be mapped cannot be mapped in another's name either. */
static void overlay_unmappable(void)
{
	int fd;

	scratch_mount();
	make_dir(OVERLAY);
	if (mount("overlay", OVERLAY, "overlay", 0, "lowerdir=/sys/kernel:" OVERLAY)) {
		scratch_umount();
		skip("no overlayfs, or not over sysfs");
	}
	fd = open_or_fail(OVERLAY "/uevent_seqnum", O_RDONLY);
	want_refused("mmap of a file of sysfs", NULL, page, PROT_READ, MAP_PRIVATE, fd, 0, ENODEV);
	close(fd);
	overlay_umount();
}

static void sysv_shm(void)
{
	int id = shmget(IPC_PRIVATE, PAGES * page, IPC_CREAT | 0600);
	unsigned char *p, *q;
	struct shmid_ds ds;
	struct area a;

	if (id < 0 && errno == ENOSYS)
		skip("this kernel has no System V shared memory");
	want_true("shmget", id >= 0);
	p = shmat(id, NULL, 0);
	q = shmat(id, NULL, SHM_RDONLY);
	/* It stays until both are detached, and no longer, whatever else fails. */
	want("shmctl", shmctl(id, IPC_RMID, NULL), 0);
	want_true("shmat", p != (void *)-1 && q != (void *)-1);
	want_zero("new memory", p, PAGES * page);
	memset(p, 'x', PAGES * page);
	want_same("the two mappings", p, q, PAGES * page);
	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	want_true("it is named SYSV...", !strncmp(a.name, "/SYSV", 5));

	/* A split counts as one more who is attached. */
	unmap(p + page, page);
	want("shmctl", shmctl(id, IPC_STAT, &ds), 0);
	want("attached", ds.shm_nattch, 3);
	want("shmdt", shmdt(p), 0);
	want("byte of the other", q[page], 'x');
	want("shmdt", shmdt(q), 0);
	want("shmctl after all are gone", shmctl(id, IPC_STAT, &ds), -1);
}

const struct test stack_tests[] = {
	{ "overlay", overlay, 0 },
	{ "overlay_upper", overlay_upper, 0 },
	{ "overlay_unmappable", overlay_unmappable, 0 },
	{ "sysv_shm", sysv_shm, 0 },
	{ 0 }
};
