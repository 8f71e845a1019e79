// SPDX-License-Identifier: GPL-2.0
/* What was mapped and is gone has left nothing behind. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmtest.h"

#define SIZE	(1 << 20)
#define GROUP	"/sys/fs/cgroup/mmtest"

/*
 * The number of open files in /proc is exact to 32 on each processor only, so
 * a leak must be larger.
 */
#define FILES_TOLERANCE	128
#define MANY		300

static int zero, mem, file;

static void open_all(void)
{
	zero = open_or_fail("/dev/zero", O_RDWR);
	mem = open_or_fail("/dev/mem", O_RDONLY);
	file = temp_file(SIZE);
}

/* Map everything, move it, cut holes into it. */
static void map_all(unsigned char *p[5])
{
	static unsigned char *place[5];

	p[0] = map(NULL, SIZE, RW, MAP_PRIVATE, zero, 0);
	p[1] = map(NULL, SIZE, RW, MAP_SHARED, zero, 0);
	p[2] = map(NULL, SIZE, PROT_READ, MAP_SHARED, mem, LOW_OFFSET);
	p[3] = map(NULL, SIZE, RW, MAP_SHARED, file, 0);
	p[4] = map(NULL, SIZE, RW, MAP_PRIVATE, file, 0);
	for (int i = 0; i < 5; i++) {
		if (i != 2)
			for (int k = 0; k < SIZE; k += 64 << 10)
				p[i][k] = k;
		if (!place[i])
			place[i] = reserve(SIZE);
		p[i] = mremap(p[i], SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, place[i]);
		want_true("mremap", p[i] != MAP_FAILED);
		unmap(p[i] + SIZE / 2, page);
	}
}

/* Unmap it all and leave the places reserved. */
static void unmap_all(unsigned char *p[5])
{
	for (int i = 0; i < 5; i++)
		map(p[i], SIZE, PROT_NONE, PRIVATE_ANON | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/* It takes a moment until what a process held is given back. */
static void want_settled(const char *what, long (*number)(void), long expected, long tolerance)
{
	for (int i = 0; i < 20 && number() > expected + tolerance; i++)
		usleep(100000);
	want_near(what, number(), expected, tolerance);
}

static long page_tables(void)
{
	return status_kb("VmPTE:");
}

static void commit_balance(void)
{
	unsigned char *p[5];
	long before;

	open_all();
	before = committed_kb();
	for (int i = 0; i < 20; i++) {
		map_all(p);
		unmap_all(p);
	}
	want_near("Committed_AS", committed_kb(), before, 1000);
}

/* What grows without being charged must not be charged for its growth: nobody gives that back. */
static void commit_growsdown(void)
{
	static const struct {
		int prot, flags;
	} kinds[] = { { PROT_READ, 0 }, { RW, MAP_NORESERVE }, { RW, 0 } };
	const size_t room = 8 << 20;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		long before = committed_kb();

		for (int k = 0; k < 20; k++) {
			unsigned char *p = reserve(room), *top = p + room - page;
			struct area a;

			unmap(p, room);
			map(top, page, kinds[i].prot,
			    PRIVATE_ANON | MAP_GROWSDOWN | MAP_FIXED | kinds[i].flags, -1, 0);
			want("byte below", *(volatile unsigned char *)(p + room / 2), 0);
			want("VMAs", areas(p, room, &a, 1), 1);
			want_true("it has grown", a.start <= (unsigned long)p + room / 2);
			unmap(p, room);
		}
		want_near("Committed_AS", committed_kb(), before, 1000);
	}
}

static void processes(void)
{
	unsigned char *p[5];
	long tables, committed, files;

	open_all();
	map_all(p);
	tables = page_tables();
	files = open_files();
	committed = committed_kb();
	for (int i = 0; i < MANY; i++) {
		pid_t pid = fork_or_fail();

		if (!pid) {
			unsigned char *q[5];

			p[0][0]++;
			if (i % 10 == 0)
				map_all(q);
			_exit(0);
		}
		want_child("child", pid);
	}
	want_settled("VmPTE", page_tables, tables, 0);
	want_settled("open files", open_files, files, FILES_TOLERANCE);
	want_settled("Committed_AS", committed_kb, committed, 1000);
}

static void unmapping(void)
{
	unsigned char *p[5];
	long tables, files;

	open_all();
	map_all(p);	/* the first round makes page tables that stay */
	unmap_all(p);
	tables = page_tables();
	files = open_files();
	for (int i = 0; i < MANY; i++) {
		map_all(p);
		unmap_all(p);
	}
	want_settled("open files", open_files, files, FILES_TOLERANCE);
	want_settled("VmPTE", page_tables, tables, 16);
}

static void unmount(void)
{
	unsigned char *p, *q, *r;
	pid_t pid;

	scratch_mount();
	file = open_or_fail(SCRATCH "/file", O_RDWR | O_CREAT);
	zero = open_or_fail(SCRATCH "/zero", O_RDWR);
	mem = open_or_fail(SCRATCH "/mem", O_RDONLY);
	want("ftruncate", ftruncate(file, SIZE), 0);
	p = map(NULL, SIZE, RW, MAP_SHARED, file, 0);
	q = map(NULL, SIZE, RW, MAP_PRIVATE, zero, 0);
	r = map(NULL, SIZE, PROT_READ, MAP_SHARED, mem, LOW_OFFSET);
	p[0] = q[page] = 1;
	/* The core replaces this file, and the mapping must not hold the first. */
	map(NULL, SIZE, RW, MAP_SHARED, zero, 0);
	for (int i = 0; i < 10; i++) {
		want_refused("/dev/mem", NULL, SIZE, RW, MAP_PRIVATE, mem, ILLEGAL_OFFSET, EINVAL);
		want_refused("/dev/mem over the tmpfs file", p + SIZE / 2, page, RW,
			     MAP_PRIVATE | MAP_FIXED, mem, ILLEGAL_OFFSET, EINVAL);
	}
	close(file);
	close(zero);
	close(mem);
	pid = fork_or_fail();
	if (!pid)
		_exit(0);
	want_child("child", pid);
	munmap(p + SIZE / 4, page);
	want("umount while all is mapped", umount(SCRATCH), -1);
	want("its error", errno, EBUSY);
	unmap(p, SIZE);
	unmap(q, SIZE);
	want("umount while /dev/mem is mapped", umount(SCRATCH), -1);
	unmap(r, SIZE);
	scratch_umount();
}

static void replaced_file(void)
{
	long committed = committed_kb();
	unsigned char *p[MANY];

	open_all();
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++)
			p[i] = map(NULL, SIZE, RW, MAP_SHARED, zero, 0);
		want_near("Committed_AS while they live", committed_kb(),
			  committed + MANY * (SIZE >> 10), 2000);
		for (int i = 0; i < MANY; i++)
			unmap(p[i], SIZE);
		want_settled("Committed_AS afterwards", committed_kb, committed, 2000);
	}
}

