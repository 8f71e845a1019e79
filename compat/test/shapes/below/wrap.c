// SPDX-License-Identifier: GPL-2.0
/* Operations that are filled in at run time, from those of another file. */
#include "mmap_prepare_compat.h"
#include "several.h"

static struct file_operations fops;
static struct vm_operations_struct vm_ops;

static int wrap_mapped(unsigned long start, unsigned long end, pgoff_t pgoff,
		       const struct file *file, void **vm_private_data)
{
	return 0;
}

static int wrap_hook(struct vm_area_desc *desc)
{
	desc->vm_ops = &vm_ops;
	return several_hook(desc);
}

MMAP_PREPARE_COMPAT(wrap_hook, { &vm_ops, wrap_mapped });

static int __used wrap_lower(struct file *lower, struct vm_area_struct *vma)
{
	return can_mmap_file(lower) ? vfs_mmap(lower, vma) : -ENODEV;
}

int several_wrap(const struct file_operations *lower)
{
	fops = *lower;
	CLEAR_MMAP_PREPARE(&fops);
	if (!HAS_MMAP_PREPARE(lower))
		return -ENODEV;
	COPY_MMAP_PREPARE(&fops, lower);
	ASSIGN_MMAP_PREPARE(&fops, wrap_hook);
	ASSIGN_VM_OPS_MAPPED(&vm_ops, wrap_mapped);
	return HAS_VM_OPS_MAPPED(&vm_ops);
}
