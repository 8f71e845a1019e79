// SPDX-License-Identifier: GPL-2.0
/*
 * vduse: a program plays a disk, and maps what its driver, virtio_blk, would
 * give a device by DMA: the pages that data goes through, and the ring.
 */
#include <errno.h>
#include <linux/vduse.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mmtest.h"

#define NAME	"mmtest"
#define DEVICE	"/dev/vduse/" NAME
#define DISK	"/dev/vda"
#define PAGES	16UL		/* of the disk */
#define BOUNCE	(1UL << 20)	/* bytes that data goes through; the ring is far behind them */
#define SPACE	((1UL << 30) + (128 << 20))	/* all addresses that the device may be told */
#define RING	8

static int control, device, kick;
static unsigned char *disk;	/* what is on it */
static pthread_t player;
static volatile int finished;
/* Of the last request */
static volatile uint64_t data_at;
static volatile int requests;

static struct vring ring;
static unsigned char *space;	/* everything, at its address */
static uint16_t seen;

static int domain_fd(uint64_t start, uint64_t last, struct vduse_iotlb_entry *entry)
{
	*entry = (struct vduse_iotlb_entry){ .start = start, .last = last };
	return ioctl(device, VDUSE_IOTLB_GET_FD, entry);
}

/* A request of virtio_blk: what to do, one piece of data, and where to tell the result. */
static void serve(const struct vring_desc *d)
{
	const struct virtio_blk_outhdr *head = (void *)(space + d->addr);
	const struct vring_desc *data = &ring.desc[d->next];
	uint64_t at = head->sector * 512;
	unsigned char *status = space + ring.desc[data->next].addr;

	*status = VIRTIO_BLK_S_IOERR;
	if (at > PAGES * page || data->len > PAGES * page - at)
		return;
	if (head->type == VIRTIO_BLK_T_OUT)
		memcpy(disk + at, space + data->addr, data->len);
	else if (head->type == VIRTIO_BLK_T_IN)
		memcpy(space + data->addr, disk + at, data->len);
	else
		return;
	*status = VIRTIO_BLK_S_OK;
	data_at = data->addr;
}

static void serve_all(void)
{
	uint32_t queue = 0;

	while (seen != __atomic_load_n(&ring.avail->idx, __ATOMIC_ACQUIRE)) {
		uint16_t n = ring.avail->ring[seen % RING];
		struct vring_used_elem *used = &ring.used->ring[seen % RING];

		serve(&ring.desc[n]);
		used->id = n;
		used->len = 1;
		requests++;
		__atomic_store_n(&ring.used->idx, ++seen, __ATOMIC_RELEASE);
		ioctl(device, VDUSE_VQ_INJECT_IRQ, &queue);
	}
}

/* The driver is ready: its ring can be mapped. */
static void start(void)
{
	struct vduse_vq_info info = { .index = 0 };
	struct vduse_vq_eventfd event = { .index = 0, .fd = kick };
	struct vduse_iotlb_entry entry;
	int fd;

	want("VDUSE_VQ_GET_INFO", ioctl(device, VDUSE_VQ_GET_INFO, &info), 0);
	want("the queue is ready", info.ready, 1);
	want("its length", info.num, RING);
	fd = domain_fd(info.desc_addr, info.desc_addr, &entry);
	want_true("VDUSE_IOTLB_GET_FD", fd >= 0);
	space = map(NULL, SPACE, RW, MAP_SHARED, fd, 0);
	close(fd);
	ring.desc = (void *)(space + info.desc_addr);
	ring.avail = (void *)(space + info.driver_addr);
	ring.used = (void *)(space + info.device_addr);
	seen = 0;
	want("VDUSE_VQ_SETUP_KICKFD", ioctl(device, VDUSE_VQ_SETUP_KICKFD, &event), 0);
}

static void *play(void *arg)
{
	struct pollfd polled[] = { { .fd = device, .events = POLLIN }, { .fd = kick, .events = POLLIN } };
	struct vduse_dev_request ask;
	uint64_t count;

	while (!finished) {
		poll(polled, 2, 50);
		if (read(device, &ask, sizeof(ask)) == sizeof(ask)) {
			struct vduse_dev_response answer = { .request_id = ask.request_id };

			if (ask.type == VDUSE_SET_STATUS && ask.s.status & VIRTIO_CONFIG_S_DRIVER_OK)
				start();
			want("answer", write(device, &answer, sizeof(answer)), sizeof(answer));
		}
		if (read(kick, &count, sizeof(count)) == sizeof(count))
			serve_all();
	}
	return arg;
}

