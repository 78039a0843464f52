/* The entry points that `-fsanitize=thread` calls: our own run-time instead of libtsan. Each one reports to cv_touch.
 *
 * Atomics (std::atomic, __atomic_*, #pragma omp atomic) arrive as __tsan_atomicN_*: they are done here, sequentially
 * consistent, and reported as atomic accesses.
 */
#define _GNU_SOURCE
#include "hooks.h"
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#define ACCESS(N) \
    void __tsan_read##N(void *p) { cv_touch(p, N, 0); } \
    void __tsan_write##N(void *p) { cv_touch(p, N, CV_WRITE); } \
    void __tsan_unaligned_read##N(void *p) { cv_touch(p, N, 0); } \
    void __tsan_unaligned_write##N(void *p) { cv_touch(p, N, CV_WRITE); } \
    void __tsan_volatile_read##N(void *p) { cv_touch(p, N, 0); } \
    void __tsan_volatile_write##N(void *p) { cv_touch(p, N, CV_WRITE); } \
    void __tsan_unaligned_volatile_read##N(void *p) { cv_touch(p, N, 0); } \
    void __tsan_unaligned_volatile_write##N(void *p) { cv_touch(p, N, CV_WRITE); } \
    void __tsan_read_write##N(void *p) { cv_touch(p, N, 0); cv_touch(p, N, CV_WRITE); }
ACCESS(1) ACCESS(2) ACCESS(4) ACCESS(8) ACCESS(16)

void __tsan_read_range(void *p, size_t n) { if (n) cv_touch(p, n, 0); }
void __tsan_write_range(void *p, size_t n) { if (n) cv_touch(p, n, CV_WRITE); }
void __tsan_vptr_read(void **p) { (void)p; }
void __tsan_vptr_update(void **p, void *v) { (void)p; (void)v; }
void __tsan_func_entry(void *p) { (void)p; }
void __tsan_func_exit(void) {}
void __tsan_init(void) {}
void __tsan_ignore_thread_begin(void) {}
void __tsan_ignore_thread_end(void) {}

/* memcpy and friends of instrumented code (prelude_cpp.h names them so): seen as a read and a write of the range. */
void *cv_memcpy(void *to, const void *from, size_t n) {
    if (n) { cv_touch(from, n, 0); cv_touch(to, n, CV_WRITE); }
    return memmove(to, from, n);
}
void *cv_memmove(void *to, const void *from, size_t n) { return cv_memcpy(to, from, n); }
void *cv_memset(void *to, int value, size_t n) {
    if (n) cv_touch(to, n, CV_WRITE);
    return memset(to, value, n);
}

/* Between an atomic read and what is done with it another thread may come: on a team one does, at the first some hundred.
 * An update that is a read and a write, each atomic, then loses what the other wrote, and the values show it. */
static void give_way(void) {
    static int times;
    static int (*team)(void);
    if (!team) team = (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_num_threads");
    if (team && team() > 1 && __atomic_fetch_add(&times, 1, __ATOMIC_RELAXED) < 300) usleep(200);
}

#define SEEN(p) cv_touch((const char *)(p), sizeof *(p), CV_WRITE | CV_ATOMIC)
#define FETCH(BITS, T, NAME) \
    T __tsan_atomic##BITS##_fetch_##NAME(volatile T *p, T v, int order) { \
        (void)order; SEEN(p); return __atomic_fetch_##NAME(p, v, __ATOMIC_SEQ_CST); }
#define ATOMICS(BITS, T) \
    T __tsan_atomic##BITS##_load(const volatile T *p, int order) { \
        (void)order; T v = __atomic_load_n(p, __ATOMIC_SEQ_CST); give_way(); return v; } \
    void __tsan_atomic##BITS##_store(volatile T *p, T v, int order) { \
        (void)order; SEEN(p); __atomic_store_n(p, v, __ATOMIC_SEQ_CST); } \
    T __tsan_atomic##BITS##_exchange(volatile T *p, T v, int order) { \
        (void)order; SEEN(p); return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); } \
    int __tsan_atomic##BITS##_compare_exchange_strong(volatile T *p, T *e, T v, int a, int b) { \
        (void)a; (void)b; SEEN(p); return __atomic_compare_exchange_n(p, e, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); } \
    int __tsan_atomic##BITS##_compare_exchange_weak(volatile T *p, T *e, T v, int a, int b) { \
        (void)a; (void)b; SEEN(p); return __atomic_compare_exchange_n(p, e, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); } \
    T __tsan_atomic##BITS##_compare_exchange_val(volatile T *p, T e, T v, int a, int b) { \
        (void)a; (void)b; SEEN(p); __atomic_compare_exchange_n(p, &e, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); return e; } \
    FETCH(BITS, T, add) FETCH(BITS, T, sub) FETCH(BITS, T, and) FETCH(BITS, T, or) FETCH(BITS, T, xor) FETCH(BITS, T, nand)
ATOMICS(8, uint8_t) ATOMICS(16, uint16_t) ATOMICS(32, uint32_t) ATOMICS(64, uint64_t)

void __tsan_atomic_thread_fence(int order) { (void)order; __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int order) { (void)order; }
