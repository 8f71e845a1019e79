// SPDX-License-Identifier: GPL-2.0
/*
 * The memory types that x86 tracks for what is remapped: /dev/mem asks for cached memory, or, if it
 * was opened with O_SYNC, for uncached. What is tracked goes with the mapping, and with a failure.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmtest.h"

#define LIST	"/sys/kernel/debug/x86/pat_memtype_list"
#define PAGES	16

static int cached, uncached;

static void set_up(void)
{
	if (access(LIST, R_OK))
		skip("this kernel tracks no memory types");
	cached = open_or_fail("/dev/mem", O_RDWR);
	uncached = open_or_fail("/dev/mem", O_RDWR | O_SYNC);
}

/* How many entries are there of this type, or of all, in the range that is used here? */
static int tracked(const char *type)
{
	FILE *f = fopen(LIST, "r");
	unsigned long long start;
	char line[256], name[32];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "PAT: [mem %llx-%*x] %31s", &start, name) == 2 &&
		    start >= HIGH_OFFSET && start < HIGH_OFFSET + PAGES * page)
			n += !type || !strcmp(name, type);
	if (f)
		fclose(f);
	return n;
}

static unsigned char *map_pages(int fd, int first, int nr)
{
	return map(NULL, nr * page, PROT_READ, MAP_SHARED, fd, HIGH_OFFSET + first * page);
}

/* A type that does not suit what is there, in the middle of a range. */
static void conflict(void)
{
	unsigned char *p, *q;

	set_up();
	want("entries at first", tracked(NULL), 0);
	p = map_pages(cached, 4, 1);
	want("cached entries", tracked("write-back"), 1);
	want_refused("uncached, around it", NULL, PAGES * page, PROT_READ, MAP_SHARED, uncached,
		     HIGH_OFFSET, EAGAIN);
	want("entries after a failure", tracked(NULL), 1);
	q = map_pages(uncached, 8, 1);
	want("uncached entries", tracked("uncached-minus"), 1);
	want_refused("cached, around both", NULL, PAGES * page, PROT_READ, MAP_SHARED, cached,
		     HIGH_OFFSET, EAGAIN);
	want("entries after another failure", tracked(NULL), 2);
	unmap(p, page);
	want("entries without the cached one", tracked(NULL), 1);

	/* Who asks for cached memory takes uncached, too. */
	p = map_pages(cached, 0, PAGES);
	want("uncached entries", tracked("uncached-minus"), 2);
	unmap(q, page);
	want("entries without the first", tracked(NULL), 1);
	unmap(p, PAGES * page);
	want("entries at the end", tracked(NULL), 0);
}

/* What replaces a mapping, or is refused in its place. */
static void replace(void)
{
	unsigned char *p, *q;

	set_up();
	p = map_pages(cached, 0, PAGES);
	map(p, PAGES * page, PROT_READ, MAP_SHARED | MAP_FIXED, cached, HIGH_OFFSET);
	want("entries after a mapping has replaced its like", tracked(NULL), 1);
	map(p, PAGES * page, PROT_READ, MAP_SHARED | MAP_FIXED, uncached, HIGH_OFFSET);
	want("uncached entries after that has been replaced", tracked("uncached-minus"), 1);
	want("entries", tracked(NULL), 1);
	want_refused("an offset that no machine has", p, PAGES * page, PROT_READ,
		     MAP_SHARED | MAP_FIXED, cached, ILLEGAL_OFFSET, EINVAL);
	want("entries after a refusal", tracked(NULL), 1);
	q = mremap(p, PAGES * page, PAGES * page, MREMAP_MAYMOVE | MREMAP_FIXED,
		   reserve(PAGES * page));
	want_true("mremap", q != MAP_FAILED);
	want("entries after mremap", tracked(NULL), 1);
	unmap(q, PAGES * page);
	want("entries at the end", tracked(NULL), 0);
}

static void forked(void)
{
	unsigned char *p, *q;
	pid_t pid;

	set_up();
	p = map(NULL, 4 * page, RW, MAP_PRIVATE, cached, HIGH_OFFSET);
	q = map_pages(uncached, 8, 1);
	want("entries", tracked(NULL), 2);
	pid = fork_or_fail();
	if (!pid) {
		want("entries with a child", tracked(NULL), 4);
		_exit(0);
	}
	want_child("the child", pid);
	want("entries after it", tracked(NULL), 2);

	/* The first page is memory now, which does not tell the type of the rest: fork() may fail. */
	p[0] = 'z';
	pid = fork();
	if (!pid) {
		want("byte in the child", p[0], 'z');
		_exit(0);
	}
	if (pid > 0)
		want_child("the child of a mapping with a copied page", pid);
	want("entries after that", tracked(NULL), 2);
	unmap(p, 4 * page);
	unmap(q, page);
	want("entries at the end", tracked(NULL), 0);
}

const struct test pat_tests[] = {
	{ "pat_conflict", conflict, 0 },
	{ "pat_replace", replace, FIXED_BY_STACK("entries after a refusal: expected 1 got 0") },
	{ "pat_fork", forked, 0 },
	{ 0 }
};
