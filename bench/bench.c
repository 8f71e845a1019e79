// SPDX-License-Identifier: GPL-2.0
/*
 * Does things to mappings, many times each, and tells what they cost by the
 * time stamp counter: on QEMU's TCG with -icount shift=0 it counts
 * instructions, the kernel's and ours; elsewhere it counts time.
 *
 * A line for each round of each measurement:
 *	BENCH name/what count ticks
 * and for each thing that is counted rather than timed:
 *	COUNT name/what number
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE	67
#endif

#define PAGE	4096UL
#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(-1)

static int passed, failed;
static const char *name;	/* of what is being measured */
static const char *dir;		/* where the file systems are mounted */
static int percent = 100;	/* of the usual number of repetitions */

static void fail(const char *fmt, ...)
{
	va_list args;

	printf("not ok - %s # why: ", name);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" (%s)\n", strerror(errno));
	exit(1);
}

static int times(int n)
{
	n = (long)n * percent / 100;
	return n > 1 ? n : 1;
}

static void tell(const char *what, int n, uint64_t ticks)
{
	printf("BENCH %s/%s %d %llu\n", name, what, n, (unsigned long long)ticks);
}

/* A path relative to the file systems, unless it is absolute. */
static int open_file(const char *path)
{
	char full[256];
	int fd;

	if (!path)
		return ANON;
	snprintf(full, sizeof(full), "%s%s%s", *path == '/' ? "" : dir,
		 *path == '/' ? "" : "/", path);
	fd = open(full, O_RDWR);
	if (fd < 0)
		fail("cannot open %s", full);
	return fd;
}

/* A mapping that is made and removed over and over. */
struct map {
	const char *file;	/* NULL: none */
	int flags;
	size_t pages;
	int n;
	off_t offset;
	enum { NOWHERE, REPLACE, LEFT, RIGHT, BOTH, REFUSED } where;
};

/* Address space that nothing else will be put into, nor beside. */
static char *hole(size_t len)
{
	char *p = mmap(NULL, len + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || munmap(p + PAGE, len))
		fail("no address space");
	return p + PAGE;
}

static void *map_at(char *at, size_t len, const struct map *m, int fd, off_t offset)
{
	int flags = m->flags | (fd == ANON ? MAP_ANONYMOUS : 0) | (at ? MAP_FIXED : 0);
	void *p = mmap(at, len, RW, flags, fd, fd == ANON ? 0 : m->offset + offset);

	if (m->where == REFUSED) {
		if (p != MAP_FAILED)
			fail("a mapping was not refused");
	} else if (p == MAP_FAILED) {
		fail("mmap");
	}
	return p;
}

static int vmas(const char *from, size_t len)
{
	unsigned long start = (unsigned long)from, end = start + len, s, e;
	char line[512];
	FILE *f = fopen("/proc/self/maps", "r");
	int n = 0;

	if (!f)
		fail("/proc/self/maps");
	while (fgets(line, sizeof(line), f))
		n += sscanf(line, "%lx-%lx", &s, &e) == 2 && s < end && e > start;
	fclose(f);
	return n;
}

/*
 * What RCU has to free is freed now, so that none of it is at the expense of
 * what follows. It would be so by chance: in small numbers at each tick, and all
 * at once when there are 10,000.
 */
static void settle(void)
{
	usleep(200000);
}

/*
 * In ten parts. Before each, another VMA moves the others in the nodes of the
 * tree, where a neighbour in the next node costs more. And as mmap() and munmap()
 * take a node each, one of them would always be the one that empties a slab of
 * 16 and pays for the next: the node for that VMA makes it the other's turn.
 */
#define PARTS	10

