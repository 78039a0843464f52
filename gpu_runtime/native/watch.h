/* What those who watch a child ask of the system: the time, and how much memory it holds. Include after _GNU_SOURCE is defined. */
#ifndef CV_WATCH_H
#define CV_WATCH_H
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_KIB = 4 };

static inline int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline int64_t resident_kib(pid_t pid) {
    char path[64], text[128] = "";
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    int f = open(path, O_RDONLY | O_CLOEXEC);
    if (f < 0) return 0;
    if (read(f, text, sizeof text - 1) < 0) text[0] = 0;
    close(f);
    char *space = strchr(text, ' ');
    return space ? strtoll(space, NULL, 10) * PAGE_KIB : 0;
}
#endif
