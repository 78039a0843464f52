/* Linked into every whole program: its clocks, moved and made faster on request, so that what depends on them shows.
 *
 * CV_CLOCK="SECONDS RATE" in the environment: every clock is SECONDS ahead, and time since the start of the program goes by
 * RATE times as fast. An executable's own definitions come before those of the C library, for run-time libraries too.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double ahead_s, rate = 1;
static struct timespec first[16];

__attribute__((constructor)) static void read_setting(void) {
    const char *text = getenv("CV_CLOCK");
    char *end;
    if (!text) return;
    ahead_s = strtod(text, &end);
    rate = strtod(end, NULL);
    for (int id = 0; id < 16; id++) syscall(SYS_clock_gettime, id, &first[id]);
    unsetenv("CV_CLOCK");
}

int clock_gettime(clockid_t id, struct timespec *t) {
    int failed = (int)syscall(SYS_clock_gettime, id, t);
    if (failed || rate == 1 || id < 0 || id > 15) return failed;
    double since_s = (double)(t->tv_sec - first[id].tv_sec) + 1e-9 * (double)(t->tv_nsec - first[id].tv_nsec);
    double moved_s = since_s * (rate - 1) + ahead_s;
    t->tv_sec += (time_t)moved_s;
    t->tv_nsec += (long)(1e9 * (moved_s - (double)(time_t)moved_s));
    if (t->tv_nsec >= 1000000000) { t->tv_nsec -= 1000000000; t->tv_sec++; }
    return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (!t || clock_gettime(CLOCK_REALTIME, &now)) return -1;
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *t) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t) *t = now.tv_sec;
    return now.tv_sec;
}

clock_t clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * CLOCKS_PER_SEC + now.tv_nsec / 1000;
}
