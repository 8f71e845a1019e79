/* SPDX-License-Identifier: GPL-2.0 */
/* A test is a function that runs in a process of its own and returns if all is well. */
#ifndef GUEST_MMTEST_H
#define GUEST_MMTEST_H

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "proc.h"

#define NEEDS_FAULTS	1	/* needs a kernel with fault injection */

struct test {
	const char *name;
	void (*run)(void);
	int flags;
	const char *before;	/* how its failure on the untouched kernel begins, if it must fail */
	int until;		/* the last 6.12.y on which it must, or 0 */
};

#define FIXED_BY_STACK(why)		0, why
#define FIXED_AFTER(sublevel, why)	0, why, sublevel

/* Each ends with an entry without a name. */
extern const struct test zero_tests[], mem_tests[], refuse_tests[],
			 limit_tests[], leak_tests[], fault_tests[],
			 ksm_tests[], stack_tests[], block_tests[], pat_tests[];
extern const struct test hpet_tests[], kvm_tests[], dax_tests[], mtd_tests[],
			 relay_tests[], uio_tests[], vme_tests[],
			 secretmem_tests[], aio_tests[], selinux_tests[],
			 kcov_tests[], tee_tests[], vduse_tests[],
			 fuse_tests[], coda_tests[], shm_tests[];
/* Those of a program; the last is NULL. */
extern const struct test *const groups[];

extern size_t page;	/* size of a page */

#define RW		(PROT_READ | PROT_WRITE)
#define PRIVATE_ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

/* These end the test. */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void skip(const char *why) __attribute__((noreturn));
/* These end it if things are not as expected. */
void want(const char *what, long got, long expected);
void want_near(const char *what, long got, long expected, long tolerance);
void want_true(const char *what, int yes);
void want_zero(const char *what, const unsigned char *p, size_t len);
void want_same(const char *what, const void *p, const void *q, size_t len);
void want_refused(const char *what, void *addr, size_t len, int prot, int flags,
		  int fd, off_t offset, int error);
int open_or_fail(const char *path, int flags);
unsigned char *map(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void unmap(void *addr, size_t len);
/* Fork; the parent gets the pid, the child 0. want_child() ends the test if the child failed. */
pid_t fork_or_fail(void);
void want_child(const char *what, pid_t pid);

/* The signal that reading a byte raises, or 0. */
int signal_of_read(const volatile unsigned char *p);

/* Address space without anything in it but PROT_NONE, aligned to 4 MiB. */
unsigned char *reserve(size_t len);
/* A new file on /tmp, already unlinked, filled with 'T'. */
int temp_file(size_t len);
/* A loop device that is new, until it is closed; *below becomes the temporary file that it is on. */
int loop_open(int *below, size_t len, int flags);
/* Run exercise.c, from @program, with an option or a file; its digest is shown under @name. */
#define EXERCISE	"/bin/exercise"
void exercise(const char *name, const char *program, const char *argument);
/* Load a module of kernel/devices; the test is skipped if it is not there. */
void module_load(const char *name, const char *options);
void module_unload(const char *name);
/*
 * A tmpfs of its own that holds a "zero" and a "mem" of its own. It cannot be
 * unmounted while a file of it is referenced, however deep in the kernel.
 */
#define SCRATCH	"/tmp/mmtest-fs"
void scratch_mount(void);
void scratch_umount(void);
/* An offset of /dev/mem that no machine has. */
#define ILLEGAL_OFFSET	((off_t)1 << 60)
/* One that can be mapped (not more than 1 MiB), one without memory that can be mapped, not used. */
#define LOW_OFFSET	0
#define HIGH_OFFSET	((off_t)1 << 36)
/* A file of sysfs that cannot be mapped: its hook is an ->mmap and says ENODEV. */
#define UNMAPPABLE	"/sys/kernel/uevent_seqnum"

#endif
