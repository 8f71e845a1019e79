// SPDX-License-Identifier: GPL-2.0
/*
 * Exercises a file through system calls and through mappings at once, and
 * compares with a model whatever it reads. A window of address space is mapped
 * over and over with MAP_FIXED; what is in it stays while the file is written,
 * truncated and punched under it.
 *
 * usage: exercise [-n OPERATIONS] [-s SEED] FILE      makes FILE
 *        exercise -c FILE                             makes one for -r
 *        exercise -r [-n OPERATIONS] [-s SEED] FILE   only reads it
 *        exercise -m [-n OPERATIONS] [-s SEED]        attaches and detaches System V shared memory
 *        exercise -f [-n OPERATIONS] [-s SEED] FILE   one whose size is fixed
 *
 * The digest on the last line depends on the seed and on what the kernel did
 * (what it refused, how many mappings it made), not on time or addresses.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"

#define PAGE		4096UL
#define FILE_PAGES	64
#define FILE_MAX	(FILE_PAGES * PAGE)
#define WINDOW		32	/* pages */
#define LONGEST		8	/* pages that one operation maps */
#define SEGMENT		8U	/* pages */
#define SEGMENTS	(FILE_PAGES / SEGMENT)

/* What a page of the window should show. */
struct slot {
	bool mapped, shared;
	bool may_not_write;		/* not even after mprotect() */
	int prot;
	unsigned int page;		/* of the file */
	unsigned long attached;		/* by which operation, if it is shared memory */
	bool own;			/* private and written to: then its bytes are */
	unsigned char bytes[PAGE];
};

static unsigned char content[FILE_MAX];	/* of the file; zeros beyond its end */
static size_t size;
static struct slot slots[WINDOW];
static unsigned char *window;
static const char *path;
static int fd = -1;
static bool readonly, fixed, touch_first, sysv;
/* A piece of the file is a segment, with zeros in it as long as there is none. */
static struct segment {
	int id;
	bool there, removed;
} segments[SEGMENTS];
static key_t first_key;			/* which is in their names */
static unsigned long op;
static const char *op_name = "start";
static uint64_t state, digest = 0xcbf29ce484222325;
static unsigned char buffer[FILE_MAX];

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list args;

	printf("%s: operation %lu (%s): ", path, op, op_name);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	exit(1);
}

/* xorshift64* */
static uint64_t rnd(uint64_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1d >> 16) % below;
}

static void fill(unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = 1 + rnd(255);
}

/* FNV-1a */
static void note(uint64_t value)
{
	for (int i = 0; i < 64; i += 8)
		digest = (digest ^ (value >> i & 255)) * 0x100000001b3;
}

static void must(long ret, const char *what)
{
	if (ret < 0)
		fail("%s: %s", what, strerrorname_np(errno));
}

static void same(const unsigned char *got, const unsigned char *expected, size_t len, const char *what, size_t where)
{
	for (size_t i = 0; i < len; i++)
		if (got[i] != expected[i])
			fail("%s, byte %zu: expected %d got %d (size of the file %zu)", what, where + i,
			     expected[i], got[i], size);
}

static sigjmp_buf caught;
static volatile bool touching;

static void on_signal(int sig)
{
	if (touching)
		siglongjmp(caught, sig);
	fail("signal %d", sig);
}

/* Copy, where one side may be a mapping: 0, or the signal that it drew. */
static int copy(volatile unsigned char *to, const volatile unsigned char *from, size_t len)
{
	int sig = sigsetjmp(caught, 1);

	touching = true;
	if (!sig)
		for (size_t i = 0; i < len; i++)
			to[i] = from[i];
	touching = false;
	return sig;
}

static unsigned char *map(void *addr, size_t len, int prot, int flags, int file, off_t offset)
{
	unsigned char *p = mmap(addr, len, prot, flags, file, offset);

	if (p == MAP_FAILED)
		fail("mmap of %zu bytes, prot %d, flags %#x, offset %jd: %s", len, prot, flags,
		     (intmax_t)offset, strerrorname_np(errno));
	return p;
}

/* A random range of bytes, which begins inside the file if @inside. */
static size_t range(size_t *len, bool inside)
{
	size_t off = rnd(inside ? size : FILE_MAX);

	*len = 1 + rnd(3 * PAGE);
	if (*len > FILE_MAX - off)
		*len = FILE_MAX - off;
	if (inside && *len > size - off)
		*len = size - off;
	return off;
}

