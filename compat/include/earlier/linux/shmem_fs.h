/* SPDX-License-Identifier: (MIT OR GPL-2.0) */
/*
 * For a kernel whose struct vm_area_desc is another than mmap_prepare_compat.h's: in
 * its own headers, that has another name.  One of these can include another.
 */
#ifdef MPREP_EARLIER
#include_next <linux/shmem_fs.h>
#else
#define MPREP_EARLIER
#define vm_area_desc mprep_earlier_vm_area_desc
#include_next <linux/shmem_fs.h>
#undef vm_area_desc
#undef MPREP_EARLIER
#endif
