// SPDX-License-Identifier: GPL-2.0
/* System V shared memory, which maps a file of tmpfs, or of hugetlbfs, in the name of its own. */
#include "mmtest.h"

static void shm_exercise(void)
{
	exercise("shm", EXERCISE, "-m");
}

const struct test shm_tests[] = {
	{ "shm_exercise", shm_exercise, 0 },
	{ 0 }
};