/* A random piece of the window. */
static unsigned int piece(unsigned int *pages)
{
	*pages = 1 + rnd(LONGEST);
	return rnd(WINDOW - *pages + 1);
}

static bool beyond_end(unsigned int file_page)
{
	return file_page * PAGE >= size;
}

static void wrote(size_t off, const unsigned char *p, size_t len)
{
	memcpy(content + off, p, len);
	if (off + len > size)
		size = off + len;
}

/* Have the pages in memory that would be written to in part, if -t asks for it. */
static void touch(size_t off, size_t len)
{
	unsigned char c;

	if (!touch_first)
		return;
	must(pread(fd, &c, 1, off), "pread");
	must(pread(fd, &c, 1, off + len - 1), "pread");
}

static void do_write(void)
{
	size_t len, off = range(&len, false);

	fill(buffer, len);
	touch(off, len);
	if (pwrite(fd, buffer, len, off) != (ssize_t)len)
		fail("pwrite of %zu at %zu: %m", len, off);
	wrote(off, buffer, len);
}

static void do_read(void)
{
	size_t len, off = range(&len, false);
	size_t there = off >= size ? 0 : len < size - off ? len : size - off;
	ssize_t got = pread(fd, buffer, len, off);

	must(got, "pread");
	if ((size_t)got != there)
		fail("pread of %zu at %zu: expected %zu got %zd", len, off, there, got);
	same(buffer, content + off, there, "pread", off);
}

static void do_map_write(void)
{
	size_t len, off, first;
	unsigned char *p;

	if (!size)
		return;
	off = range(&len, true);
	first = off / PAGE * PAGE;
	p = map(NULL, off + len - first, PROT_READ | PROT_WRITE, MAP_SHARED, fd, first);
	fill(buffer, len);
	memcpy(p + off - first, buffer, len);
	wrote(off, buffer, len);
	if (!rnd(4))
		must(msync(p, off + len - first, rnd(2) ? MS_SYNC : MS_ASYNC), "msync");
	must(munmap(p, off + len - first), "munmap");
}

static void do_map_read(void)
{
	size_t len, off, first, end;
	unsigned char *p;

	if (!size)
		return;
	off = range(&len, true);
	first = off / PAGE * PAGE;
	end = (off + len + PAGE - 1) / PAGE * PAGE;	/* what is behind the end reads as zeros */
	p = map(NULL, end - first, PROT_READ, rnd(2) ? MAP_SHARED : MAP_PRIVATE, fd, first);
	same(p, content + first, end - first, "mapped", first);
	must(munmap(p, end - first), "munmap");
}

static void do_truncate(void)
{
	size_t to = rnd(FILE_MAX + 1);
	int ret = ftruncate(fd, to);

	if (fixed) {
		if (!ret || errno != EPERM)
			fail("ftruncate: expected EPERM got %s", ret ? strerrorname_np(errno) : "success");
		return;
	}
	must(ret, "ftruncate");
	if (to < size)
		memset(content + to, 0, size - to);
	size = to;
	/* Private pages go as well, if there is no part of them in the file. */
	for (int i = 0; i < WINDOW; i++)
		if (beyond_end(slots[i].page))
			slots[i].own = false;
}

static void do_fallocate(void)
{
	size_t len, off = range(&len, false);
	int mode = rnd(2) ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;

	if (fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, off, len)) {
		note(errno);
		if (errno != EOPNOTSUPP && errno != EINVAL)	/* fuse2fs says the latter */
			fail("fallocate %#x: %s", mode, strerrorname_np(errno));
		return;
	}
	memset(content + off, 0, len);
}

static void forget(unsigned int first, unsigned int pages)
{
	for (unsigned int i = first; i < first + pages; i++)
		slots[i].mapped = slots[i].own = false;
}

