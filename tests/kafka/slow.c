/* A slow disk under the lake, loaded before the program (LD_PRELOAD): while the file $CHAOS_SLOW holds a number, each sync
   of something below a folder that the lake writes waits so many milliseconds more. Each wait adds a byte to
   $CHAOS_SLOW.hits, so that whoever asked sees whether anybody was slowed. Nothing else is changed. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int is_lake(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return strstr(path, "/lake") || strstr(path, "/tables") || strstr(path, "/.tmp/");
}

static void note(const char *slow) {
    char hits[PATH_MAX];
    snprintf(hits, sizeof hits, "%s.hits", slow);
    int fd = open(hits, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (write(fd, ".", 1) != 1)
        abort();
    close(fd);
}

static void delay(int fd) {
    const char *slow = getenv("CHAOS_SLOW");
    FILE *file = slow && is_lake(fd) ? fopen(slow, "re") : NULL;
    if (!file)
        return;
    long millis = 0;
    int read = fscanf(file, "%ld", &millis);
    fclose(file);
    if (read != 1 || millis <= 0)
        return;
    note(slow);
    struct timespec left = {millis / 1000, millis % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        ;
}

int fsync(int fd) {
    delay(fd);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd) {
    delay(fd);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
