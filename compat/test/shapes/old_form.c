// SPDX-License-Identifier: GPL-2.0
/* 7.2's way to ask for a protection: the compiler must say what to write. */
#include <linux/mm.h>
#include <linux/module.h>
#include "mmap_prepare_compat.h"

pgprot_t old_form(vma_flags_t flags);
pgprot_t old_form(vma_flags_t flags)
{
	return vma_get_page_prot(flags);
}

MODULE_DESCRIPTION("Does not compile");
MODULE_LICENSE("GPL");
