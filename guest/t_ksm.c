// SPDX-License-Identifier: GPL-2.0
/* prctl(PR_SET_MEMORY_MERGE): all memory is for KSM, and still adjacent mappings merge. */
#include <sys/prctl.h>
#include <unistd.h>

#include "mmtest.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE	67
#endif

#define MAPPINGS	16

static void merge_all(void)
{
	if (prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0))
		skip("this kernel has no KSM");
}

/* Map page after page; all of them are one VMA, which KSM may look into. */
static void want_one_area(int flags, int fd)
{
	unsigned char *p = reserve(MAPPINGS * page);
	struct area a;

	for (int i = 0; i < MAPPINGS; i++)
		map(p + i * page, page, RW, flags | MAP_PRIVATE | MAP_FIXED, fd, i * page);
	want("VMAs", areas(p, MAPPINGS * page, &a, 1), 1);
	want_true("it is marked mg", area_has(&a, "mg"));
}

static void anonymous(void)
{
	merge_all();
	want_one_area(MAP_ANONYMOUS, -1);
}

static void zero(void)
{
	merge_all();
	want_one_area(0, open_or_fail("/dev/zero", O_RDWR));
}

static void heap(void)
{
	unsigned char *p;
	struct area a;

	merge_all();
	p = sbrk(page);
	for (int i = 1; i < MAPPINGS; i++)
		want_true("the heap grows", sbrk(page) == p + i * page);
	want("VMAs", areas(p, MAPPINGS * page, &a, 1), 1);
	want_true("it is marked mg", area_has(&a, "mg"));
}

/* A neighbour that was exempted stays apart, and what is new is not exempt because of it. */
static void exempted(void)
{
	unsigned char *p = reserve(2 * page);
	struct area a[2];

	merge_all();
	map(p, page, RW, PRIVATE_ANON | MAP_FIXED, -1, 0);
	want("madvise", madvise(p, page, MADV_UNMERGEABLE), 0);
	map(p + page, page, RW, PRIVATE_ANON | MAP_FIXED, -1, 0);
	want("VMAs", areas(p, 2 * page, a, 2), 2);
	want_true("the first is not marked mg", !area_has(&a[0], "mg"));
	want_true("the second is", area_has(&a[1], "mg"));
}

/* Shared memory is none of KSM's business. */
static void shared(void)
{
	unsigned char *p;
	struct area a;

	merge_all();
	p = map(NULL, page, RW, MAP_SHARED, open_or_fail("/dev/zero", O_RDWR), 0);
	areas(p, page, &a, 1);
	want_true("it is not marked mg", !area_has(&a, "mg"));
}

static void without(void)
{
	unsigned char *p = map(NULL, page, RW, PRIVATE_ANON, -1, 0);
	struct area a;

	areas(p, page, &a, 1);
	want_true("it is not marked mg", !area_has(&a, "mg"));
}

const struct test ksm_tests[] = {
	{ "ksm_anonymous", anonymous, FIXED_BY_STACK("VMAs: expected 1 got") },
	{ "ksm_zero", zero, FIXED_BY_STACK("VMAs: expected 1 got") },
	{ "ksm_heap", heap, FIXED_BY_STACK("VMAs: expected 1 got") },
	{ "ksm_exempted", exempted, FIXED_BY_STACK("VMAs: expected 2 got") },
	{ "ksm_shared", shared, 0 },
	{ "ksm_without", without, 0 },
	{ 0 }
};
