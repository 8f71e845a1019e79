// SPDX-License-Identifier: GPL-2.0
/*
 * A VME bridge, enough for vme_user to start, whose first master window is in
 * RAM, so that it can be mapped: pages of 'a', 'b', ... That of vme_fake cannot.
 */
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "vme_bridge.h"

#define IMAGES	4	/* vme_user wants as many */
#define SIZE	(8 * PAGE_SIZE)

static struct vme_bridge bridge = { .name = "vme_window" };
static struct vme_master_resource masters[IMAGES];
static struct vme_slave_resource slaves[IMAGES];
static char *window;

static int slot_get(struct vme_bridge *b)
{
	return 0;
}

static int master_set(struct vme_master_resource *image, int enabled, unsigned long long base,
		      unsigned long long size, u32 aspace, u32 cycle, u32 dwidth)
{
	return 0;
}

static int slave_set(struct vme_slave_resource *image, int enabled, unsigned long long base,
		     unsigned long long size, dma_addr_t address, u32 aspace, u32 cycle)
{
	return 0;
}

static void *alloc_consistent(struct device *dev, size_t size, dma_addr_t *dma)
{
	return kmalloc(size, GFP_KERNEL);
}

static void free_consistent(struct device *dev, size_t size, void *p, dma_addr_t dma)
{
	kfree(p);
}

static int __init vme_window_init(void)
{
	window = alloc_pages_exact(SIZE, GFP_KERNEL);
	if (!window)
		return -ENOMEM;
	for (int i = 0; i < SIZE / PAGE_SIZE; i++)
		memset(window + i * PAGE_SIZE, 'a' + i, PAGE_SIZE);

	bridge.parent = root_device_register("vme_window");
	if (IS_ERR(bridge.parent)) {
		free_pages_exact(window, SIZE);
		return PTR_ERR(bridge.parent);
	}
	vme_init_bridge(&bridge);
	bridge.slot_get = slot_get;
	bridge.master_set = master_set;
	bridge.slave_set = slave_set;
	bridge.alloc_consistent = alloc_consistent;
	bridge.free_consistent = free_consistent;
	for (int i = 0; i < IMAGES; i++) {
		masters[i].parent = &bridge;
		spin_lock_init(&masters[i].lock);
		masters[i].address_attr = VME_A32;
		masters[i].cycle_attr = VME_SCT;
		masters[i].width_attr = VME_D32;
		list_add_tail(&masters[i].list, &bridge.master_resources);
		slaves[i].parent = &bridge;
		mutex_init(&slaves[i].mtx);
		slaves[i].address_attr = VME_A24 | VME_A32;
		slaves[i].cycle_attr = VME_SCT;
		list_add_tail(&slaves[i].list, &bridge.slave_resources);
	}
	masters[0].bus_resource = DEFINE_RES_MEM(virt_to_phys(window), SIZE);
	return vme_register_bridge(&bridge);
}

static void __exit vme_window_exit(void)
{
	vme_unregister_bridge(&bridge);
	root_device_unregister(bridge.parent);
	free_pages_exact(window, SIZE);
}

module_init(vme_window_init);
module_exit(vme_window_exit);
MODULE_DESCRIPTION("A VME bridge with a window that can be mapped");
MODULE_LICENSE("GPL");
