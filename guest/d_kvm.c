// SPDX-License-Identifier: GPL-2.0
/* KVM: what a virtual CPU shares with the program that runs it. */
#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mmtest.h"

/* Pages of a vcpu's file: struct kvm_run, data of port I/O, MMIO that is collected; the ring. */
#define PAGES	3
#define RING	KVM_DIRTY_LOG_PAGE_OFFSET

#define CODE	0x1000
#define DATA	0x2000
#define ENTRIES	256	/* of the ring: a page of them */

static int kvm_fd(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		skip("this machine has no /dev/kvm");
	want_true("/dev/kvm can be opened", fd >= 0);
	want("KVM_GET_API_VERSION", ioctl(fd, KVM_GET_API_VERSION, 0), KVM_API_VERSION);
	want("KVM_GET_VCPU_MMAP_SIZE", ioctl(fd, KVM_GET_VCPU_MMAP_SIZE, 0), PAGES * page);
	return fd;
}

static int vm_fd(void)
{
	int kvm = kvm_fd(), vm = ioctl(kvm, KVM_CREATE_VM, 0);

	want_true("KVM_CREATE_VM", vm >= 0);
	close(kvm);
	return vm;
}

/* In real mode, about to run this code; what it writes is logged. */
static int vcpu_fd(int vm, const unsigned char *code, size_t len)
{
	struct kvm_userspace_memory_region memory = {
		.guest_phys_addr = CODE, .memory_size = 2 * page,
		.flags = KVM_MEM_LOG_DIRTY_PAGES,
	};
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;
	unsigned char *ram = map(NULL, 2 * page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int vcpu;

	memcpy(ram, code, len);
	memory.userspace_addr = (unsigned long)ram;
	want("KVM_SET_USER_MEMORY_REGION", ioctl(vm, KVM_SET_USER_MEMORY_REGION, &memory), 0);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	want_true("KVM_CREATE_VCPU", vcpu >= 0);
	want("KVM_GET_SREGS", ioctl(vcpu, KVM_GET_SREGS, &sregs), 0);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	want("KVM_SET_SREGS", ioctl(vcpu, KVM_SET_SREGS, &sregs), 0);
	want("KVM_SET_REGS", ioctl(vcpu, KVM_SET_REGS, &regs), 0);
	return vcpu;
}

static void want_io(int vcpu, const struct kvm_run *run, int direction, int port)
{
	want("KVM_RUN", ioctl(vcpu, KVM_RUN, 0), 0);
	want("reason of the exit", run->exit_reason, KVM_EXIT_IO);
	want("direction", run->io.direction, direction);
	want("port", run->io.port, port);
	want("bytes", run->io.size * run->io.count, 1);
	want("where they are", run->io.data_offset, page * KVM_PIO_PAGE_OFFSET);
}

/* What comes and goes by a port is in the second page of one mapping, and in another mapping of it. */
static void kvm_run(void)
{
	static const unsigned char code[] = {
		0xb0, 'v',	/* mov al, 'v' */
		0xe6, 0x10,	/* out 0x10, al */
		0xe4, 0x11,	/* in al, 0x11 */
		0xe6, 0x12,	/* out 0x12, al */
		0xf4,		/* hlt */
	};
	int vm = vm_fd(), vcpu = vcpu_fd(vm, code, sizeof(code));
	unsigned char *p = map(NULL, PAGES * page, RW, MAP_SHARED, vcpu, 0);
	unsigned char *pio = map(NULL, page, RW, MAP_SHARED, vcpu, KVM_PIO_PAGE_OFFSET * page);
	struct kvm_run *run = (struct kvm_run *)p;

	/* What the program writes is seen by the kernel. */
	run->immediate_exit = 1;
	want("KVM_RUN with immediate_exit", ioctl(vcpu, KVM_RUN, 0), -1);
	want("its errno", errno, EINTR);
	run->immediate_exit = 0;

	want_io(vcpu, run, KVM_EXIT_IO_OUT, 0x10);
	want("byte", p[page * KVM_PIO_PAGE_OFFSET], 'v');
	want("byte in the other mapping", pio[0], 'v');
	want_io(vcpu, run, KVM_EXIT_IO_IN, 0x11);
	pio[0] = 'w';
	want_io(vcpu, run, KVM_EXIT_IO_OUT, 0x12);
	want("byte that came in and went out", p[page * KVM_PIO_PAGE_OFFSET], 'w');
	unmap(pio, page);

	/* The mapping keeps the machine. */
	close(vm);
	want("KVM_RUN", ioctl(vcpu, KVM_RUN, 0), 0);
	want("reason of the exit", run->exit_reason, KVM_EXIT_HLT);
	close(vcpu);
	want("reason of the exit, after close()", run->exit_reason, KVM_EXIT_HLT);
	unmap(p, PAGES * page);
}

static void kvm_mapping(void)
{
	int vm = vm_fd(), vcpu = vcpu_fd(vm, (const unsigned char *)"\xf4", 1);
	unsigned char *p = reserve(PAGES * page), *q;
	struct area a;
	pid_t pid;

	/* Page by page, upwards and downwards: one mapping. */
	map(p + page, page, RW, MAP_SHARED | MAP_FIXED, vcpu, page);
	map(p + 2 * page, page, RW, MAP_SHARED | MAP_FIXED, vcpu, 2 * page);
	map(p, page, RW, MAP_SHARED | MAP_FIXED, vcpu, 0);
	want("VMAs", areas(p, PAGES * page, &a, 1), 1);
	want_true("VmFlags sh, not io, pf, mm, de or dd", area_has(&a, "sh") && !area_has(&a, "io") &&
		  !area_has(&a, "pf") && !area_has(&a, "mm") && !area_has(&a, "de") && !area_has(&a, "dd"));
	q = map(NULL, page, RW, MAP_SHARED, vcpu, page);
	q[5] = 'q';
	want("byte of the second page", p[page + 5], 'q');
	/* It may grow; what is beyond is nothing. */
	q = mremap(q, page, 3 * page, MREMAP_MAYMOVE);
	want_true("mremap", q != MAP_FAILED);
	want("byte after mremap", q[5], 'q');
	want("signal of the third page", signal_of_read(q + page), 0);
	want("signal behind it", signal_of_read(q + 2 * page), SIGBUS);
	want("signal of the first page of a ring that is not there",
	     signal_of_read(map(NULL, page, RW, MAP_SHARED, vcpu, RING * page)), SIGBUS);

	pid = fork_or_fail();
	if (!pid) {
		want("byte in the child", p[page + 5], 'q');
		p[page + 6] = 'c';
		_exit(0);
	}
	want_child("the child", pid);
	want("byte that the child wrote", p[page + 6], 'c');

	/* Without a ring, nothing is refused. */
	unmap(map(NULL, PAGES * page, RW, MAP_PRIVATE, vcpu, 0), PAGES * page);
	unmap(map(NULL, page, RW | PROT_EXEC, MAP_PRIVATE, vcpu, RING * page), page);
	unmap(p, PAGES * page);
	close(vcpu);
	close(vm);
}

/* The ring tells which pages the machine has written; it is not to be private or run. */
static void kvm_ring(void)
{
	static const unsigned char code[] = {
		0xa2, DATA & 0xff, DATA >> 8,	/* mov [DATA], al */
		0xf4,				/* hlt */
	};
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_DIRTY_LOG_RING,
		.args[0] = ENTRIES * sizeof(struct kvm_dirty_gfn),
	};
	int vm = vm_fd(), vcpu, n;
	struct kvm_dirty_gfn *ring;
	struct kvm_run *run;

	if (ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_DIRTY_LOG_RING) <= 0)
		skip("this KVM has no dirty ring");
	want("bytes of the ring", cap.args[0], page);
	want("KVM_ENABLE_CAP", ioctl(vm, KVM_ENABLE_CAP, &cap), 0);
	vcpu = vcpu_fd(vm, code, sizeof(code));

	want_refused("private ring", NULL, page, PROT_READ, MAP_PRIVATE, vcpu, RING * page, EINVAL);
	want_refused("executable ring", NULL, page, PROT_READ | PROT_EXEC, MAP_SHARED, vcpu, RING * page, EINVAL);
	want_refused("private mapping that ends with the ring", NULL, 2 * page, PROT_READ, MAP_PRIVATE,
		     vcpu, (RING - 1) * page, EINVAL);
	want_refused("private mapping that reaches around the ring", NULL, 3 * page, PROT_READ,
		     MAP_PRIVATE, vcpu, (RING - 1) * page, EINVAL);
	want_refused("private mapping of all there is", NULL, 2 * RING * page, PROT_READ,
		     MAP_PRIVATE, vcpu, 0, EINVAL);
	unmap(map(NULL, page, PROT_READ, MAP_PRIVATE, vcpu, (RING - 1) * page), page);
	unmap(map(NULL, page, PROT_READ, MAP_PRIVATE, vcpu, (RING + 1) * page), page);

	run = (struct kvm_run *)map(NULL, page, RW, MAP_SHARED, vcpu, 0);
	ring = (struct kvm_dirty_gfn *)map(NULL, page, RW, MAP_SHARED, vcpu, RING * page);
	want("flags of the first entry", ring[0].flags, 0);
	want("KVM_RUN", ioctl(vcpu, KVM_RUN, 0), 0);
	want("reason of the exit", run->exit_reason, KVM_EXIT_HLT);
	/* The code's page may be in there too: it can be written to. */
	for (n = 0; ring[n].flags == KVM_DIRTY_GFN_F_DIRTY; n++)
		ring[n].flags |= KVM_DIRTY_GFN_F_RESET;
	want_true("one or two entries", n == 1 || n == 2);
	want("page of the last entry", ring[n - 1].offset, (DATA - CODE) / page);
	want("flags behind it", ring[n].flags, 0);
	want("KVM_RESET_DIRTY_RINGS", ioctl(vm, KVM_RESET_DIRTY_RINGS, 0), n);
	want("flags after it", ring[n - 1].flags, 0);
	unmap(ring, page);
	unmap(run, page);
	close(vcpu);
	close(vm);
}

const struct test kvm_tests[] = {
	{ "kvm_run", kvm_run, 0 },
	{ "kvm_mapping", kvm_mapping, 0 },
	{ "kvm_ring", kvm_ring, 0 },
	{ 0 }
};
