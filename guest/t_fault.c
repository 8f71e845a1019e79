// SPDX-License-Identifier: GPL-2.0
/*
 * Fail the first allocation of an mmap() call, then the second, and so on until
 * the call needs none that has not failed yet.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mmtest.h"

#define LEN	(8UL << 20)
#define MOST	2000

static int fail_nth;

static void set_up(void)
{
	static const char *const settings[] = {
		"fail_page_alloc/ignore-gfp-wait", "fail_page_alloc/ignore-gfp-highmem",
		"fail_page_alloc/min-order", "fail_page_alloc/verbose",
		"failslab/ignore-gfp-wait", "failslab/verbose",
	};
	char path[128];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", settings[i]);
		if (write_text(path, "0"))
			fail("%s: expected to write 0 there got %s", path, strerrorname_np(errno));
	}
	scratch_mount();
	fail_nth = open_or_fail("/proc/thread-self/fail-nth", O_RDWR);
}

static void arm(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	want("write to fail-nth", pwrite(fail_nth, text, len, 0), len);
}

/* What is left to count; 0: the fault has happened. */
static int disarm(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		fail("cannot read fail-nth");
	if (atoi(text))
		want("write to fail-nth", pwrite(fail_nth, "0", 1, 0), 1);
	return atoi(text);
}

/* After a failure: the old data whole, or a hole. */
static void check_range(unsigned char *p, int over)
{
	struct area a;
	int n = areas(p, LEN, &a, 1);

	if (!over || !n) {
		want("VMAs in the range after a failure", n, 0);
		return;
	}
	want("VMAs in the range after a failure", n, 1);
	want_true("that VMA holds the whole range",
		  a.start <= (unsigned long)p && a.end >= (unsigned long)p + LEN);
	want_true("it is the old mapping", !area_has(&a, "pf") && !*a.name);
	for (size_t i = 0; i < LEN; i += 256 << 10)
		want("old byte", p[i], 'O');
}

/* Returns how often mmap() has failed with EAGAIN. */
static int sweep(int fd, int prot, int flags, off_t offset, int over)
{
	unsigned char *base = reserve(LEN + 8 * page), *p = base + 4 * page;
	int again = 0, failures = 0;

	unmap(base, LEN + 8 * page);
	for (int nth = 1; nth < MOST; nth++) {
		long committed;
		int error, left;
		void *q;

		committed = committed_kb();
		if (over) {
			map(base, LEN + 8 * page, RW, PRIVATE_ANON | MAP_FIXED, -1, 0);
			for (size_t i = 0; i < LEN; i += 256 << 10)
				p[i] = 'O';
		}
		arm(nth);
		q = mmap(p, LEN, prot, flags | (over ? MAP_FIXED : MAP_FIXED_NOREPLACE), fd, offset);
		error = errno;
		left = disarm();
		if (q == MAP_FAILED) {
			failures++;
			again += error == EAGAIN;
			want_true("a fault has happened", !left);
			/* ENOSPC: shmem says so when there is no memory for an inode. */
			if (error != ENOMEM && error != EAGAIN && error != ENOSPC)
				fail("allocation %d failing: expected ENOMEM, EAGAIN or ENOSPC got %s",
				     nth, strerrorname_np(error));
			check_range(p, over);
		}
		munmap(base, LEN + 8 * page);
		want_near("Committed_AS", committed_kb(), committed, 1000);
		if (!left)
			continue;
		want_true("mmap fails if an allocation fails", failures > 0);
		return again;
	}
	fail("mmap: expected less than %d allocations got more", MOST);
}

static void mem(void)
{
	int fd;

	set_up();
	fd = open_or_fail(SCRATCH "/mem", O_RDONLY);
	want_true("EAGAIN for a failing page table", sweep(fd, PROT_READ, MAP_SHARED, HIGH_OFFSET, 0) > 0);
	want_true("EAGAIN for a failing page table, private",
		  sweep(fd, RW, MAP_PRIVATE, HIGH_OFFSET, 0) > 0);
	close(fd);
	scratch_umount();
}