static void maps(const struct map *m)
{
	const size_t len = m->pages * PAGE;
	const int n = times(m->n / PARTS), warm = n / 8 + 1;
	const int merges = m->where >= LEFT && m->where <= BOTH;
	const int replaces = m->where == REPLACE || m->where == REFUSED;
	int fd = open_file(m->file);
	char *space = hole(5 * len), *spare = hole((2 * PARTS + 1) * PAGE), *at = NULL;
	uint64_t map = 0, unmap = 0;

	/*
	 * Anonymous memory, what merges on the left, the mapping, what merges on
	 * the right: 6.12 merges a mapping after ->mmap() only if there is
	 * something on its left.
	 */
	if (merges || m->where == REPLACE) {
		at = space + 2 * len;
		if (merges)
			mmap(space, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (m->where == LEFT || m->where == BOTH)
			map_at(at - len, len, m, fd, len);
		if (m->where == RIGHT || m->where == BOTH)
			map_at(at + len, len, m, fd, 3 * len);
		if (m->where == REPLACE)
			map_at(at, len, m, fd, 2 * len);
	}

	for (int part = 0; part < PARTS; part++) {
		mmap(spare + (2 * part + 1) * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		settle();
		for (int i = 0; i < warm + n; i++) {
			uint64_t t0, t1, t2;
			char *p;

			t0 = __rdtsc();
			p = map_at(at, len, m, fd, at ? 2 * len : 0);
			t1 = __rdtsc();
			if (!part && !i && merges &&
			    vmas(at - (m->where == RIGHT ? 0 : len), (m->where == BOTH ? 3 : 2) * len) != 1)
				fail("it does not merge");
			t2 = __rdtsc();
			if (!replaces)
				munmap(p, len);
			if (i >= warm) {
				map += t1 - t0;
				unmap += __rdtsc() - t2;
			}
		}
	}

	tell("mmap", PARTS * n, map);
	if (!replaces) {
		tell("munmap", PARTS * n, unmap);
		tell("pair", PARTS * n, map + unmap);
	}
	munmap(space - PAGE, 5 * len + 2 * PAGE);
	munmap(spare - PAGE, (2 * PARTS + 3) * PAGE);
	if (fd != ANON)
		close(fd);
}

/* The cost of a pair in an address space that has many VMAs already. */
static void scale(const struct map *m)
{
	static const int sizes[] = { 10, 1000, 60000 };
	const char *base_name = name;
	char *space = hole(60000 * PAGE);
	int have = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char full[64];

		for (; have < sizes[i]; have++) {
			if (mmap(space + have * PAGE, PAGE, have % 2 ? PROT_READ : PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
				fail("VMA %d", have);
		}
		snprintf(full, sizeof(full), "%s-%d", base_name, sizes[i]);
		name = full;
		maps(m);
	}
	munmap(space - PAGE, 60000 * PAGE + 2 * PAGE);
	name = base_name;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("CPU %d", cpu);
}

static int nr_faults;
static void *fault(void *space)
{
	pin(1);
	for (int i = 0; i < nr_faults; i++)
		((char *)space)[i * PAGE] = 1;
	return NULL;
}

/* Both threads do a fixed amount of work; the time of both is told for each pair. */
static void threads(const struct map *m)
{
	int n = times(m->n), fd = open_file(m->file);
	pthread_t thread;
	uint64_t t0;
	char *space;

	nr_faults = 4 * n;
	space = mmap(NULL, nr_faults * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (space == MAP_FAILED || madvise(space, nr_faults * PAGE, MADV_NOHUGEPAGE))
		fail("no memory");
	settle();
	t0 = __rdtsc();
	if (pthread_create(&thread, NULL, fault, space))
		fail("no thread");
	for (int i = 0; i < n; i++)
		munmap(map_at(NULL, m->pages * PAGE, m, fd, 0), m->pages * PAGE);
	pthread_join(thread, NULL);
	tell("pair", n, __rdtsc() - t0);
	if (fd != ANON)
		close(fd);
}

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		fail("the child");
}

static void fork_many(const struct map *m)
{
	const int n = times(m->n);
	char *space = hole(1000 * PAGE);
	uint64_t ticks = 0;

	for (int i = 0; i < 1000; i++) {
		if (mmap(space + i * PAGE, PAGE, i % 2 ? PROT_READ : RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			fail("VMA %d", i);
	}
	for (int i = -1; i < n; i++) {
		uint64_t t0;
		pid_t pid;

		settle();
		t0 = __rdtsc();
		pid = fork();
		if (!pid)
			_exit(0);
		wait_for(pid);
		if (i >= 0)
			ticks += __rdtsc() - t0;
	}
	tell("fork+exit", n, ticks);
	munmap(space - PAGE, 1002 * PAGE);
}

/* Not inline: what vfork() returns twice into must not keep variables in registers. */
static __attribute__((noinline)) pid_t spawn(const char *program)
{
	char *const argv[] = { (char *)program, NULL };
	pid_t pid = vfork();

	if (!pid) {
		execv(program, argv);
		_exit(127);
	}
	return pid;
}

static void execve_dynamic(const struct map *m)
{
	const int n = times(m->n);
	uint64_t ticks = 0;

	for (int i = -1; i < n; i++) {
		uint64_t t0;

		settle();
		t0 = __rdtsc();
		wait_for(spawn(m->file));
		if (i >= 0)
			ticks += __rdtsc() - t0;
	}
	tell("execve+exit", n, ticks);
}

/* What the VMAs of the whole machine and the trees of them occupy. */
static long slab_bytes(void)
{
	static const char *const slabs[] = { "vm_area_struct", "vma_lock", "maple_node" };
	char line[512], slab[64];
	long active, all, size, sum = 0;
	FILE *f;

	/* Those that are kept for a CPU would count as in use. */
	for (size_t i = 0; i < sizeof(slabs) / sizeof(*slabs); i++) {
		snprintf(line, sizeof(line), "/sys/kernel/slab/%s/shrink", slabs[i]);
		f = fopen(line, "w");
		if (!f || fputs("1", f) < 0 || fclose(f))
			fail("%s", line);
	}
	f = fopen("/proc/slabinfo", "r");
	if (!f)
		fail("/proc/slabinfo");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %ld %ld %ld", slab, &active, &all, &size) != 4)
			continue;
		for (size_t i = 0; i < sizeof(slabs) / sizeof(*slabs); i++)
			sum += strcmp(slab, slabs[i]) ? 0 : active * size;
	}
	fclose(f);
	return sum;
}

/* In a process of its own, which may ask KSM to merge all its memory. */
static void adjacent(const struct map *m, int ksm)
{
	const int n = 10000;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd = open_file(m->file);
		char *space = hole(n * PAGE);
		long before;
		uint64_t t0;

		if (ksm && prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0))
			fail("PR_SET_MEMORY_MERGE");
		settle();
		before = slab_bytes();
		t0 = __rdtsc();
		for (int i = 0; i < n; i++)
			map_at(space + i * PAGE, PAGE, m, fd, i * PAGE);
		t0 = __rdtsc() - t0;
		printf("COUNT %s/vmas %d\n", name, vmas(space, n * PAGE));
		/* Those that have merged are freed by now. */
		settle();
		printf("COUNT %s/slab-bytes %ld\n", name, slab_bytes() - before);
		printf("COUNT %s/per-mmap %llu\n", name, (unsigned long long)t0 / n);
		fflush(stdout);
		_exit(0);
	}
	wait_for(pid);
	settle();
}

static long parameter(const char *what)
{
	char path[128];
	long value;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/bench_driver/parameters/%s", what);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%ld", &value) != 1)
		fail("%s", path);
	fclose(f);
	return value;
}