/* The disk is there, and so are pages of 'A', 'B', ... on it. */
static int disk_make(void)
{
	static struct {
		struct vduse_dev_config c;
		struct virtio_blk_config blk;
	} config = {
		.c = {
			.name = NAME, .device_id = VIRTIO_ID_BLOCK, .vq_num = 1,
			.features = 1ULL << VIRTIO_F_ACCESS_PLATFORM | 1ULL << VIRTIO_F_VERSION_1,
			.config_size = sizeof(struct virtio_blk_config),
		},
	};
	struct vduse_vq_config queue = { .index = 0, .max_size = RING };
	char bytes[16];

	control = open("/dev/vduse/control", O_RDWR | O_CLOEXEC);
	if (control < 0 && errno == ENOENT)
		skip("this kernel has no vduse");
	want_true("/dev/vduse/control can be opened", control >= 0);
	config.c.vq_align = page;
	config.blk.capacity = PAGES * page / 512;
	want("VDUSE_CREATE_DEV", ioctl(control, VDUSE_CREATE_DEV, &config), 0);
	snprintf(bytes, sizeof(bytes), "%lu", BOUNCE);
	want("bounce_size", write_text("/sys/class/vduse/" NAME "/bounce_size", bytes), 0);
	device = open_or_fail(DEVICE, O_RDWR | O_NONBLOCK);
	want("VDUSE_VQ_SETUP", ioctl(device, VDUSE_VQ_SETUP, &queue), 0);

	disk = map(NULL, PAGES * page, RW, PRIVATE_ANON, -1, 0);
	for (size_t i = 0; i < PAGES; i++)
		memset(disk + i * page, 'A' + i, page);
	kick = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	want("pthread_create", pthread_create(&player, NULL, play, NULL), 0);
	want("vdpa dev add", system("vdpa dev add name " NAME " mgmtdev vduse"), 0);
	return open_or_fail(DISK, O_RDWR | O_DIRECT);
}

static void disk_remove(int fd)
{
	close(fd);
	want("vdpa dev del", system("vdpa dev del " NAME), 0);
	want("access of " DISK, access(DISK, F_OK), -1);
}

/* Nothing of the program's is left but mappings that are not mentioned here. */
static void device_remove(void)
{
	char name[VDUSE_NAME_MAX] = NAME;

	finished = 1;
	pthread_join(player, NULL);
	unmap(space, SPACE);
	close(device);
	close(kick);
	want("VDUSE_DESTROY_DEV", ioctl(control, VDUSE_DESTROY_DEV, name), 0);
	want("access of " DEVICE, access(DEVICE, F_OK), -1);
	close(control);
}

/* Write a page to the disk, or read it, past the page cache; return where its data has been. */
static uint64_t transfer(int fd, int out, unsigned char *bytes, int n)
{
	int before = requests;

	want(out ? "pwrite" : "pread",
	     out ? pwrite(fd, bytes, page, n * page) : pread(fd, bytes, page, n * page), page);
	want("requests", requests, before + 1);
	want_true("they went through the pages for it", data_at && data_at <= BOUNCE - page);
	want_same("what is on the disk", disk + n * page, bytes, page);
	return data_at;
}

