/* Loops whose iterations wait for each other (`ordered(n)` with `depend(sink)` and `depend(source)`): posts and waits, in place
 * of the OpenMP run-time's.
 *
 * GCC's run-time waits without giving way, which does not end in time where threads outnumber cores; the race detector does not
 * know LLVM's. Here every iteration has a flag, a wait gives way, and the detector is told of the order that a post and a wait
 * for it make. Included once by each runner: doacross.c, and program_races.h for the detector's.
 */
#ifndef CV_DOACROSS_H
#define CV_DOACROSS_H
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

extern int omp_get_thread_num(void), omp_get_num_threads(void);

#ifdef CV_TELL_DETECTOR
extern void __tsan_acquire(void *), __tsan_release(void *);
#define UNSEEN __attribute__((no_sanitize("thread")))
#define POSTED(p) __tsan_release(p)
#define WAITED(p) __tsan_acquire(p)
#else
#define UNSEEN
#define POSTED(p)
#define WAITED(p)
#endif

enum { LOOPS = 16, DIMENSIONS = 16 };
/* joined: a bit for each thread of the team that came to the loop. flags: one for each iteration. */
struct doacross { int threads, dimensions; uint64_t joined; long counts[DIMENSIONS]; volatile char *flags; };
static struct doacross loops[LOOPS];
static unsigned newest; /* loops are numbered from 1 */
static volatile int taken;
static __thread struct doacross *mine;

UNSEEN static void lock_loops(void) { while (__sync_lock_test_and_set(&taken, 1)) sched_yield(); }
UNSEEN static void unlock_loops(void) { __sync_lock_release(&taken); }

/* The oldest loop of a team of this size that this thread has not come to yet; a new one if there is none. */
UNSEEN static void join_loop(unsigned dimensions, const long *counts) {
    int threads = omp_get_num_threads(), me = omp_get_thread_num() % 64;
    lock_loops();
    struct doacross *found = NULL;
    for (unsigned k = newest < LOOPS ? 1 : newest - LOOPS + 1; newest && k <= newest && !found; k++) {
        struct doacross *one = &loops[k % LOOPS];
        if (one->threads == threads && one->dimensions == (int)dimensions && __builtin_popcountll(one->joined) < threads && !(one->joined >> me & 1)) found = one;
    }
    if (!found) {
        found = &loops[++newest % LOOPS];
        long total = 1;
        found->threads = threads; found->dimensions = (int)dimensions; found->joined = 0;
        for (unsigned i = 0; i < dimensions && i < DIMENSIONS; i++) total *= (found->counts[i] = counts[i]);
        free((void *)found->flags);
        found->flags = calloc((size_t)(total > 0 ? total : 1), 1);
    }
    found->joined |= (uint64_t)1 << me;
    mine = found;
    unlock_loops();
}

UNSEEN static volatile char *flag_of(const long *at) {
    if (!mine || !mine->flags) return NULL;
    long place = 0;
    for (int i = 0; i < mine->dimensions && i < DIMENSIONS; i++) {
        if (at[i] < 0 || at[i] >= mine->counts[i]) return NULL;
        place = place * mine->counts[i] + at[i];
    }
    return mine->flags + place;
}
UNSEEN static void post(const long *at) {
    volatile char *flag = flag_of(at);
    if (!flag) return;
    POSTED((void *)flag);
    __asm__ volatile("" ::: "memory");
    *flag = 1;
}
UNSEEN static void wait_for(const long *at) {
    volatile char *flag = flag_of(at);
    if (!flag) return;
    while (!*flag) sched_yield();
    __asm__ volatile("" ::: "memory");
    WAITED((void *)flag);
}
UNSEEN static void wait_for_list(long first, va_list rest) {
    long at[DIMENSIONS] = {first};
    for (int i = 1; mine && i < mine->dimensions && i < DIMENSIONS; i++) at[i] = va_arg(rest, long);
    wait_for(at);
}

UNSEEN void GOMP_doacross_post(long *at) { post(at); }
UNSEEN void GOMP_doacross_ull_post(unsigned long long *at) { post((const long *)at); }
UNSEEN void GOMP_doacross_wait(long first, ...) { va_list rest; va_start(rest, first); wait_for_list(first, rest); va_end(rest); }
UNSEEN void GOMP_doacross_ull_wait(unsigned long long first, ...) { va_list rest; va_start(rest, first); wait_for_list((long)first, rest); va_end(rest); }

#define CHUNKED_START(name, T) \
    UNSEEN bool GOMP_loop_##name##_start(unsigned n, T *counts, T chunk, T *from, T *to) { \
        join_loop(n, (const long *)counts); \
        return ((bool (*)(unsigned, T *, T, T *, T *))dlsym(RTLD_NEXT, "GOMP_loop_" #name "_start"))(n, counts, chunk, from, to); }
CHUNKED_START(doacross_static, long) CHUNKED_START(doacross_dynamic, long) CHUNKED_START(doacross_guided, long)
CHUNKED_START(ull_doacross_static, unsigned long long) CHUNKED_START(ull_doacross_dynamic, unsigned long long) CHUNKED_START(ull_doacross_guided, unsigned long long)
#define UNCHUNKED_START(name, T) \
    UNSEEN bool GOMP_loop_##name##_start(unsigned n, T *counts, T *from, T *to) { \
        join_loop(n, (const long *)counts); \
        return ((bool (*)(unsigned, T *, T *, T *))dlsym(RTLD_NEXT, "GOMP_loop_" #name "_start"))(n, counts, from, to); }
UNCHUNKED_START(doacross_runtime, long) UNCHUNKED_START(ull_doacross_runtime, unsigned long long)
#define GENERAL_START(name, T) \
    UNSEEN bool GOMP_loop_##name##_start(unsigned n, T *counts, long sched, T chunk, T *from, T *to, uintptr_t *reductions, void **memory) { \
        join_loop(n, (const long *)counts); \
        return ((bool (*)(unsigned, T *, long, T, T *, T *, uintptr_t *, void **))dlsym(RTLD_NEXT, "GOMP_loop_" #name "_start"))( \
            n, counts, sched, chunk, from, to, reductions, memory); }
GENERAL_START(doacross, long) GENERAL_START(ull_doacross, unsigned long long)
#endif
