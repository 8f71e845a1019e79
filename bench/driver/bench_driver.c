// SPDX-License-Identifier: GPL-2.0
/*
 * One driver, two hooks: each device has an ->mmap() on a kernel without
 * mmap_prepare, and an ->mmap_prepare() that asks for the same on one with it.
 * /dev/bench-legacy has the former everywhere.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/task_stack.h>

#if __has_include(<linux/mmap_prepare.h>)
#define HAVE_MMAP_PREPARE
#endif

static unsigned long start_pfn;
module_param(start_pfn, ulong, 0444);
MODULE_PARM_DESC(start_pfn, "first of the reserved PFNs that are remapped");

/* How deep in the kernel's stack mmap() has come, in bytes. */
static ulong hook_stack;
module_param(hook_stack, ulong, 0444);
MODULE_PARM_DESC(hook_stack, "stack in use when a hook of bench-*stack was called last");
static ulong close_stack;
module_param(close_stack, ulong, 0444);
MODULE_PARM_DESC(close_stack, "the same of ->close(): by mmap(), if it replaces a mapping");

#define NR_PAGES 512
static struct page *pages[NR_PAGES];

static vm_fault_t bench_fault(struct vm_fault *vmf)
{
	vmf->page = pages[vmf->pgoff % NR_PAGES];
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct bench_ops = {
	.fault = bench_fault,
};

static ulong stack_in_use(void)
{
	return (ulong)task_pt_regs(current) - (ulong)__builtin_frame_address(0);
}

static void stack_close(struct vm_area_struct *vma)
{
	close_stack = stack_in_use();
}

static const struct vm_operations_struct stack_ops = {
	.close = stack_close,
};

static int legacy_stack_mmap(struct file *file, struct vm_area_struct *vma)
{
	hook_stack = stack_in_use();
	vma->vm_ops = &stack_ops;
	return 0;
}

static int legacy_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &bench_ops;
	return 0;
}

#ifdef HAVE_MMAP_PREPARE
#define HOOK(name) .mmap_prepare = name##_prepare

static int plain_prepare(struct vm_area_desc *desc)
{
	desc->vm_ops = &bench_ops;
	return 0;
}

static int flags_prepare(struct vm_area_desc *desc)
{
	desc->vm_ops = &bench_ops;
	vma_desc_set_flags(desc, VMA_DONTDUMP_BIT);
	return 0;
}

static int remap_prepare(struct vm_area_desc *desc)
{
	mmap_action_remap_full(desc, start_pfn + desc->pgoff);
	return 0;
}

static int pages_prepare(struct vm_area_desc *desc)
{
	if (desc->pgoff > NR_PAGES ||
	    vma_desc_pages(desc) > NR_PAGES - desc->pgoff)
		return -EINVAL;

	mmap_action_map_kernel_pages_full(desc, pages + desc->pgoff);
	return 0;
}

static int stack_prepare(struct vm_area_desc *desc)
{
	hook_stack = stack_in_use();
	desc->vm_ops = &stack_ops;
	return 0;
}

static int refuse_prepare(struct vm_area_desc *desc)
{
	return -EPERM;
}
#else
#define HOOK(name) .mmap = name##_mmap

static int plain_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &bench_ops;
	return 0;
}

static int flags_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &bench_ops;
	vm_flags_set(vma, VM_DONTDUMP);
	return 0;
}

static int remap_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, start_pfn + vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static int pages_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long nr = vma_pages(vma);

	if (vma->vm_pgoff > NR_PAGES || nr > NR_PAGES - vma->vm_pgoff)
		return -EINVAL;

	return vm_insert_pages(vma, vma->vm_start, pages + vma->vm_pgoff, &nr);
}

static int stack_mmap(struct file *file, struct vm_area_struct *vma)
{
	return legacy_stack_mmap(file, vma);
}

static int refuse_mmap(struct file *file, struct vm_area_struct *vma)
{
	return -EPERM;
}
#endif

#define DEVICE(dev, hook) {						\
	.minor = MISC_DYNAMIC_MINOR,					\
	.name = "bench-" #dev,						\
	.fops = &(const struct file_operations){			\
		.owner = THIS_MODULE,					\
		hook,							\
	},								\
}

static struct miscdevice devices[] = {
	DEVICE(legacy, .mmap = legacy_mmap),
	DEVICE(plain, HOOK(plain)),
	DEVICE(flags, HOOK(flags)),
	DEVICE(remap, HOOK(remap)),
	DEVICE(pages, HOOK(pages)),
	DEVICE(refuse, HOOK(refuse)),
	DEVICE(legacy-stack, .mmap = legacy_stack_mmap),
	DEVICE(stack, HOOK(stack)),
};

static void bench_exit(void)
{
	for (int i = 0; i < ARRAY_SIZE(devices); i++) {
		if (!list_empty(&devices[i].list))
			misc_deregister(&devices[i]);
	}
	for (int i = 0; i < NR_PAGES && pages[i]; i++)
		__free_page(pages[i]);
}

static int __init bench_init(void)
{
	int err = 0;

	for (int i = 0; i < ARRAY_SIZE(devices); i++)
		INIT_LIST_HEAD(&devices[i].list);
	for (int i = 0; i < NR_PAGES && !err; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!pages[i])
			err = -ENOMEM;
	}
	for (int i = 0; i < ARRAY_SIZE(devices) && !err; i++) {
		err = misc_register(&devices[i]);
		if (err)
			INIT_LIST_HEAD(&devices[i].list);
	}
	if (err)
		bench_exit();
	return err;
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Devices that are mapped by bench/bench.c");
MODULE_LICENSE("GPL");