static void vduse_mapped(void)
{
	int blk = disk_make(), fd;
	unsigned char *bytes = map(NULL, page, RW, PRIVATE_ANON, -1, 0), *p, *q, *r;
	struct vduse_iotlb_entry entry;
	unsigned long at, ring_at = (unsigned char *)ring.desc - space;
	struct area a;
	pid_t pid;

	memset(bytes, 'w', page);
	bytes[page - 1] = 'x';
	at = transfer(blk, 1, bytes, 3);
	fd = domain_fd(0, 0, &entry);
	want_true("VDUSE_IOTLB_GET_FD", fd >= 0);
	want("start", entry.start, 0);
	want("last byte", entry.last, BOUNCE - 1);
	want("offset", entry.offset, 0);
	want("access", entry.perm, VDUSE_ACCESS_RW);

	p = map(NULL, BOUNCE, RW, MAP_SHARED, fd, 0);
	want("VMAs", areas(p, BOUNCE, &a, 1), 1);
	want_true("VmFlags sh, de, dd, not pf, mm or dc", area_has(&a, "sh") && area_has(&a, "de") &&
		  area_has(&a, "dd") && !area_has(&a, "pf") && !area_has(&a, "mm") && !area_has(&a, "dc"));
	want("pages before any is touched", pages_present(p, BOUNCE), 0);
	want_same("what has been written", p + at, bytes, page);
	want("signal of the first page, which nothing goes through", signal_of_read(p), SIGBUS);
	at = transfer(blk, 0, bytes, 5);
	want("first byte that has been read", bytes[0], 'F');
	want_same("what has been read", p + at, bytes, page);

	/* Other mappings: a part, private, of another process, of where nothing is. */
	at &= ~(page - 1);
	q = map(NULL, page, RW, MAP_SHARED, fd, at);
	r = map(NULL, BOUNCE, RW, MAP_PRIVATE, fd, 0);
	want_same("the part", q, p + at, page);
	want_same("the private mapping", r + at, p + at, page);
	r[at] = 'r';
	q[1] = 's';
	want("byte that only the private mapping has", p[at], 'F');
	want("byte that it does not get", r[at + 1], 'F');
	want("byte in the whole mapping", p[at + 1], 's');
	pid = fork_or_fail();
	if (!pid) {
		want("byte in the child", p[at + 1], 's');
		want("byte of the private mapping in the child", r[at], 'r');
		p[at + 1] = 'c';
		_exit(0);
	}
	want_child("the child", pid);
	want("byte that the child wrote", q[1], 'c');
	unmap(r, BOUNCE);
	r = map(NULL, 2 * page, RW, MAP_SHARED, fd, SPACE);
	want("signal behind all addresses", signal_of_read(r), SIGBUS);
	unmap(r, 2 * page);
	r = map(NULL, 2 * page, RW, MAP_SHARED, fd, BOUNCE - page);
	want("signal behind the pages for data", signal_of_read(r + page), SIGBUS);
	unmap(r, 2 * page);

	/* It does not merge or grow; it moves, and has holes. */
	r = reserve(BOUNCE);
	map(r, page, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	map(r + page, BOUNCE - page, RW, MAP_SHARED | MAP_FIXED, fd, page);
	want("VMAs", count_areas(r, BOUNCE), 2);
	unmap(r, BOUNCE);
	want_true("the mapping cannot grow",
		  mremap(p, BOUNCE, 2 * BOUNCE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	p = mremap(p, BOUNCE, BOUNCE, MREMAP_MAYMOVE | MREMAP_FIXED, reserve(BOUNCE));
	want_true("mremap", p != MAP_FAILED);
	want("byte after mremap", p[at + 1], 'c');
	unmap(p, page);
	want("VMAs behind a hole", count_areas(p, BOUNCE), 1);

	/* The ring: its second page begins with how many requests have been used. */
	r = map(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, ring_at);
	want("requests that the ring tells", ((struct vring_used *)(r + page))->idx, requests);
	unmap(r, 2 * page);
	r = map(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, ring_at);
	want("signal of the first page of the ring", signal_of_read(r), 0);

	/* The driver and the ring go away, except for the page that is in use here. */
	disk_remove(blk);
	want("VDUSE_IOTLB_GET_FD", domain_fd(0, -1UL, &entry), -1);
	want("its errno", errno, EINVAL);
	want("signal of the first page, which has been touched", signal_of_read(r), 0);
	want("signal of the second page of the ring, which has not", signal_of_read(r + page), SIGBUS);
	unmap(r, 2 * page);
	want("byte of the data", q[1], 'c');

	/* The device goes. The mappings keep the pages for data. */
	r = map(NULL, BOUNCE, RW, MAP_SHARED, fd, 0);
	close(fd);
	device_remove();
	want("byte of a mapping that had not been touched", r[at + 1], 'c');
	r[at + 2] = 't';
	unmap(r, BOUNCE);
	want("byte of another", q[2], 't');
	unmap(p + page, BOUNCE - page);
	want("byte of the last", q[2], 't');
	unmap(q, page);
}

/* A device's memory: nobody gets references to its pages. */
static void vduse_io(void)
{
	int blk = disk_make(), fd, mem = open_or_fail("/proc/self/mem", O_RDONLY);
	unsigned char *bytes = map(NULL, page, RW, PRIVATE_ANON, -1, 0), *p;
	struct vduse_iotlb_entry entry;
	ssize_t got;
	unsigned long at = transfer(blk, 0, bytes, 1);
	struct area a;

	fd = domain_fd(0, 0, &entry);
	p = map(NULL, BOUNCE, RW, MAP_SHARED, fd, 0);
	close(fd);
	want_same("what has been read", p + at, bytes, page);
	want("VMAs", areas(p, BOUNCE, &a, 1), 1);
	got = pread(mem, bytes, page, (off_t)(p + at));
	unmap(p, BOUNCE);
	disk_remove(blk);
	device_remove();
	want_true("VmFlags io", area_has(&a, "io"));
	want("bytes that /proc/self/mem reads", got, -1);
}

const struct test vduse_tests[] = {
	{ "vduse_mapped", vduse_mapped, 0 },
	{ "vduse_io", vduse_io, FIXED_AFTER(117, "VmFlags io: expected yes got no") },
	{ 0 }
};
