// SPDX-License-Identifier: GPL-2.0
/* Drivers that few kernels have: run with guest=devices. */
#include "mmtest.h"

const struct test *const groups[] = {
	hpet_tests, kvm_tests, dax_tests, mtd_tests, relay_tests, uio_tests,
	vme_tests, secretmem_tests, aio_tests, kcov_tests, tee_tests, vduse_tests,
	fuse_tests, coda_tests, shm_tests,
	selinux_tests,	/* the last: a policy cannot be unloaded */
	NULL
};
