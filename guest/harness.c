// SPDX-License-Identifier: GPL-2.0
/* Runs the tests, each in a process group of its own with a time limit. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mmtest.h"

#define TIME_LIMIT	240	/* seconds; a debug kernel under emulation is slow */
#define SKIPPED		77

size_t page;

static int report = -1;		/* where a test's process writes why it failed */
static int vanilla, number, passed, failed, skipped;

static void say(int status, const char *why)
{
	if (write(report, why, strlen(why)) < 0)
		status = 1;
	_exit(status);
}

void fail(const char *fmt, ...)
{
	char why[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	say(1, why);
	abort();
}

void skip(const char *why)
{
	say(SKIPPED, why);
	abort();
}

void want(const char *what, long got, long expected)
{
	if (got != expected)
		fail("%s: expected %ld got %ld", what, expected, got);
}

void want_near(const char *what, long got, long expected, long tolerance)
{
	if (labs(got - expected) > tolerance)
		fail("%s: expected %ld, give or take %ld, got %ld", what,
		     expected, tolerance, got);
}

void want_true(const char *what, int yes)
{
	if (!yes)
		fail("%s: expected yes got no", what);
}

void want_zero(const char *what, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			fail("%s, byte %zu: expected 0 got %d", what, i, p[i]);
}

void want_same(const char *what, const void *p, const void *q, size_t len)
{
	if (memcmp(p, q, len))
		fail("%s: expected the same bytes got others", what);
}

void want_refused(const char *what, void *addr, size_t len, int prot, int flags,
		  int fd, off_t offset, int error)
{
	if (mmap(addr, len, prot, flags, fd, offset) != MAP_FAILED)
		fail("%s: expected %s got a mapping", what, strerrorname_np(error));
	if (errno != error)
		fail("%s: expected %s got %s", what, strerrorname_np(error),
		     strerrorname_np(errno));
}

int open_or_fail(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		fail("open %s: expected a file got %s", path, strerrorname_np(errno));
	return fd;
}

unsigned char *map(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	unsigned char *p = mmap(addr, len, prot, flags, fd, offset);

	if (p == MAP_FAILED)
		fail("mmap of %zu bytes, prot %#x, flags %#x, offset %#llx: expected a mapping got %s",
		     len, prot, flags, (long long)offset, strerrorname_np(errno));
	return p;
}

void unmap(void *addr, size_t len)
{
	want("munmap", munmap(addr, len), 0);
}

pid_t fork_or_fail(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork: expected a process got %s", strerrorname_np(errno));
	return pid;
}

void want_child(const char *what, pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("%s: lost the child", what);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		_exit(1);	/* it has said why */
	if (WIFSIGNALED(status))
		fail("%s: expected an exit got signal %d", what, WTERMSIG(status));
}

static sigjmp_buf after_fault;

static void on_fault(int sig)
{
	siglongjmp(after_fault, sig);
}

int signal_of_read(const volatile unsigned char *p)
{
	int sig;

	signal(SIGBUS, on_fault);
	signal(SIGSEGV, on_fault);
	sig = sigsetjmp(after_fault, 1);
	if (!sig)
		(void)*p;
	return sig;
}

unsigned char *reserve(size_t len)
{
	const size_t align = 4 << 20;
	unsigned char *p = map(NULL, len + 2 * align, PROT_NONE,
			       PRIVATE_ANON | MAP_NORESERVE, -1, 0);

	return (unsigned char *)(((uintptr_t)p + align) & ~(align - 1));
}

int temp_file(size_t len)
{
	char name[] = "/tmp/mmtest.XXXXXX", *bytes = malloc(len);
	int fd = mkstemp(name);

	if (fd < 0 || !bytes)
		fail("/tmp: expected a new file got %s", strerrorname_np(errno));
	unlink(name);
	memset(bytes, 'T', len);
	want("write of a temporary file", write(fd, bytes, len), len);
	free(bytes);
	return fd;
}

void scratch_mount(void)
{
	mkdir(SCRATCH, 0700);
	want("mount of a tmpfs on " SCRATCH, mount("tmpfs", SCRATCH, "tmpfs", 0, NULL), 0);
	want("mknod", mknod(SCRATCH "/zero", S_IFCHR | 0600, makedev(1, 5)), 0);
	want("mknod", mknod(SCRATCH "/mem", S_IFCHR | 0600, makedev(1, 1)), 0);
}

void scratch_umount(void)
{
	want("umount of " SCRATCH ", which fails if a reference to a file is left",
	     umount(SCRATCH), 0);
	rmdir(SCRATCH);
}

void exercise(const char *name, const char *program, const char *argument)
{
	char said[512] = "", digest[17];
	int pipefd[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	want("pipe", pipe2(pipefd, O_CLOEXEC), 0);
	pid = fork_or_fail();
	if (!pid) {
		dup2(pipefd[1], 1);
		execl(program, program, "-n", "500", argument, NULL);
		fail("%s: expected a program got %s", program, strerrorname_np(errno));
	}
	close(pipefd[1]);
	while ((n = read(pipefd[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += n;
	close(pipefd[0]);
	if (waitpid(pid, &status, 0) != pid || status || sscanf(said, "digest %16s", digest) != 1)
		fail("%s: expected a digest got status %#x: %s", program, status, said);
	printf("DIGEST %s %s\n", name, digest);
	fflush(stdout);
}

void module_load(const char *name, const char *options)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/lib/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		skip("there is no module for this kernel");
	syscall(SYS_delete_module, name, O_NONBLOCK);	/* of a test that has failed */
	want("finit_module", syscall(SYS_finit_module, fd, options, 0), 0);
	close(fd);
}

void module_unload(const char *name)
{
	want("delete_module", syscall(SYS_delete_module, name, O_NONBLOCK), 0);
}

/* The y of 6.12.y */
static int sublevel(void)
{
	struct utsname u;
	int y = 0;

	uname(&u);
	sscanf(u.release, "%*d.%*d.%d", &y);
	return y;
}

static void run(const struct test *t)
{
	const char *before = vanilla && (!t->until || sublevel() <= t->until) ? t->before : NULL;
	char why[600] = "";
	int pipefd[2], status;
	ssize_t len;
	pid_t pid;

	fflush(stdout);
	if (pipe2(pipefd, O_CLOEXEC) || (pid = fork()) < 0) {
		perror("cannot start a test");
		exit(1);
	}
	if (!pid) {
		setpgid(0, 0);
		alarm(TIME_LIMIT);
		report = pipefd[1];
		t->run();
		_exit(0);
	}
	setpgid(pid, pid);
	close(pipefd[1]);
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL);
	umount2(SCRATCH, MNT_DETACH);	/* if a test has died with it */
	len = read(pipefd[0], why, sizeof(why) - 1);
	close(pipefd[0]);
	why[len > 0 ? len : 0] = '\0';
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "expected an exit got signal %d%s",
			 WTERMSIG(status),
			 WTERMSIG(status) == SIGALRM ? ": took too long" : "");
	number++;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
		skipped++;
		printf("ok %d - %s # SKIP %s\n", number, t->name, why);
		return;
	}
	if (before && WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
	    !strncmp(why, before, strlen(before))) {
		passed++;
		printf("ok %d - %s # fails on the untouched kernel, as expected\n#   %s\n",
		       number, t->name, why);
	} else if (before) {
		failed++;
		printf("not ok %d - %s # why: expected, on the untouched kernel, \"%s...\" got %s\n",
		       number, t->name, before, status ? why : "no failure");
	} else if (status) {
		failed++;
		printf("not ok %d - %s # why: %s\n", number, t->name, why);
	} else {
		passed++;
		printf("ok %d - %s\n", number, t->name);
	}
}

static int chosen(const struct test *t, char **names)
{
	if (!*names)
		return 1;
	for (; *names; names++)
		if (!strncmp(t->name, *names, strlen(*names)))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int list = 0, left_out = 0, faults = !access("/proc/self/fail-nth", F_OK);

	(void)argc;
	page = sysconf(_SC_PAGESIZE);
	for (argv++; *argv && **argv == '-'; argv++) {
		if (!strcmp(*argv, "--vanilla")) {
			vanilla = 1;
		} else if (!strcmp(*argv, "--list")) {
			list = 1;
		} else {
			fprintf(stderr, "usage: %s [--vanilla] [--list] [NAME...]\n"
				"  a NAME chooses every test whose name starts with it\n",
				program_invocation_short_name);
			return 2;
		}
	}
	for (const struct test *const *g = groups; *g; g++)
		for (const struct test *t = *g; t->name; t++) {
			if (!chosen(t, argv))
				continue;
			if (list)
				printf("%s%s%s\n", t->name,
				       t->before ? "  [fixed by the stack]" : "",
				       t->flags & NEEDS_FAULTS ? "  [needs fault injection]" : "");
			else if (t->flags & NEEDS_FAULTS && !faults)
				left_out++;
			else
				run(t);
		}
	if (list)
		return 0;
	if (left_out)
		printf("# %d tests not run here: this kernel has no fault injection\n", left_out);
	printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
	return failed || !passed;
}
