// SPDX-License-Identifier: GPL-2.0
/* The core, and what every kernel of ours has: memory, /dev/zero, /dev/mem, block devices. */
#include "mmtest.h"

const struct test *const groups[] = {
	zero_tests, mem_tests, refuse_tests, limit_tests, leak_tests, fault_tests,
	ksm_tests, stack_tests, block_tests, pat_tests, NULL
};
