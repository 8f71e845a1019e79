// SPDX-License-Identifier: GPL-2.0
/* Hooks that the Coccinelle rule must leave alone: each has a fault of its own. Not compiled. */
static const struct vm_operations_struct a_ops = { .fault = a_fault };
static const struct vm_operations_struct c_ops = { .fault = a_fault, .close = c_close };
static int m1_mmap(struct file *file, struct vm_area_struct *vma) { struct foo *f = file->private_data; f->vma = vma; return 0;
}
static int m2_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct foo *f = file->private_data;
	kref_get(&f->ref);
	vma->vm_ops = &a_ops;
	return 0;
}
static int m3_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (remap_pfn_range(vma, vma->vm_start, 1, PAGE_SIZE, vma->vm_page_prot))
		return -EAGAIN;
	return remap_pfn_range(vma, vma->vm_start + PAGE_SIZE, 5, PAGE_SIZE, vma->vm_page_prot);
}
static int m4_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long a;
	int r;
	for (a = vma->vm_start; a < vma->vm_end; a += PAGE_SIZE) {
		r = remap_pfn_range(vma, a, 1, PAGE_SIZE, vma->vm_page_prot);
		if (r)
			return r;
	}
	return 0;
}
static int m5_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &c_ops;
	return 0;
}
static int m6_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct foo *f = file->private_data;
	f->count++;
	return remap_pfn_range(vma, vma->vm_start, 1, vma->vm_end - vma->vm_start, vma->vm_page_prot);
}
static int m7_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	size -= PAGE_SIZE;
	return remap_pfn_range(vma, vma->vm_start, 1, size, vma->vm_page_prot);
}
static int m8_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = NULL;
	return 0;
}
static int m9_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_WRITE | VM_MAYWRITE);
	return 0;
}
static int m10_mmap(struct file *file, struct vm_area_struct *vma)
{
	int x = vma->vm_flags & VM_SHARED;
	return x == VM_SHARED ? 0 : -EINVAL;
}
static int m11_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &a_ops;
	return 0;
}
static int call(struct file *file, struct vm_area_struct *vma) { return m11_mmap(file, vma); }
static int m12_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &a_ops;
	return 0;
}
static struct proc_ops po = { .proc_mmap = m12_mmap };
static int m13_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_pgoff += 5;
	return 0;
}
static int m14_mmap(struct file *file, struct vm_area_struct *vma)
{
	void *p = kmalloc(5, GFP_KERNEL);
	vma->vm_private_data = p;
	vma->vm_ops = &a_ops;
	return 0;
}
static int m15_mmap(struct file *file, struct vm_area_struct *vma)
{
#if 0
	foo(vma);
#endif
	vma->vm_ops = &a_ops;
	return 0;
}
static int m16_mmap(struct file *file, struct vm_area_struct *vma)
{
	int r = remap_pfn_range(vma, vma->vm_start, 1, vma->vm_end - vma->vm_start, vma->vm_page_prot);
	if (!r)
		mark(file);
	return r;
}
static int m17_mmap(struct file *file, struct vm_area_struct *vma)
{
	mutex_lock(&l);
	vma->vm_ops = &a_ops;
	return 0;
}
static int helper(struct foo *f)
{
	return atomic_inc_return(&f->n);
}
static int m18_mmap(struct file *file, struct vm_area_struct *vma)
{
	helper(file->private_data);
	vma->vm_ops = &a_ops;
	return 0;
}
static int m19_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops->open(vma);
	return 0;
}
static int m20_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma_set_anonymous(vma);
	return 0;
}
int m21_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &a_ops;
	return 0;
}
static int m22_mmap(struct file *file, struct vm_area_struct *vma)
{
	static int used;
	if (used)
		return -EBUSY;
	used = 1;
	return 0;
}
static int m23_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vm_area_struct *copy = vma;
	copy->vm_ops = &a_ops;
	return 0;
}
static int m24_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct foo *f = file->private_data;
	if (f->busy)
		return -EBUSY;
	return io_remap_pfn_range(vma, vma->vm_start, 1, f->len, vma->vm_page_prot);
}
static int m25_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (remap_pfn_range(vma, vma->vm_start, 1, vma->vm_end - vma->vm_start, vma->vm_page_prot))
		return -ENOSYS;
	return 0;
}
static const struct file_operations f1 = { .owner = THIS_MODULE, .mmap = m1_mmap, };
static const struct file_operations f2 = { .owner = THIS_MODULE, .mmap = m2_mmap, };
static const struct file_operations f3 = { .owner = THIS_MODULE, .mmap = m3_mmap, };
static const struct file_operations f4 = { .owner = THIS_MODULE, .mmap = m4_mmap, };
static const struct file_operations f5 = { .owner = THIS_MODULE, .mmap = m5_mmap, };
static const struct file_operations f6 = { .owner = THIS_MODULE, .mmap = m6_mmap, };
static const struct file_operations f7 = { .owner = THIS_MODULE, .mmap = m7_mmap, };
static const struct file_operations f8 = { .owner = THIS_MODULE, .mmap = m8_mmap, };
static const struct file_operations f9 = { .owner = THIS_MODULE, .mmap = m9_mmap, };
static const struct file_operations f10 = { .owner = THIS_MODULE, .mmap = m10_mmap, };
static const struct file_operations f11 = { .owner = THIS_MODULE, .mmap = m11_mmap, };
static const struct file_operations f12 = { .owner = THIS_MODULE, .mmap = m12_mmap, };
static const struct file_operations f13 = { .owner = THIS_MODULE, .mmap = m13_mmap, };
static const struct file_operations f14 = { .owner = THIS_MODULE, .mmap = m14_mmap, };
static const struct file_operations f15 = { .owner = THIS_MODULE, .mmap = m15_mmap, };
static const struct file_operations f16 = { .owner = THIS_MODULE, .mmap = m16_mmap, };
static const struct file_operations f17 = { .owner = THIS_MODULE, .mmap = m17_mmap, };
static const struct file_operations f18 = { .owner = THIS_MODULE, .mmap = m18_mmap, };
static const struct file_operations f19 = { .owner = THIS_MODULE, .mmap = m19_mmap, };
static const struct file_operations f20 = { .owner = THIS_MODULE, .mmap = m20_mmap, };
static const struct file_operations f21 = { .owner = THIS_MODULE, .mmap = m21_mmap, };
static const struct file_operations f22 = { .owner = THIS_MODULE, .mmap = m22_mmap, };
static const struct file_operations f23 = { .owner = THIS_MODULE, .mmap = m23_mmap, };
static const struct file_operations f24 = { .owner = THIS_MODULE, .mmap = m24_mmap, };
static const struct file_operations f25 = { .owner = THIS_MODULE, .mmap = m25_mmap, };
static int h26(struct foo *f, struct vm_area_struct *vma) { f->vma = vma; return 0;
}
static int m26_mmap(struct file *file, struct vm_area_struct *vma)
{
	return h26(file->private_data, vma);
}
static int h27(struct vm_area_struct *vma)
{
	return vma->vm_pgoff ? -EINVAL : 0;
}
static vm_fault_t f27(struct vm_fault *vmf)
{
	return h27(vmf->vma) ? VM_FAULT_SIGBUS : 0;
}
static int m27_mmap(struct file *file, struct vm_area_struct *vma)
{
	return h27(vma);
}
static int h28(struct foo *f, struct vm_area_struct *vma)
{
	kref_get(&f->ref);
	vma->vm_ops = &a_ops;
	return 0;
}
static int m28_mmap(struct file *file, struct vm_area_struct *vma)
{
	return h28(file->private_data, vma);
}
static int h29(struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, 1, PAGE_SIZE, vma->vm_page_prot);
}
static int m29_mmap(struct file *file, struct vm_area_struct *vma)
{
	int r = h29(vma);
	if (!r)
		r = h29(vma);
	return r;
}
int h30(struct vm_area_struct *vma)
{
	return vma->vm_pgoff ? -EINVAL : 0;
}
static int m30_mmap(struct file *file, struct vm_area_struct *vma)
{
	return h30(vma);
}
static int h31(struct vm_area_struct *vma)
{
	vma->vm_ops = &c_ops;
	return 0;
}
static int m31_mmap(struct file *file, struct vm_area_struct *vma)
{
	return h31(vma);
}
static int h32(struct vm_area_struct *vma)
{
	return vma->vm_pgoff ? -EINVAL : 0;
}
static int m32_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct foo *f = file->private_data;
	f->check = h32;
	return h32(vma);
}
static int h33(struct vm_area_struct *vma)
{
	return more(vma);
}
static int m33_mmap(struct file *file, struct vm_area_struct *vma)
{
	return h33(vma);
}
static int h34(struct vm_area_struct *vma)
{
	return vma->vm_pgoff ? -EINVAL : 0;
}
static int m34_mmap(struct file *file, struct vm_area_struct *vma)
{
	return h34(vma);
}
static int n34_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (h34(vma))
		return -EINVAL;
	return ((struct foo *)file->private_data)->n++;
}
static int h35(struct vm_area_struct *vma, struct vm_area_struct *other)
{
	return vma->vm_pgoff == other->vm_pgoff ? -EINVAL : 0;
}
static int m35_mmap(struct file *file, struct vm_area_struct *vma)
{
	return h35(vma, vma);
}
static const struct file_operations f26 = { .owner = THIS_MODULE, .mmap = m26_mmap, };
static const struct file_operations f27 = { .owner = THIS_MODULE, .mmap = m27_mmap, };
static const struct file_operations f28 = { .owner = THIS_MODULE, .mmap = m28_mmap, };
static const struct file_operations f29 = { .owner = THIS_MODULE, .mmap = m29_mmap, };
static const struct file_operations f30 = { .owner = THIS_MODULE, .mmap = m30_mmap, };
static const struct file_operations f31 = { .owner = THIS_MODULE, .mmap = m31_mmap, };
static const struct file_operations f32 = { .owner = THIS_MODULE, .mmap = m32_mmap, };
static const struct file_operations f33 = { .owner = THIS_MODULE, .mmap = m33_mmap, };
static const struct file_operations f34 = { .owner = THIS_MODULE, .mmap = m34_mmap, };
static const struct file_operations f35 = { .owner = THIS_MODULE, .mmap = m35_mmap, };
static const struct file_operations g34 = { .owner = THIS_MODULE, .mmap = n34_mmap, };
static int m37_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, 1, vma->vm_end - vma->vm_start,
			       pgprot_writecombine(vma->vm_page_prot));
}
static const struct file_operations f37 = { .owner = THIS_MODULE, .mmap = m37_mmap, };
