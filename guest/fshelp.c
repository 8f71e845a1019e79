// SPDX-License-Identifier: GPL-2.0
/*
 * What files.sh needs and no command of the guest does.
 *
 * usage: fshelp key SIGNATURE   a key for eCryptfs, into the keyring that mount looks in
 *        fshelp refused FILE    FILE of zonefs must not be mapped shared if it may be written
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct ecryptfs_auth_tok with a password, of include/linux/ecryptfs.h */
struct token {
	uint16_t version, type;
	uint32_t flags;
	uint8_t session_key[3 * 4 + 512 + 64], reserved[32];
	struct {
		uint32_t password_bytes;
		int32_t hash_algo;
		uint32_t hash_iterations, key_bytes, flags;
		uint8_t key[64], signature[17], salt[8];
	} password;
} __attribute__((packed));

static int add_key(const char *signature)
{
	struct token t = { .version = 0x0004 };

	t.password.flags = 2;		/* there is a key, and no password it would be made of */
	t.password.key_bytes = 16;
	memcpy(t.password.key, "no secret at all", 16);
	memcpy(t.password.signature, signature, strnlen(signature, 16));
	if (syscall(SYS_add_key, "user", signature, &t, sizeof(t), KEY_SPEC_USER_SESSION_KEYRING) < 0) {
		perror("add_key");
		return 1;
	}
	return 0;
}

static int wrong;

/* @error: 0 if it must be mapped. */
static void try(int fd, const char *what, int prot, int flags, int error)
{
	void *p = mmap(NULL, 4096, prot, flags, fd, 0);
	int got = p == MAP_FAILED ? errno : 0;

	if (!got)
		munmap(p, 4096);
	if (got == error)
		return;
	printf("%s: expected %s got %s\n", what, error ? strerrorname_np(error) : "a mapping",
	       got ? strerrorname_np(got) : "a mapping");
	wrong = 1;
}

static int refused(const char *path)
{
	int ro = open(path, O_RDONLY), rw = open(path, O_RDWR);

	if (ro < 0 || rw < 0) {
		perror(path);
		return 1;
	}
	try(ro, "opened to be read, shared", PROT_READ, MAP_SHARED, 0);
	try(ro, "opened to be read, private", PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	try(rw, "opened to be written, private", PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	try(rw, "opened to be written, shared", PROT_READ | PROT_WRITE, MAP_SHARED, EINVAL);
	/* mprotect() could make it writable. */
	try(rw, "opened to be written, shared, to be read", PROT_READ, MAP_SHARED, EINVAL);
	return wrong;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "key"))
		return add_key(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "refused"))
		return refused(argv[2]);
	fprintf(stderr, "usage: fshelp key SIGNATURE\n       fshelp refused FILE\n");
	return 2;
}
