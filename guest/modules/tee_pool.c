// SPDX-License-Identifier: GPL-2.0
/*
 * A TEE that is no more than a pool of memory to share. Its one function adds 1
 * to each byte of what is passed. kcov follows what runs in here.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/tee_core.h>

static struct tee_device *device;

static int pool_alloc(struct tee_shm_pool *pool, struct tee_shm *shm, size_t size, size_t align)
{
	return tee_dyn_shm_alloc_helper(shm, size, align, NULL);
}

static void pool_free(struct tee_shm_pool *pool, struct tee_shm *shm)
{
	tee_dyn_shm_free_helper(shm, NULL);
}

static void pool_destroy(struct tee_shm_pool *pool)
{
}

static const struct tee_shm_pool_ops pool_ops = {
	.alloc = pool_alloc,
	.free = pool_free,
	.destroy_pool = pool_destroy,
};

static struct tee_shm_pool pool = { .ops = &pool_ops };

static void get_version(struct tee_device *teedev, struct tee_ioctl_version_data *version)
{
	*version = (struct tee_ioctl_version_data){ .gen_caps = TEE_GEN_CAP_REG_MEM };
}

static int open(struct tee_context *context)
{
	return 0;
}

static void release(struct tee_context *context)
{
}

static int invoke_func(struct tee_context *context, struct tee_ioctl_invoke_arg *arg,
		       struct tee_param *param)
{
	u8 *p;

	if (arg->num_params != 1 || !tee_param_is_memref(param) || !param->u.memref.size)
		return -EINVAL;
	p = tee_shm_get_va(param->u.memref.shm, param->u.memref.shm_offs);
	if (IS_ERR(p))
		return PTR_ERR(p);
	for (size_t i = 0; i < param->u.memref.size; i++)
		p[i]++;
	arg->ret = 0;
	return 0;
}

static int shm_register(struct tee_context *context, struct tee_shm *shm, struct page **pages,
			size_t num_pages, unsigned long start)
{
	return 0;
}

static int shm_unregister(struct tee_context *context, struct tee_shm *shm)
{
	return 0;
}

static const struct tee_driver_ops driver_ops = {
	.get_version = get_version,
	.open = open,
	.release = release,
	.invoke_func = invoke_func,
	.shm_register = shm_register,
	.shm_unregister = shm_unregister,
};

static const struct tee_desc desc = {
	.name = "tee_pool",
	.ops = &driver_ops,
	.owner = THIS_MODULE,
};

static int __init tee_pool_init(void)
{
	int ret;

	device = tee_device_alloc(&desc, NULL, &pool, NULL);
	if (IS_ERR(device))
		return PTR_ERR(device);
	ret = tee_device_register(device);
	if (ret)
		tee_device_unregister(device);
	return ret;
}

/* Waits until nobody uses the device's memory any more. */
static void __exit tee_pool_exit(void)
{
	tee_device_unregister(device);
}

module_init(tee_pool_init);
module_exit(tee_pool_exit);
MODULE_DESCRIPTION("A TEE with memory to share");
MODULE_LICENSE("GPL");