/* How deep the stack is when a hook is called; and when a mapping is closed that is replaced. */
static void stack(const struct map *m)
{
	int fd = open_file(m->file);
	char *p = map_at(NULL, PAGE, m, fd, 0);

	map_at(p, PAGE, m, fd, PAGE);
	printf("COUNT %s/hook %ld\n", name, parameter("hook_stack"));
	printf("COUNT %s/below %ld\n", name, parameter("close_stack"));
}

static void adjacent_plain(const struct map *m)
{
	adjacent(m, 0);
}

static void adjacent_ksm(const struct map *m)
{
	adjacent(m, 1);
}

#define FS(fs)									\
	{ #fs "-shared", maps, { .file = #fs "/file", .flags = MAP_SHARED, .n = 5000, .pages = 4 } }, \
	{ #fs "-private", maps, { .file = #fs "/file", .flags = MAP_PRIVATE, .n = 5000, .pages = 4 } }
#define MERGES(what, ...)							\
	{ what "-merge-left", maps, { .where = LEFT, .n = 5000, .pages = 1, __VA_ARGS__ } },	\
	{ what "-merge-right", maps, { .where = RIGHT, .n = 5000, .pages = 1, __VA_ARGS__ } },	\
	{ what "-merge-both", maps, { .where = BOTH, .n = 5000, .pages = 1, __VA_ARGS__ } }
#define ADJACENT(what, ...)							\
	{ what "-adjacent", adjacent_plain, { __VA_ARGS__ } },			\
	{ what "-adjacent-ksm", adjacent_ksm, { __VA_ARGS__ } }

static const struct test {
	const char *name;
	void (*run)(const struct map *m);
	struct map m;
} tests[] = {
	/* What no hook is called for, or an ->mmap() on both kernels. */
	{ "anonymous", maps, { .flags = MAP_PRIVATE, .n = 5000, .pages = 4 } },
	{ "anonymous-shared", maps, { .flags = MAP_SHARED, .n = 4000, .pages = 4 } },
	{ "anonymous-replace", maps, { .flags = MAP_PRIVATE, .where = REPLACE, .n = 5000, .pages = 4 } },
	MERGES("anonymous", .flags = MAP_PRIVATE),
	{ "legacy", maps, { .file = "/dev/bench-legacy", .flags = MAP_SHARED, .n = 5000, .pages = 4 } },
	{ "legacy-replace", maps, { .file = "/dev/bench-legacy", .flags = MAP_SHARED, .where = REPLACE, .n = 5000, .pages = 4 } },
	{ "execve", execve_dynamic, { .file = "/bin/hello", .n = 60 } },
	{ "fork-1000-vmas", fork_many, { .n = 25 } },

	/* What has an ->mmap_prepare() in the place of its ->mmap(). */
	{ "zero-private", maps, { .file = "/dev/zero", .flags = MAP_PRIVATE, .n = 5000, .pages = 4 } },
	{ "zero-shared", maps, { .file = "/dev/zero", .flags = MAP_SHARED, .n = 4000, .pages = 4 } },
	{ "mem-1", maps, { .file = "/dev/mem", .flags = MAP_SHARED, .offset = 1L << 30, .n = 4000, .pages = 1 } },
	{ "mem-64M", maps, { .file = "/dev/mem", .flags = MAP_SHARED, .offset = 1L << 30, .n = 10, .pages = 16384 } },
	FS(ext4),
	FS(xfs),
	FS(tmpfs),
	{ "tmpfs-replace", maps, { .file = "tmpfs/file", .flags = MAP_SHARED, .where = REPLACE, .n = 5000, .pages = 1 } },
	FS(overlay),
	{ "driver", maps, { .file = "/dev/bench-plain", .flags = MAP_SHARED, .n = 5000, .pages = 4 } },
	{ "driver-flags", maps, { .file = "/dev/bench-flags", .flags = MAP_SHARED, .n = 5000, .pages = 4 } },
	{ "remap-1", maps, { .file = "/dev/bench-remap", .flags = MAP_SHARED, .n = 4000, .pages = 1 } },
	{ "remap-512", maps, { .file = "/dev/bench-remap", .flags = MAP_SHARED, .n = 600, .pages = 512 } },
	{ "remap-65536", maps, { .file = "/dev/bench-remap", .flags = MAP_SHARED, .n = 10, .pages = 65536 } },
	{ "pages-1", maps, { .file = "/dev/bench-pages", .flags = MAP_SHARED, .n = 4000, .pages = 1 } },
	{ "pages-512", maps, { .file = "/dev/bench-pages", .flags = MAP_SHARED, .n = 150, .pages = 512 } },

	/* What merges: here before a hook is asked, there after it has set a flag. */
	MERGES("ext4", .file = "ext4/file", .flags = MAP_SHARED),
	MERGES("driver-flags", .file = "/dev/bench-flags", .flags = MAP_SHARED),
	{ "driver-refused", maps, { .file = "/dev/bench-refuse", .flags = MAP_SHARED, .where = REFUSED, .n = 5000, .pages = 4 } },

	/* As the number of VMAs grows; as another thread faults. */
	{ "anonymous-among", scale, { .flags = MAP_PRIVATE, .n = 4000, .pages = 4 } },
	{ "tmpfs-among", scale, { .file = "tmpfs/file", .flags = MAP_SHARED, .n = 4000, .pages = 4 } },
	{ "anonymous-beside-faults", threads, { .flags = MAP_PRIVATE, .n = 4000, .pages = 4 } },
	{ "tmpfs-beside-faults", threads, { .file = "tmpfs/file", .flags = MAP_SHARED, .n = 4000, .pages = 4 } },

	{ "stack-legacy", stack, { .file = "/dev/bench-legacy-stack", .flags = MAP_SHARED } },
	{ "stack-driver", stack, { .file = "/dev/bench-stack", .flags = MAP_SHARED } },

	/* What 10,000 mappings side by side leave. */
	ADJACENT("anonymous", .flags = MAP_PRIVATE),
	ADJACENT("zero-private", .file = "/dev/zero", .flags = MAP_PRIVATE),
	ADJACENT("ext4-private", .file = "ext4/file", .flags = MAP_PRIVATE),
	ADJACENT("tmpfs-private", .file = "tmpfs/file", .flags = MAP_PRIVATE),
	ADJACENT("driver-flags", .file = "/dev/bench-flags", .flags = MAP_SHARED),
};

#define NR_TESTS ((int)(sizeof(tests) / sizeof(*tests)))

static int wanted(const struct test *t, char **names, int n)
{
	for (int i = 0; i < n; i++) {
		if (!strcmp(names[i], t->name))
			return 1;
	}
	return !n;
}

int main(int argc, char **argv)
{
	int rounds = 1, verbose = 0, opt;

	while ((opt = getopt(argc, argv, "r:p:v")) != -1) {
		switch (opt) {
		case 'v':
			verbose = 1;
			break;
		case 'r':
			rounds = atoi(optarg);
			break;
		case 'p':
			percent = atoi(optarg);
			break;
		default:
			goto usage;
		}
	}
	if (optind >= argc || rounds < 1 || percent < 1)
		goto usage;
	dir = argv[optind++];
	setvbuf(stdout, NULL, _IOLBF, 0);
	name = "pinned";
	pin(0);

	/* Each in a process of its own: whatever it leaves behind goes with it. */
	for (int round = 0; round < rounds; round++) {
		for (const struct test *t = tests; t < tests + NR_TESTS; t++) {
			int status;
			pid_t pid;

			/* What is counted is the same in each round. */
			if (!wanted(t, argv + optind, argc - optind) ||
			    (round && (t->run == adjacent_plain || t->run == adjacent_ksm || t->run == stack)))
				continue;
			if (verbose)
				fprintf(stderr, "RUN %s\n", t->name);
			fflush(stdout);
			pid = fork();
			if (!pid) {
				name = t->name;
				t->run(&t->m);
				exit(0);
			}
			if (waitpid(pid, &status, 0) != pid || status)
				failed++;
			else
				passed++;
		}
	}
	printf("%d passed, %d failed, 0 skipped\n", passed, failed);
	return failed != 0;
usage:
	fprintf(stderr, "usage: bench [-v] [-r ROUNDS] [-p PERCENT-OF-REPETITIONS] DIRECTORY [NAME...]\n");
	return 2;
}