static void mem_over_data(void)
{
	int fd;

	set_up();
	fd = open_or_fail(SCRATCH "/mem", O_RDONLY);
	want_true("EAGAIN for a failing page table", sweep(fd, PROT_READ, MAP_SHARED, HIGH_OFFSET, 1) > 0);
	close(fd);
	scratch_umount();
}

static void sweep_file(const char *name)
{
	int fd;

	set_up();
	fd = open_or_fail(name, O_RDWR | O_CREAT);
	for (int over = 0; over < 2; over++) {
		want("EAGAIN, private", sweep(fd, RW, MAP_PRIVATE, 0, over), 0);
		want("EAGAIN, shared", sweep(fd, RW, MAP_SHARED, 0, over), 0);
	}
	close(fd);
	scratch_umount();
}

static void zero(void)
{
	sweep_file(SCRATCH "/zero");
}

static void tmpfs(void)
{
	sweep_file(SCRATCH "/file");
}

/* Private memory that is moved and made larger: the growth is charged, if it is there at the end. */
static void commit_mremap(void)
{
	const size_t len = 4 * page;
	unsigned char *to = reserve(LEN);
	int failures = 0, left = 0;

	set_up();
	unmap(to, LEN);
	for (int nth = 1; !left; nth++) {
		unsigned char *p = map(NULL, len, RW, PRIVATE_ANON, -1, 0);
		long committed;
		void *q;

		want_true("not so many allocations", nth < MOST);
		for (size_t i = 0; i < len; i += page)
			p[i] = 'O';
		committed = committed_kb();
		arm(nth);
		q = mremap(p, len, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		left = disarm();
		if (q == MAP_FAILED) {
			failures++;
			for (size_t i = 0; i < len; i += page)
				want("old byte", p[i], 'O');
			want_near("Committed_AS after a failure", committed_kb(), committed, 1000);
			unmap(p, len);
		} else {
			unmap(to, LEN);
		}
	}
	want_true("mremap fails if an allocation fails", failures > 0);
	scratch_umount();
}

/* What mappings are charged to a group, their page tables among it, is given back when they fail. */
static void memory_group(void)
{
	const char *const group = "/sys/fs/cgroup/mmtest-faults";
	char path[128], pid[16];
	long before = 0;
	int fd;

	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	mkdir(group, 0755);
	if (access("/sys/fs/cgroup/mmtest-faults/memory.current", R_OK))
		skip("this kernel has no memory control groups");
	set_up();
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(pid, sizeof(pid), "%d", getpid());
	want("write to cgroup.procs", write_text(path, pid), 0);
	snprintf(path, sizeof(path), "%s/memory.current", group);
	fd = open_or_fail(SCRATCH "/mem", O_RDONLY);
	for (int i = 0; i < 10; i++) {
		sweep(fd, PROT_READ, MAP_SHARED, HIGH_OFFSET, 0);
		if (i == 1)
			before = proc_number(path, "");
	}
	want_near("memory.current in kB", proc_number(path, "") >> 10, before >> 10, 1024);
	close(fd);
	want("write to cgroup.procs of all", write_text("/sys/fs/cgroup/cgroup.procs", pid), 0);
	rmdir(group);
	scratch_umount();
}

const struct test fault_tests[] = {
	{ "fault_mem", mem, NEEDS_FAULTS },
	{ "fault_mem_over_data", mem_over_data, NEEDS_FAULTS },
	{ "fault_zero", zero, NEEDS_FAULTS },
	{ "fault_tmpfs", tmpfs, NEEDS_FAULTS },
	{ "commit_mremap", commit_mremap, NEEDS_FAULTS },
	{ "fault_memory_group", memory_group, NEEDS_FAULTS },
	{ 0 }
};
