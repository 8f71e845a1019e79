// SPDX-License-Identifier: GPL-2.0
/* Locked memory and the limits of a process. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mmtest.h"

#define KB	64
#define SIZE	(KB << 10)

static void lock_future(void)
{
	int zero = open_or_fail("/dev/zero", O_RDWR), mem = open_or_fail("/dev/mem", O_RDONLY);
	unsigned char *p = reserve(SIZE), *q = reserve(SIZE), *r = reserve(SIZE);
	long before;
	struct area a;

	want("mlockall", mlockall(MCL_FUTURE), 0);
	before = status_kb("VmLck:");
	map(p, SIZE, RW, MAP_PRIVATE | MAP_FIXED, zero, 0);
	want("VmLck with private /dev/zero", status_kb("VmLck:"), before + KB);
	areas(p, SIZE, &a, 1);
	want_true("VmFlags of private /dev/zero has lo", area_has(&a, "lo"));
	want("kB of it in memory", a.locked, KB);
	map(q, SIZE, RW, MAP_SHARED | MAP_FIXED, zero, 0);
	want("VmLck with shared /dev/zero", status_kb("VmLck:"), before + 2 * KB);
	areas(q, SIZE, &a, 1);
	want_true("VmFlags of shared /dev/zero has lo", area_has(&a, "lo"));
	map(r, SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, mem, LOW_OFFSET);
	want("VmLck with /dev/mem", status_kb("VmLck:"), before + 2 * KB);
	areas(r, SIZE, &a, 1);
	want_true("VmFlags of /dev/mem lacks lo", !area_has(&a, "lo"));
	unmap(r, SIZE);
	unmap(p + page, page);
	want("VmLck after unmapping a page", status_kb("VmLck:"),
	     before + 2 * KB - (long)page / 1024);
	want("munlockall", munlockall(), 0);
	want("VmLck after munlockall", status_kb("VmLck:"), 0);
}

static void lock_map_locked(void)
{
	int zero = open_or_fail("/dev/zero", O_RDWR), mem = open_or_fail("/dev/mem", O_RDONLY);
	long before = status_kb("VmLck:");
	unsigned char *p = map(NULL, SIZE, RW, MAP_PRIVATE | MAP_LOCKED, zero, 0), *q, *r;
	unsigned char in[SIZE / 4096];

	want("VmLck", status_kb("VmLck:"), before + KB);
	want("mincore", mincore(p, SIZE, in), 0);
	want("last page in core", in[SIZE / page - 1] & 1, 1);
	q = map(NULL, SIZE, RW, MAP_SHARED | MAP_LOCKED, zero, 0);
	want("VmLck", status_kb("VmLck:"), before + 2 * KB);
	r = map(NULL, SIZE, PROT_READ, MAP_SHARED | MAP_LOCKED, mem, LOW_OFFSET);
	want("VmLck with /dev/mem", status_kb("VmLck:"), before + 2 * KB);
	unmap(p, SIZE);
	unmap(q, SIZE);
	unmap(r, SIZE);
	want("VmLck afterwards", status_kb("VmLck:"), before);
}

static void lock_limit(void)
{
	struct rlimit limit = { SIZE, SIZE };
	int zero = open_or_fail("/dev/zero", O_RDWR), mem = open_or_fail("/dev/mem", O_RDONLY);
	long before;

	want("setrlimit", setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	want("setuid", setresuid(1000, 1000, 1000), 0);
	before = status_kb("VmLck:");
	want_refused("private /dev/zero", NULL, 2 * SIZE, RW, MAP_PRIVATE | MAP_LOCKED, zero, 0, EAGAIN);
	want_refused("shared /dev/zero", NULL, 2 * SIZE, RW, MAP_SHARED | MAP_LOCKED, zero, 0, EAGAIN);
	want_refused("/dev/mem", NULL, 2 * SIZE, PROT_READ, MAP_SHARED | MAP_LOCKED, mem, LOW_OFFSET, EAGAIN);
	want("VmLck after refusals", status_kb("VmLck:"), before);
	map(NULL, SIZE, RW, MAP_PRIVATE | MAP_LOCKED, zero, 0);
	want("VmLck at the limit", status_kb("VmLck:"), before + KB);
	want_refused("one page more", NULL, page, RW, MAP_PRIVATE | MAP_LOCKED, zero, 0, EAGAIN);
}

static void address_space(void)
{
	static const struct {
		const char *what, *path;
		int prot, flags;
		off_t offset;
	} kinds[] = {
		{ "private /dev/zero", "/dev/zero", RW, MAP_PRIVATE, 0 },
		{ "shared /dev/zero", "/dev/zero", RW, MAP_SHARED, 0 },
		{ "/dev/mem", "/dev/mem", PROT_READ, MAP_SHARED, HIGH_OFFSET },
		{ "tmpfs", NULL, RW, MAP_SHARED, 0 },
		{ "private tmpfs", NULL, RW, MAP_PRIVATE, 0 },
		{ "program", "/proc/self/exe", PROT_READ, MAP_PRIVATE, 0 },
	};
	const int n = sizeof(kinds) / sizeof(kinds[0]);
	long size = status_kb("VmSize:");
	struct rlimit limit = { (size + 1024) << 10, (size + 1024) << 10 };
	int fds[n];

	for (int i = 0; i < n; i++)
		fds[i] = kinds[i].path ? open_or_fail(kinds[i].path, kinds[i].prot == RW ? O_RDWR : O_RDONLY) :
					 temp_file(page);
	size = status_kb("VmSize:");
	want("setrlimit", setrlimit(RLIMIT_AS, &limit), 0);
	for (int i = 0; i < n; i++) {
		long committed = committed_kb();

		want_refused(kinds[i].what, NULL, 4 << 20, kinds[i].prot, kinds[i].flags,
			     fds[i], kinds[i].offset, ENOMEM);
		want("VmSize", status_kb("VmSize:"), size);
		want_near("Committed_AS", committed_kb(), committed, 1000);
	}
}

const struct test limit_tests[] = {
	{ "locked_future", lock_future, 0 },
	{ "locked_map_locked", lock_map_locked, 0 },
	{ "locked_limit", lock_limit, 0 },
	{ "rlimit_as", address_space, 0 },
	{ 0 }
};