/* Nothing there, but nobody else gets the addresses. */
static void reserve(unsigned int first, unsigned int pages)
{
	map(window + first * PAGE, pages * PAGE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	forget(first, pages);
}

static void do_fixed(void)
{
	unsigned int pages, first = piece(&pages), page;
	bool shared = rnd(2);
	int prot = rnd(3) && !(readonly && shared) ? PROT_READ | PROT_WRITE : PROT_READ;

	/* Mostly where neighbours in the window are neighbours in the file: those merge. */
	page = rnd(4) ? first : rnd(FILE_PAGES - pages + 1);
	map(window + first * PAGE, pages * PAGE, prot, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED,
	    fd, page * PAGE);
	forget(first, pages);
	for (unsigned int i = 0; i < pages; i++) {
		slots[first + i].mapped = true;
		slots[first + i].shared = shared;
		slots[first + i].may_not_write = readonly && shared;
		slots[first + i].prot = prot;
		slots[first + i].page = page + i;
	}
}

static void do_unmap(void)
{
	unsigned int pages, first = piece(&pages);

	must(munmap(window + first * PAGE, pages * PAGE), "munmap");
	reserve(first, pages);
}

static void do_window_write(void)
{
	unsigned int i = rnd(WINDOW);
	struct slot *s = &slots[i];
	size_t off = rnd(PAGE), len = 1 + rnd(PAGE - off), there = PAGE;
	int sig, expected = 0;

	if (!s->mapped || !(s->prot & PROT_WRITE))
		expected = SIGSEGV;
	else if (!s->own && beyond_end(s->page))
		expected = SIGBUS;
	else if (s->shared && size - s->page * PAGE < PAGE)
		there = size - s->page * PAGE;	/* nobody knows what becomes of bytes behind the end */
	if (off >= there)
		off = 0;
	if (len > there - off)
		len = there - off;
	fill(buffer, len);
	sig = copy(window + i * PAGE + off, buffer, len);
	if (sig != expected)
		fail("page %u of the window: expected signal %d got %d", i, expected, sig);
	if (sig)
		return;
	if (s->shared) {
		wrote(s->page * PAGE + off, buffer, len);
		return;
	}
	if (!s->own)
		memcpy(s->bytes, content + s->page * PAGE, PAGE);
	s->own = true;
	memcpy(s->bytes + off, buffer, len);
}

static void check_slot(unsigned int i)
{
	struct slot *s = &slots[i];
	int sig, expected = 0;

	if (!s->mapped)
		expected = SIGSEGV;
	else if (!s->own && beyond_end(s->page))
		expected = SIGBUS;
	sig = copy(buffer, window + i * PAGE, PAGE);
	if (sig != expected)
		fail("page %u of the window, page %u of the file: expected signal %d got %d", i, s->page,
		     expected, sig);
	if (!sig)
		same(buffer, s->own ? s->bytes : content + s->page * PAGE, PAGE, "window", i * PAGE);
}

static void do_window_read(void)
{
	check_slot(rnd(WINDOW));
}

static void do_protect(void)
{
	unsigned int pages, first = piece(&pages);
	int prot = rnd(2) ? PROT_READ : PROT_READ | PROT_WRITE, ret;

	for (unsigned int i = first; i < first + pages; i++)
		if (!slots[i].mapped)
			return;
	ret = mprotect(window + first * PAGE, pages * PAGE, prot);
	for (unsigned int i = first; i < first + pages; i++) {
		if (slots[i].may_not_write && prot & PROT_WRITE) {
			if (!ret || errno != EACCES)
				fail("mprotect: expected EACCES got %d", ret);
			return;		/* what came before has been changed */
		}
		slots[i].prot = prot;
	}
	must(ret, "mprotect");
}

/* One page to another place of the window. */
static void do_mremap(void)
{
	unsigned int from = rnd(WINDOW), to = rnd(WINDOW);

	if (from == to || !slots[from].mapped)
		return;
	if (mremap(window + from * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   window + to * PAGE) == MAP_FAILED)
		fail("mremap: %s", strerrorname_np(errno));
	slots[to] = slots[from];
	reserve(from, 1);
}

static void do_drop(void)
{
	unsigned int pages, first = piece(&pages);

	for (unsigned int i = first; i < first + pages; i++)
		if (!slots[i].mapped)
			return;
	must(madvise(window + first * PAGE, pages * PAGE, MADV_DONTNEED), "madvise");
	for (unsigned int i = first; i < first + pages; i++)
		slots[i].own = false;
}

static void do_sync(void)
{
	must(rnd(2) ? fsync(fd) : fdatasync(fd), "fsync");
	if (rnd(2))
		must(msync(window, WINDOW * PAGE, MS_SYNC), "msync");
	/* From the disk again. */
	must(-posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), "posix_fadvise");
}

