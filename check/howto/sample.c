// SPDX-License-Identifier: GPL-2.0
/*
 * In the guest: samples/mmap_prepare of the tree, mapped, and the examples of the HOWTO, loaded.
 * Takes the place of mmtest in an initramfs that check/howto/run makes.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mmtest.h"

#define SAMPLE	"mmap_prepare_sample"
#define NR	4	/* pages that it has */

static int open_sample(void)
{
	module_load(SAMPLE, "");
	return open_or_fail("/dev/" SAMPLE, O_RDWR);
}

static void close_sample(int fd)
{
	close(fd);
	module_unload(SAMPLE);
}

static void test_shared(void)
{
	int fd = open_sample();
	unsigned char *all = map(NULL, NR * page, RW, MAP_SHARED, fd, 0), *part;

	want_zero("new pages", all, NR * page);
	for (int i = 0; i < NR; i++)
		all[i * page] = 'a' + i;
	for (int i = 0; i < NR; i++) {
		part = map(NULL, page, PROT_READ, MAP_SHARED, fd, i * page);
		want("byte at the offset", part[0], 'a' + i);
		unmap(part, page);
	}
	unmap(all, NR * page);
	close_sample(fd);
}

static void test_private(void)
{
	int fd = open_sample();
	unsigned char *shared = map(NULL, page, RW, MAP_SHARED, fd, 0);
	unsigned char *own = map(NULL, page, RW, MAP_PRIVATE, fd, 0);

	shared[0] = 's';
	want("byte before it is written to", own[0], 's');
	own[0] = 'p';
	want("byte that others see", shared[0], 's');
	unmap(shared, page);
	unmap(own, page);
	close_sample(fd);
}

static void test_refused(void)
{
	int fd = open_sample();
	unsigned char *p = map(NULL, (NR + 1) * page, RW, PRIVATE_ANON, -1, 0);

	memset(p, 'T', (NR + 1) * page);
	want_refused("a page too many", p, (NR + 1) * page, RW, MAP_SHARED | MAP_FIXED, fd, 0, EINVAL);
	want_refused("two pages from the last on", p, 2 * page, RW, MAP_SHARED | MAP_FIXED, fd, (NR - 1) * page, EINVAL);
	want_refused("behind the last page", p, page, RW, MAP_SHARED | MAP_FIXED, fd, NR * page, EINVAL);
	want_refused("far behind", p, page, RW, MAP_SHARED | MAP_FIXED, fd, (off_t)1 << 50, EINVAL);
	for (size_t i = 0; i < (NR + 1) * page; i++)
		want("byte that was there", p[i], 'T');
	close_sample(fd);
}

static void test_vma(void)
{
	int fd = open_sample();
	unsigned char *p = reserve(NR * page);
	struct area a[3];

	map(p, page, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	map(p + page, page, RW, MAP_SHARED | MAP_FIXED, fd, page);
	want("VMAs of two mappings side by side", areas(p, 2 * page, a, 3), 2);
	want_true("VmFlags mm, de; not io, pf", area_has(&a[0], "mm") && area_has(&a[0], "de") &&
		  !area_has(&a[0], "io") && !area_has(&a[0], "pf"));
	want_true("mremap() fails to make it larger", mremap(p + page, page, 2 * page, 0) == MAP_FAILED);
	unmap(p, 2 * page);
	close_sample(fd);
}

static void test_module_stays(void)
{
	int fd = open_sample();
	unsigned char *p = map(NULL, page, RW, MAP_SHARED, fd, 0);

	close(fd);
	want_true("the module cannot go while it is mapped",
		  syscall(SYS_delete_module, SAMPLE, O_NONBLOCK) == -1);
	p[0] = 'x';
	unmap(p, page);
	module_unload(SAMPLE);
}

static void test_examples(void)
{
	DIR *dir = opendir("/lib/modules");
	struct dirent *entry;
	char *dot;
	int n = 0;

	want_true("there is /lib/modules", !!dir);
	while ((entry = readdir(dir))) {
		dot = strstr(entry->d_name, ".ko");
		if (!dot)
			continue;
		*dot = '\0';
		module_load(entry->d_name, "");
		module_unload(entry->d_name);
		n++;
	}
	want_true("there are several", n > 10);
}

static const struct test tests[] = {
	{ "sample_shared", test_shared, 0 },
	{ "sample_private", test_private, 0 },
	{ "sample_refused", test_refused, 0 },
	{ "sample_vma", test_vma, 0 },
	{ "sample_module_stays_while_mapped", test_module_stays, 0 },
	{ "examples_can_be_loaded", test_examples, 0 },
	{ NULL, NULL, 0 }
};

const struct test *const groups[] = { tests, NULL };
