/* SPDX-License-Identifier: GPL-2.0 */
/* Declares a hook before mmap_prepare_compat.h is included. */
struct vm_area_desc;

int several_hook(struct vm_area_desc *desc);
int several_wrap(const struct file_operations *lower);
