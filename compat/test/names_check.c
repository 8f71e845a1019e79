// SPDX-License-Identifier: GPL-2.0
/*
 * Does mmap_prepare_compat.h have every name that the stack gives to drivers?  The
 * stack's selftest has a file that uses them all; this makes a module of it, which
 * can be loaded if all it checks is so.
 */
#include <linux/hugetlb_inline.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include "mmap_prepare_compat.h"

/* It compares with masks, some of which not every kernel has. */
#ifndef VM_HIGH_ARCH_5
#define VM_HIGH_ARCH_5		VM_NONE
#endif
#ifndef VM_SHADOW_STACK
#define VM_SHADOW_STACK		VM_NONE
#endif
#ifndef VM_ALLOW_ANY_UNCACHED
#define VM_ALLOW_ANY_UNCACHED	VM_NONE
#endif
#ifndef VM_DROPPABLE
#define VM_DROPPABLE		VM_NONE
#endif
#ifndef VM_STARTGAP_FLAGS
#define VM_STARTGAP_FLAGS	VM_GROWSDOWN
#endif

/* Not for modules in some kernels: what names.c says of the other must do. */
#if !MMAP_PREPARE_HAVE_SHMEM_FLAGS
#undef shmem_kernel_file_setup
#define shmem_kernel_file_setup(name, size, flags)			\
	shmem_file_setup(name, size, flags)
#endif

/* What carries out actions is not for drivers: the header does it in its own way. */
#if !MMAP_PREPARE_HAVE_HOOK
#define mmap_action_prepare	names_prepare
#define mmap_action_complete	names_complete
#define map_kernel_pages_prepare names_prepare_pages
#define map_kernel_pages_complete mprep_complete_action

static int names_prepare(struct vm_area_desc *desc)
{
	return mprep_prepare_action(desc);
}

static int names_prepare_pages(struct vm_area_desc *desc)
{
	vma_desc_set_flags(desc, VMA_MIXEDMAP_BIT);
	return mprep_prepare_pages(desc);
}

static int names_complete(struct vm_area_struct *vma,
			  const struct mmap_action *action, bool is_compat)
{
	int err = mprep_complete_action(vma, action);

	return err ? action->error_override ?: err : 0;
}
#endif

#include "names.c"

static int __init names_init(void)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int line;

	/* The program that loads this: its text has no operations that matter. */
	mmap_write_lock(mm);
	vma = find_vma(mm, 0);
	line = vma ? mpt_check_names(vma) : -1;
	mmap_write_unlock(mm);

	if (line)
		pr_err("names.c, line %d: does not hold\n", line);
	return line ? -EINVAL : 0;
}

static void __exit names_exit(void)
{
}

module_init(names_init);
module_exit(names_exit);
MODULE_DESCRIPTION("Checks the names that drivers use for mmap_prepare");
MODULE_LICENSE("GPL");