static void open_file(int flags)
{
	fd = open(path, flags, 0644);
	must(fd, "open");
	/* coda wants that: see d_coda.c. */
	must(pread(fd, buffer, 1, 0), "pread");
}

static void do_reopen(void)
{
	close(fd);
	open_file(readonly ? O_RDONLY : O_RDWR);
}

/* Ordinary I/O with memory that is a mapping of the same file, other pages of it. */
static void do_io_with_window(void)
{
	unsigned int i = rnd(WINDOW), page = rnd(FILE_PAGES);
	struct slot *s = &slots[i];
	unsigned char *memory = window + i * PAGE;

	if (!s->mapped || s->page == page || (!s->own && beyond_end(s->page)))
		return;
	if (!readonly && rnd(2)) {
		memcpy(buffer, s->own ? s->bytes : content + s->page * PAGE, PAGE);
		touch(page * PAGE, PAGE);
		if (pwrite(fd, memory, PAGE, page * PAGE) != PAGE)
			fail("pwrite from the window: %m");
		wrote(page * PAGE, buffer, PAGE);
		return;
	}
	/* Whole pages inside the file. */
	if ((page + 1) * PAGE > size || (s->page + 1) * PAGE > size || !(s->prot & PROT_WRITE))
		return;
	if (pread(fd, memory, PAGE, page * PAGE) != PAGE)
		fail("pread into the window: %m");
	if (s->shared) {
		wrote(s->page * PAGE, content + page * PAGE, PAGE);
	} else {
		memcpy(s->bytes, content + page * PAGE, PAGE);
		s->own = true;
	}
}

static void check_gone(struct segment *g)
{
	struct shmid_ds ds;

	if (shmctl(g->id, IPC_STAT, &ds) != -1 || (errno != EINVAL && errno != EIDRM))
		fail("a segment that is removed and not attached is still there");
	g->there = g->removed = false;
	memset(content + (g - segments) * SEGMENT * PAGE, 0, SEGMENT * PAGE);
}

/* Each VMA counts as one who is attached, in each of the processes. */
static void check_segments(unsigned int processes)
{
	unsigned int vmas[SEGMENTS] = { 0 }, pages[SEGMENTS] = { 0 }, runs[SEGMENTS] = { 0 }, n;
	struct area a[WINDOW];
	struct shmid_ds ds;

	n = areas(window, WINDOW * PAGE, a, WINDOW);
	note(n);
	for (unsigned int i = 0, k; i < n; i++)
		if (sscanf(a[i].name, "/SYSV%x", &k) == 1 && k - first_key < SEGMENTS)
			vmas[k - first_key]++;
	for (unsigned int i = 0; i < WINDOW; i++) {
		struct slot *s = &slots[i];

		if (!s->mapped)
			continue;
		pages[s->page / SEGMENT]++;
		if (!i || !s[-1].mapped || s[-1].attached != s->attached || s[-1].prot != s->prot ||
		    s[-1].page + 1 != s->page)
			runs[s->page / SEGMENT]++;
	}
	for (unsigned int i = 0; i < SEGMENTS; i++) {
		struct segment *g = &segments[i];

		if (vmas[i] < runs[i] || vmas[i] > pages[i])
			fail("segment %u: expected %u to %u VMAs got %u", i, runs[i], pages[i], vmas[i]);
		if (g->removed && !vmas[i])
			check_gone(g);
		if (!g->there)
			continue;
		must(shmctl(g->id, IPC_STAT, &ds), "IPC_STAT");
		if (ds.shm_nattch != vmas[i] * processes)
			fail("segment %u: expected %u attached got %lu", i, vmas[i] * processes,
			     (unsigned long)ds.shm_nattch);
	}
}

static void do_attach(void)
{
	unsigned int n = rnd(SEGMENTS), first = rnd(WINDOW - SEGMENT + 1);
	bool may_not_write = !rnd(4);
	int flags = may_not_write ? SHM_RDONLY : 0;
	unsigned char *at = window + first * PAGE;
	struct segment *g = &segments[n];

	if (!g->there) {
		g->id = shmget(first_key + n, SEGMENT * PAGE, IPC_CREAT | IPC_EXCL | 0600);
		must(g->id, "shmget");
		g->there = true;
	}
	if (!rnd(8)) {
		if (shmat(g->id, at, flags) != (void *)-1 || errno != EINVAL)
			fail("shmat where something is: expected EINVAL");
		return;
	}
	if (shmat(g->id, at, flags | SHM_REMAP) != at)
		fail("shmat: %m");
	forget(first, SEGMENT);
	for (unsigned int i = 0; i < SEGMENT; i++) {
		slots[first + i].mapped = slots[first + i].shared = true;
		slots[first + i].may_not_write = may_not_write;
		slots[first + i].prot = may_not_write ? PROT_READ : PROT_READ | PROT_WRITE;
		slots[first + i].page = n * SEGMENT + i;
		slots[first + i].attached = op;
	}
}

