// SPDX-License-Identifier: GPL-2.0
/*
 * kcov. It follows no code of these kernels but that of guest/modules/tee_pool.c,
 * so it counts nothing until that runs.
 */
#include <errno.h>
#include <linux/kcov.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mmtest.h"

#define PAGES	4
#define WORDS	(PAGES * page / sizeof(unsigned long))

static int new_fd(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		skip("this kernel has no kcov");
	want_true("kcov can be opened", fd >= 0);
	return fd;
}

static int kcov_fd(unsigned long words)
{
	int fd = new_fd();

	want("KCOV_INIT_TRACE", ioctl(fd, KCOV_INIT_TRACE, words), 0);
	return fd;
}

static void kcov_mapped(void)
{
	int fd = kcov_fd(WORDS);
	unsigned char *p = map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0), *q, *r;
	struct area a;
	pid_t pid;

	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	want_true("VmFlags sh, mm, de, not io, pf or dd", area_has(&a, "sh") && area_has(&a, "mm") &&
		  area_has(&a, "de") && !area_has(&a, "io") && !area_has(&a, "pf") && !area_has(&a, "dd"));
	want("pages before any is touched", pages_present(p, PAGES * page), PAGES);
	want_zero("all of it", p, PAGES * page);

	/* Each page is in its place, in any other mapping, too. */
	for (int i = 0; i < PAGES; i++)
		memset(p + i * page, 'a' + i, page);
	q = reserve(PAGES * page);
	map(q, PAGES * page, RW, PRIVATE_ANON | MAP_FIXED, -1, 0);
	memset(q, 'q', PAGES * page);
	map(q, PAGES * page, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	want("VMAs over what was there", count_areas(q, PAGES * page), 1);
	want_same("the other mapping", q, p, PAGES * page);
	r = map(NULL, PAGES * page, RW, MAP_PRIVATE, fd, 0);
	want("VMAs", areas(r, PAGES * page, &a, 1), 1);
	want_true("VmFlags mm, de, not sh", area_has(&a, "mm") && area_has(&a, "de") && !area_has(&a, "sh"));
	want_same("the private mapping", r, p, PAGES * page);
	r[page] = 'r';
	p[page + 1] = 's';
	p[2 * page] = 't';
	want("byte that only the private mapping has", p[page], 'b');
	want("byte that it does not get", r[page + 1], 'b');
	want("byte of a page that it shares", r[2 * page], 't');
	want("byte in the other mapping", q[page + 1], 's');
	pid = fork_or_fail();
	if (!pid) {
		want("byte in the child", q[page + 1], 's');
		p[page + 1] = 'c';
		unmap(p, PAGES * page);
		_exit(0);
	}
	want_child("the child", pid);
	want("byte that the child wrote", q[page + 1], 'c');
	unmap(r, PAGES * page);

	want_true("the mapping cannot grow",
		  mremap(p, PAGES * page, 2 * PAGES * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	p = mremap(p, PAGES * page, PAGES * page, MREMAP_MAYMOVE | MREMAP_FIXED, reserve(PAGES * page));
	want_true("mremap", p != MAP_FAILED);
	want_same("the mapping after mremap", q, p, PAGES * page);
	unmap(p + page, page);
	want("VMAs with a hole", count_areas(p, PAGES * page), 2);
	want("byte behind the hole", p[2 * page], 't');
	/* The pages were mapped once, and nobody maps them again. */
	want("madvise", madvise(p, page, MADV_DONTNEED), 0);
	want("signal of what has been dropped", signal_of_read(p), SIGBUS);
	want("signal of what has not", signal_of_read(p + 2 * page), 0);

	close(fd);
	want("byte after close()", q[page + 1], 'c');
	unmap(p, PAGES * page);
	want("byte after that", q[3 * page], 'd');
	unmap(q, PAGES * page);
}

static void kcov_refused(void)
{
	int fd = new_fd();

	want_refused("before KCOV_INIT_TRACE", NULL, PAGES * page, RW, MAP_SHARED, fd, 0, EINVAL);
	want("KCOV_INIT_TRACE", ioctl(fd, KCOV_INIT_TRACE, WORDS), 0);
	want("KCOV_INIT_TRACE once more", ioctl(fd, KCOV_INIT_TRACE, 2 * WORDS), -1);
	want("its errno", errno, EBUSY);
	want_refused("a page", NULL, page, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
	want_refused("a page less", NULL, (PAGES - 1) * page, RW, MAP_SHARED, fd, 0, EINVAL);
	want_refused("a page more", NULL, (PAGES + 1) * page, RW, MAP_SHARED, fd, 0, EINVAL);
	want_refused("a page more, private", NULL, (PAGES + 1) * page, RW, MAP_PRIVATE, fd, 0, EINVAL);
	want_refused("the second page", NULL, page, RW, MAP_SHARED, fd, page, EINVAL);
	want_refused("as many, from the second on", NULL, PAGES * page, RW, MAP_SHARED, fd, page, EINVAL);
	want_refused("far away", NULL, PAGES * page, RW, MAP_SHARED, fd, (off_t)1 << 40, EINVAL);
	unmap(map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0), PAGES * page);
	close(fd);

	fd = kcov_fd(WORDS + 1);
	want_refused("all pages but the last word", NULL, PAGES * page, RW, MAP_SHARED, fd, 0, EINVAL);
	want_refused("all pages", NULL, (PAGES + 1) * page, RW, MAP_SHARED, fd, 0, EINVAL);
	close(fd);
}

static void kcov_keeps(void)
{
	int fd = kcov_fd(WORDS);
	unsigned char *p = reserve(PAGES * page);

	map(p, PAGES * page, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	p[page] = 'b';
	want_refused("a page over the mapping", p + page, page, RW, MAP_SHARED | MAP_FIXED, fd, 0, EINVAL);
	want("VMAs over it", count_areas(p + page, page), 1);
	want("byte of it", p[page], 'b');
	unmap(p, PAGES * page);
	close(fd);
}

/* Where a module is. */
static void module_range(const char *name, unsigned long *start, unsigned long *end)
{
	FILE *f = fopen("/proc/modules", "re");
	char line[256], module[64];
	unsigned long size;

	want_true("/proc/modules", f != NULL);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lu %*s %*s %*s %lx", module, &size, start) == 3 &&
		    !strcmp(module, name)) {
			*end = *start + size;
			fclose(f);
			return;
		}
	fail("%s in /proc/modules: expected a line got none", name);
}

static void use_tee(void)
{
	close(open_or_fail("/dev/tee0", O_RDWR));
}

/* What has run is written to the pages that are mapped, for the task that has asked for it. */
static void kcov_traced(void)
{
	int fd = kcov_fd(WORDS);
	unsigned long *p = (unsigned long *)map(NULL, PAGES * page, RW, MAP_SHARED, fd, 0);
	unsigned long *q = (unsigned long *)map(NULL, PAGES * page, PROT_READ, MAP_SHARED, fd, 0);
	unsigned long start, end, n;
	pid_t pid;

	module_load("tee_pool", "");
	module_range("tee_pool", &start, &end);
	use_tee();
	want("places before KCOV_ENABLE", p[0], 0);
	want("KCOV_ENABLE", ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC), 0);
	pid = fork_or_fail();
	if (!pid) {
		use_tee();
		want("places that the child passes", p[0], 0);
		_exit(0);
	}
	want_child("the child", pid);
	use_tee();
	n = q[0];
	want_true("places: at least two, and not too many", n >= 2 && n < page / sizeof(n));
	for (unsigned long i = 1; i <= n; i++)
		want_true("the place is in the module", q[i] >= start && q[i] < end);
	want("the word behind them", q[n + 1], 0);

	/* All pages are there: the last one that is counted is in the last. */
	p[0] = WORDS - 2;
	use_tee();
	want("places, with no room for more", q[0], WORDS - 1);
	want_true("the last is in the module", q[WORDS - 1] >= start && q[WORDS - 1] < end);
	want("KCOV_DISABLE", ioctl(fd, KCOV_DISABLE, 0), 0);
	p[0] = 0;
	use_tee();
	want("places after KCOV_DISABLE", q[0], 0);

	/* The mapping keeps the pages, and so does the task. */
	pid = fork_or_fail();
	if (!pid) {
		int own = kcov_fd(WORDS);
		unsigned long *r = (unsigned long *)map(NULL, PAGES * page, RW, MAP_SHARED, own, 0);

		want("KCOV_ENABLE", ioctl(own, KCOV_ENABLE, KCOV_TRACE_PC), 0);
		close(own);
		use_tee();
		want("places after close()", r[0], n);
		unmap(r, PAGES * page);
		use_tee();
		_exit(0);
	}
	want_child("the second child", pid);
	close(fd);
	unmap(p, PAGES * page);
	unmap(q, PAGES * page);
	module_unload("tee_pool");
}

#define ROUNDS	32
#define SIZE	(1UL << 20)

static long free_kb(void)
{
	return proc_number("/proc/meminfo", "MemFree:");
}

/* However it is mapped and unmapped, refused and closed: no page stays. */
static void kcov_leak(void)
{
	long before = 0;

	for (int i = 0; i < 2 * ROUNDS; i++) {
		int fd = kcov_fd(SIZE / sizeof(long));
		unsigned char *p = map(NULL, SIZE, RW, MAP_SHARED, fd, 0);
		unsigned char *q = map(NULL, SIZE, RW, MAP_PRIVATE, fd, 0);

		/* The first half warms up. */
		if (i == ROUNDS)
			before = free_kb();
		q[page] = 'q';
		want_refused("a page", q, page, RW, MAP_SHARED | MAP_FIXED, fd, 0, EINVAL);
		unmap(p + page, page);
		close(fd);
		unmap(p, SIZE);
		unmap(q, SIZE);
	}
	want_near("free kB", free_kb(), before, ROUNDS * SIZE / 4 / 1024);
}

const struct test kcov_tests[] = {
	{ "kcov_mapped", kcov_mapped, 0 },
	{ "kcov_refused", kcov_refused, 0 },
	{ "kcov_keeps", kcov_keeps, FIXED_BY_STACK("VMAs over it: expected 1 got 0") },
	{ "kcov_traced", kcov_traced, 0 },
	{ "kcov_leak", kcov_leak, 0 },
	{ 0 }
};
