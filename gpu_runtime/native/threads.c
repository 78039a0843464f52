/* OpenMP teams whose last thread comes first. On a small test the first thread of a team is done with its share before the
 * others are awake, so that whatever depends on who comes first (a tie that a critical section decides, places that an atomic
 * counter hands out) looks as it does in one thread.
 *
 * Contract: while cv_last_first is set, thread t of a team of n begins a parallel region (n - 1 - t) * STEP_US later than the
 * last one, in the first REGIONS regions of a call. That is an order that OpenMP allows.
 *
 *     pytest tests/gpu_runtime/test_thread_order.py
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

enum { STEP_US = 250, REGIONS = 12 };
typedef void (*outlined)(void *);
struct region { outlined body; void *data; };

int cv_last_first;
static int regions;
extern int omp_get_thread_num(void) __attribute__((weak));
extern int omp_get_num_threads(void) __attribute__((weak));
extern int omp_get_level(void) __attribute__((weak));

void cv_order_threads(int last_first);
void cv_order_threads(int last_first) { cv_last_first = last_first; regions = 0; }

static void begin_late(void *p) {
    const struct region *r = p;
    usleep((useconds_t)(omp_get_num_threads() - 1 - omp_get_thread_num()) * STEP_US);
    r->body(r->data);
}

/* Whether this region is one whose threads come in turn. */
static int in_turn(void) {
    return cv_last_first && omp_get_thread_num && omp_get_num_threads && omp_get_level && !omp_get_level() && regions++ < REGIONS;
}

/* The processors of the machine: as many as there are, or a large node's. Fortran's names have a line at their end. */
extern int cv_is_elsewhere(void);
extern double cv_clock(void);
enum { PROCESSORS_ELSEWHERE = 68 };
int omp_get_num_procs(void) {
    int (*real)(void) = (int (*)(void))dlsym(RTLD_NEXT, "omp_get_num_procs");
    return cv_is_elsewhere() ? PROCESSORS_ELSEWHERE : real ? real() : 1;
}
int omp_get_num_procs_(void) { return omp_get_num_procs(); }
double omp_get_wtime_(void) { return cv_clock(); }

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))
#define BODY struct region r = {f, data}; int late = in_turn(); outlined g = late ? begin_late : f; void *d = late ? (void *)&r : data;

void GOMP_parallel(outlined f, void *data, unsigned threads, unsigned flags) {
    BODY
    REAL("GOMP_parallel", void (*)(outlined, void *, unsigned, unsigned))(g, d, threads, flags);
}

#define LOOP(name) \
    void GOMP_parallel_loop_##name(outlined f, void *data, unsigned threads, long from, long to, long step, long chunk, unsigned flags) { \
        BODY \
        REAL("GOMP_parallel_loop_" #name, void (*)(outlined, void *, unsigned, long, long, long, long, unsigned))( \
            g, d, threads, from, to, step, chunk, flags); }
LOOP(dynamic) LOOP(guided) LOOP(nonmonotonic_dynamic) LOOP(nonmonotonic_guided)
#define RUNTIME_LOOP(name) \
    void GOMP_parallel_loop_##name(outlined f, void *data, unsigned threads, long from, long to, long step, unsigned flags) { \
        BODY \
        REAL("GOMP_parallel_loop_" #name, void (*)(outlined, void *, unsigned, long, long, long, unsigned))( \
            g, d, threads, from, to, step, flags); }
RUNTIME_LOOP(runtime) RUNTIME_LOOP(nonmonotonic_runtime) RUNTIME_LOOP(maybe_nonmonotonic_runtime)
