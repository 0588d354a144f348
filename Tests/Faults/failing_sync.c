// Preloaded into the gateway: while the file named by FAILING_SYNC exists, the disk cannot keep anything.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(void) {
    const char *mark = getenv("FAILING_SYNC");
    return mark && access(mark, F_OK) == 0;
}

static int sync_or_fail(const char *name, int descriptor) {
    if (fails()) {
        errno = EIO;
        return -1;
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(descriptor);
}

int fdatasync(int descriptor) { return sync_or_fail("fdatasync", descriptor); }
int fsync(int descriptor) { return sync_or_fail("fsync", descriptor); }
