// SPDX-License-Identifier: GPL-2.0
/* A mapping that is refused leaves everything as it was. */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mmtest.h"

#define ROUNDS	500
#define SIZE	(64 << 10)

static unsigned char *live;	/* four pages with data in them */

static void make_live(void)
{
	live = reserve(4 * page);
	map(live, 4 * page, RW, PRIVATE_ANON | MAP_FIXED, -1, 0);
	memset(live, 'L', 4 * page);
}

static void refuse_over_the_middle(void)
{
	want_refused("/dev/mem where no memory is", live + page, 2 * page, RW,
		     MAP_PRIVATE | MAP_FIXED, open_or_fail("/dev/mem", O_RDWR),
		     ILLEGAL_OFFSET, EINVAL);
}

static void keeps_data(void)
{
	make_live();
	refuse_over_the_middle();
	want("VMAs over the old data", count_areas(live + page, 2 * page), 1);
	for (size_t i = 0; i < 4 * page; i++)
		if (live[i] != 'L')
			fail("byte %zu: expected %d got %d", i, 'L', live[i]);
}

static void keeps_vmas(void)
{
	int before;

	make_live();
	before = count_areas(0, -1UL);
	refuse_over_the_middle();
	want("VMAs of the process", count_areas(0, -1UL), before);
}

static void keeps_sizes(void)
{
	long size, data;

	make_live();
	size = status_kb("VmSize:");
	data = status_kb("VmData:");
	refuse_over_the_middle();
	want("VmSize", status_kb("VmSize:"), size);
	want("VmData", status_kb("VmData:"), data);
}

static int uffd;
static int events;		/* unmap events that the listener has read */
static volatile int finished;

/* The one who unmaps waits until the event is read, so somebody must. */
static void *listen_for_unmap(void *arg)
{
	struct pollfd p = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;

	while (!finished)
		if (poll(&p, 1, 50) == 1 &&
		    read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
		    msg.event == UFFD_EVENT_UNMAP)
			events++;
	return arg;
}

static void no_unmap_event(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_UNMAP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t listener;

	make_live();
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	want("UFFDIO_API", ioctl(uffd, UFFDIO_API, &api), 0);
	reg.range.start = (unsigned long)live;
	reg.range.len = 4 * page;
	want("UFFDIO_REGISTER", ioctl(uffd, UFFDIO_REGISTER, &reg), 0);
	want("pthread_create", pthread_create(&listener, NULL, listen_for_unmap, NULL), 0);
	refuse_over_the_middle();
	/* That the listener can hear at all. Whoever unmaps waits until it has heard. */
	unmap(live, page);
	finished = 1;
	pthread_join(listener, NULL);
	want("unmap events, of a refused mapping and of a real unmap", events, 1);
}

static void commit(const char *path, off_t offset, int error)
{
	int fd = open_or_fail(path, O_RDONLY);
	long before = committed_kb();

	for (int i = 0; i < ROUNDS; i++) {
		unsigned char *p = map(NULL, SIZE, RW, PRIVATE_ANON, -1, 0);

		want_refused(path, p, SIZE, RW, MAP_PRIVATE | MAP_FIXED, fd, offset, error);
		unmap(p, SIZE);
	}
	want_near("Committed_AS after 500 refusals", committed_kb(), before, 1000);
}

static void commit_legacy(void)
{
	commit(UNMAPPABLE, 0, ENODEV);
}

static void commit_prepare(void)
{
	commit("/dev/mem", ILLEGAL_OFFSET, EINVAL);
}

/* The same at addresses where nothing was. */
static void commit_fresh(void)
{
	int sysfs = open_or_fail(UNMAPPABLE, O_RDONLY), mem = open_or_fail("/dev/mem", O_RDONLY);
	long before = committed_kb();

	for (int i = 0; i < ROUNDS; i++) {
		want_refused(UNMAPPABLE, NULL, SIZE, RW, MAP_PRIVATE, sysfs, 0, ENODEV);
		want_refused("/dev/mem", NULL, SIZE, RW, MAP_PRIVATE, mem, ILLEGAL_OFFSET, EINVAL);
	}
	want_near("Committed_AS after 1000 refusals", committed_kb(), before, 1000);
}

/* No hook at all is no reason for more than an error: a warning fails the suite. */
static void no_hook(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	want_true("eventfd", fd >= 0);
	want_refused("an eventfd", NULL, page, RW, MAP_SHARED, fd, 0, ENODEV);
	want_refused("an eventfd", NULL, page, RW, MAP_PRIVATE, fd, 0, ENODEV);
}

static void accounting(void)
{
	int sysfs = open_or_fail(UNMAPPABLE, O_RDONLY), mem = open_or_fail("/dev/mem", O_RDONLY);
	static const char *const keys[] = { "VmSize:", "VmLck:", "VmData:" };
	long before[3];

	want("mlockall", mlockall(MCL_FUTURE), 0);
	for (int i = 0; i < 3; i++)
		before[i] = status_kb(keys[i]);
	for (int i = 0; i < 20; i++) {
		want_refused(UNMAPPABLE, NULL, SIZE, RW, MAP_PRIVATE, sysfs, 0, ENODEV);
		want_refused("/dev/mem", NULL, SIZE, RW, MAP_PRIVATE, mem, ILLEGAL_OFFSET, EINVAL);
	}
	for (int i = 0; i < 3; i++)
		want(keys[i], status_kb(keys[i]), before[i]);
}

const struct test refuse_tests[] = {
	{ "refuse_keeps_data", keeps_data, FIXED_BY_STACK("VMAs over the old data: expected 1 got 0") },
	{ "refuse_keeps_vmas", keeps_vmas, FIXED_BY_STACK("VMAs of the process: expected ") },
	{ "refuse_keeps_sizes", keeps_sizes, FIXED_BY_STACK("VmSize: expected ") },
	{ "refuse_no_unmap_event", no_unmap_event,
	  FIXED_BY_STACK("unmap events, of a refused mapping and of a real unmap: expected 1 got 2") },
	{ "commit_legacy", commit_legacy, FIXED_AFTER(117, "Committed_AS after 500 refusals: expected ") },
	{ "commit_prepare", commit_prepare, FIXED_AFTER(117, "Committed_AS after 500 refusals: expected ") },
	{ "commit_fresh", commit_fresh, 0 },
	{ "accounting", accounting, 0 },
	{ "refuse_no_hook", no_hook, 0 },
	{ 0 }
};