/* Killed for memory in the middle of using the mappings. */
static void under_pressure(void)
{
	long committed, files;
	int status;
	pid_t pid;

	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if ((mkdir(GROUP, 0755) && errno != EEXIST) || write_text(GROUP "/memory.max", "16M"))
		skip("no memory cgroup in this kernel");
	open_all();
	files = open_files();
	committed = committed_kb();
	pid = fork_or_fail();
	if (!pid) {
		size_t len = 64 << 20;
		unsigned char *p[5], *q;

		if (write_text(GROUP "/cgroup.procs", "0"))
			fail("joining the cgroup failed");
		map_all(p);
		q = map(NULL, len, RW, MAP_PRIVATE, zero, 0);
		p[0] = map(NULL, len, RW, MAP_SHARED, zero, 0);
		for (size_t k = 0; k < len; k += page)
			q[k] = p[0][k] = 1;
		fail("using 128 MiB where 16 are allowed: expected to be killed got away with it");
	}
	want("waitpid", waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		_exit(1);	/* it has said why */
	want("the signal that killed it", WTERMSIG(status), SIGKILL);
	want_settled("open files", open_files, files, FILES_TOLERANCE);
	want_settled("Committed_AS", committed_kb, committed, 1000);
	rmdir(GROUP);
}

const struct test leak_tests[] = {
	{ "commit_balance", commit_balance, 0 },
	{ "commit_growsdown", commit_growsdown, FIXED_BY_STACK("Committed_AS: expected ") },
	{ "no_leak_processes", processes, 0 },
	{ "no_leak_unmapping", unmapping, 0 },
	{ "no_leak_unmount", unmount, 0 },
	{ "no_leak_replaced_file", replaced_file, 0 },
	{ "no_leak_under_pressure", under_pressure, 0 },
	{ 0 }
};