static void unmapped(unsigned int i)
{
	forget(i, 1);
	check_slot(i);
	reserve(i, 1);
}

/* All pages of an attachment that are where it has put them, whatever else was moved in between. */
static void do_detach(void)
{
	int i = rnd(WINDOW), at = i - (int)(slots[i].page % SEGMENT), end = at + SEGMENT;
	unsigned long attached = 0;

	if (!slots[i].mapped)
		return;
	must(shmdt(window + at * (long)PAGE), "shmdt");
	for (i = at < 0 ? 0 : at; i < end && i < WINDOW; i++) {
		struct slot *s = &slots[i];

		if (!s->mapped || at + (int)(s->page % SEGMENT) != i)
			continue;
		if (!attached)
			attached = s->attached;
		if (s->attached == attached)
			unmapped(i);
	}
}

/*
 * Other pages of the same segment, in the same place. What was there goes first, and if a removed
 * segment goes with it, there is nothing to map any more.
 */
static void do_remap(void)
{
	unsigned int first = rnd(WINDOW), most = 1 + rnd(SEGMENT), pages = 1, others = 0, to;
	unsigned int n = slots[first].page / SEGMENT;
	int ret;

	if (!slots[first].mapped)
		return;
	while (pages < most && first + pages < WINDOW && slots[first + pages].mapped &&
	       slots[first + pages].attached == slots[first].attached &&
	       slots[first + pages].prot == slots[first].prot)
		pages++;
	to = rnd(SEGMENT - pages + 1);
	for (unsigned int i = 0; i < WINDOW; i++)
		others += (i < first || i >= first + pages) && slots[i].mapped && slots[i].page / SEGMENT == n;
	ret = remap_file_pages(window + first * PAGE, pages * PAGE, 0, to, 0);
	if (slots[first].may_not_write) {
		if (!ret || errno != EINVAL)
			fail("remap_file_pages, read-only: expected EINVAL got %d", ret);
	} else if (segments[n].removed && !others) {
		if (!ret || (errno != EINVAL && errno != EIDRM))
			fail("remap_file_pages of what is gone: expected EINVAL or EIDRM got %d", ret);
		for (unsigned int i = first; i < first + pages; i++)
			unmapped(i);
	} else {
		must(ret, "remap_file_pages");
		for (unsigned int i = 0; i < pages; i++)
			slots[first + i].page = n * SEGMENT + to + i;
	}
}

static void do_remove(void)
{
	struct segment *g = &segments[rnd(SEGMENTS)];

	if (!g->there || g->removed)
		return;
	must(shmctl(g->id, IPC_RMID, NULL), "IPC_RMID");
	g->removed = true;
}

static void do_fork(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid, "fork");
	if (!pid) {
		for (int i = 0; i < WINDOW; i++)
			check_slot(i);
		if (sysv)
			check_segments(2);
		/* A write to a private page must not reach the parent. */
		for (int i = 0; i < WINDOW; i++)
			if (!slots[i].shared)
				copy(window + i * PAGE, buffer, PAGE);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		fail("the child's status is %#x", status);
}

static void do_count(void)
{
	note(count_areas(window, WINDOW * PAGE));
}

enum { WRITES = 1, READS = 2, ATTACHES = 4 };	/* modes of this program */
#define FILES	(WRITES | READS)
#define ALL	(FILES | ATTACHES)

