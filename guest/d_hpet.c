// SPDX-License-Identifier: GPL-2.0
/* /dev/hpet: the page of the timer's registers. */
#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "mmtest.h"

/* Registers; QEMU's are accessed in 32 bits. */
#define PERIOD	0x4	/* of the counter, in 1e-15 s */
#define CONFIG	0x10
#define ENABLED	1
#define COUNTER	0xf0

static int hpet_fd(void)
{
	int fd = open("/dev/hpet", O_RDONLY | O_CLOEXEC);

	/* The file is there even if the timer is not. */
	if (fd < 0 && access("/sys/bus/acpi/drivers/hpet/PNP0103:00", F_OK))
		skip("this machine has no HPET");
	want_true("/dev/hpet can be opened", fd >= 0);
	return fd;
}

static uint32_t reg(const unsigned char *p, int offset)
{
	return *(const volatile uint32_t *)(p + offset);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/*
 * The counter is a clock. At the start and at the end it is read between two readings of another
 * clock. Even on a slow machine the elapsed time lies between the inner and the outer readings,
 * except for the drift.
 */
static void want_clock(const char *what, const unsigned char *p)
{
	struct timespec nap = { .tv_nsec = 300000000 };
	double before[2], after[2], passed;
	uint32_t ticks;

	want_true("the counter runs", reg(p, CONFIG) & ENABLED);
	want_true("its period is that of 10 MHz or faster", reg(p, PERIOD) && reg(p, PERIOD) <= 100000000);
	/* On a busy host, either clock of the emulator may jump now and then. */
	for (int i = 0; i < 5; i++) {
		before[0] = now();
		ticks = reg(p, COUNTER);
		before[1] = now();
		nanosleep(&nap, NULL);
		after[0] = now();
		ticks = reg(p, COUNTER) - ticks;
		after[1] = now();
		passed = ticks * (reg(p, PERIOD) / 1e15);
		if (passed >= (after[0] - before[1]) * 0.98 - 0.001 &&
		    passed <= (after[1] - before[0]) * 1.02 + 0.001)
			return;
	}
	fail("%s: expected %.3f to %.3f s got %.3f s", what, after[0] - before[1],
	     after[1] - before[0], passed);
}

static void hpet(void)
{
	int fd = hpet_fd();
	unsigned char *p = map(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	struct area a;
	pid_t pid;

	want("VMAs", areas(p, page, &a, 1), 1);
	want_true("VmFlags io, pf, de, dd", area_has(&a, "io") && area_has(&a, "pf") &&
		  area_has(&a, "de") && area_has(&a, "dd"));
	want_clock("seconds, by the counter", p);
	pid = fork_or_fail();
	if (!pid) {
		want_clock("seconds, by the counter in a child", p);
		_exit(0);
	}
	want_child("the child", pid);
	want_true("the mapping cannot grow", mremap(p, page, 2 * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	unmap(p, page);

	p = map(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
	want_clock("seconds, by a private mapping's counter", p);
	/* The mapping outlives the file. */
	close(fd);
	want_clock("seconds, after close()", p);
	unmap(p, page);
}

static void hpet_refused(void)
{
	int fd = hpet_fd();
	unsigned char *p;

	want_refused("two pages", NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0, EINVAL);
	want_refused("the second page", NULL, page, PROT_READ, MAP_SHARED, fd, page, EINVAL);
	want_refused("a page far away", NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)1 << 40, EINVAL);
	/* The file can be opened for reading only. */
	want("open for writing", open("/dev/hpet", O_RDWR | O_CLOEXEC), -1);
	want("its errno", errno, EINVAL);
	want_refused("shared, writable", NULL, page, RW, MAP_SHARED, fd, 0, EACCES);
	p = map(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	want("mprotect", mprotect(p, page, RW), -1);
	want("its errno", errno, EACCES);
	unmap(p, page);
	close(fd);
}

const struct test hpet_tests[] = {
	{ "hpet", hpet, 0 },
	{ "hpet_refused", hpet_refused, 0 },
	{ 0 }
};
