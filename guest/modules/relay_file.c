// SPDX-License-Identifier: GPL-2.0
/*
 * A relay channel with a file that can be mapped. Those of the kernel cannot:
 * debugfs_create_file() puts a proxy before them, which knows of no mmap.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/relay.h>
#include <linux/slab.h>

static struct rchan *channel;

static struct dentry *create(const char *name, struct dentry *parent, umode_t mode,
			     struct rchan_buf *buf, int *is_global)
{
	*is_global = 1;
	return debugfs_create_file_unsafe(name, mode, parent, buf, &relay_file_operations);
}

static int remove(struct dentry *dentry)
{
	debugfs_remove(dentry);
	return 0;
}

static const struct rchan_callbacks callbacks = {
	.create_buf_file = create,
	.remove_buf_file = remove,
};

/* Two sub-buffers of two pages; a page of 'a', one of 'b' and one of 'c' are in there. */
static int __init relay_file_init(void)
{
	char *bytes = kmalloc(PAGE_SIZE, GFP_KERNEL);

	channel = relay_open("relay_file", NULL, 2 * PAGE_SIZE, 2, &callbacks, NULL);
	if (!bytes || !channel) {
		if (channel)
			relay_close(channel);
		kfree(bytes);
		return -ENOMEM;
	}
	for (int i = 0; i < 3; i++) {
		memset(bytes, 'a' + i, PAGE_SIZE);
		relay_write(channel, bytes, PAGE_SIZE);
	}
	kfree(bytes);
	return 0;
}

static void __exit relay_file_exit(void)
{
	relay_close(channel);
}

module_init(relay_file_init);
module_exit(relay_file_exit);
MODULE_DESCRIPTION("A relay channel whose file can be mapped");
MODULE_LICENSE("GPL");