static const struct {
	const char *name;
	void (*run)(void);
	unsigned int weight;
	unsigned int modes;
} ops[] = {
	{ "write", do_write, 8, WRITES },
	{ "read", do_read, 8, FILES },
	{ "write by a mapping", do_map_write, 8, WRITES },
	{ "read by a mapping", do_map_read, 8, FILES },
	{ "truncate", do_truncate, 3, WRITES },
	{ "fallocate", do_fallocate, 3, WRITES },
	{ "map", do_fixed, 12, FILES },
	{ "unmap", do_unmap, 3, ALL },
	{ "write to the window", do_window_write, 16, ALL },
	{ "read from the window", do_window_read, 16, ALL },
	{ "mprotect", do_protect, 4, ALL },
	{ "mremap", do_mremap, 3, ALL },
	{ "drop pages", do_drop, 2, ALL },
	{ "sync", do_sync, 1, WRITES },
	{ "open again", do_reopen, 1, FILES },
	{ "I/O with the window", do_io_with_window, 6, FILES },
	{ "fork", do_fork, 1, ALL },
	{ "count mappings", do_count, 4, FILES },
	{ "attach", do_attach, 12, ATTACHES },
	{ "detach", do_detach, 4, ATTACHES },
	{ "remap", do_remap, 12, ATTACHES },
	{ "remove", do_remove, 3, ATTACHES },
};

#define OPS (sizeof(ops) / sizeof(ops[0]))

static void one_op(void)
{
	unsigned int mode = sysv ? ATTACHES : readonly ? READS : WRITES, all = 0, pick, i;

	for (i = 0; i < OPS; i++)
		if (ops[i].modes & mode)
			all += ops[i].weight;
	pick = rnd(all);
	for (i = 0; ; i++) {
		if (!(ops[i].modes & mode))
			continue;
		if (pick < ops[i].weight)
			break;
		pick -= ops[i].weight;
	}
	op_name = ops[i].name;
	note(i);
	ops[i].run();
	note(size);
	if (sysv)
		check_segments(1);
}

static void remove_segments(void)
{
	forget(0, WINDOW);
	for (unsigned int i = 0; i < SEGMENTS; i++)
		if (segments[i].there && !segments[i].removed) {
			must(shmctl(segments[i].id, IPC_RMID, NULL), "IPC_RMID");
			segments[i].removed = true;
		}
	check_segments(1);
}

static void check_file(void)
{
	if (!readonly)
		must(fsync(fd), "fsync");
	must(-posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), "posix_fadvise");
	if (pread(fd, buffer, FILE_MAX, 0) != (ssize_t)size)
		fail("pread of the whole file: expected %zu bytes", size);
	same(buffer, content, size, "file", 0);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	unsigned long n = 2000, seed = 1;
	bool create = false;
	int c;

	while ((c = getopt(argc, argv, "cfmn:rs:t")) != -1) {
		switch (c) {
		case 'c': create = true; break;
		case 'f': fixed = true; break;
		case 'm': sysv = true; break;
		case 'n': n = strtoul(optarg, NULL, 0); break;
		case 'r': readonly = true; break;
		case 's': seed = strtoul(optarg, NULL, 0); break;
		case 't': touch_first = true; break;
		default: return 2;
		}
	}
	if (optind + !sysv != argc) {
		fprintf(stderr, "usage: exercise [-c | -f | -r] [-n OPERATIONS] [-s SEED] FILE\n"
			"       exercise -m [-n OPERATIONS] [-s SEED]\n");
		return 2;
	}
	path = sysv ? "shared memory" : argv[optind];
	state = 1;
	if (create || readonly) {
		size = FILE_MAX - PAGE / 4;	/* whole sectors, for what is written in those only */
		fill(content, size);
	}
	state = seed * 0x9e3779b97f4a7c15 + 1;
	if (sysv) {
		size = FILE_MAX;
		first_key = getpid() << 8;
	} else {
		open_file(readonly ? O_RDONLY : O_RDWR | (fixed ? 0 : O_CREAT | O_TRUNC));
	}
	if (fixed) {
		size = FILE_MAX;
		if (pread(fd, content, size, 0) != (ssize_t)size)
			fail("pread of what it has: expected %zu bytes", size);
	}
	if (create) {
		if (write(fd, content, size) != (ssize_t)size || close(fd))
			fail("write: %m");
		return 0;
	}

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	window = map(NULL, WINDOW * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (op = 1; op <= n; op++)
		one_op();
	op_name = "end";
	for (int i = 0; i < WINDOW; i++)
		check_slot(i);
	must(munmap(window, WINDOW * PAGE), "munmap");
	if (sysv)
		remove_segments();
	else
		check_file();
	for (size_t i = 0; i < size; i += 8)
		note(*(uint64_t *)(content + i));
	printf("digest %016jx after %lu operations\n", (uintmax_t)digest, n);
	return 0;
}
