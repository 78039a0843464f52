/* Linked into what the race detector watches (whole programs, and the runner for functions), between the compiler's GOMP calls and LLVM's OpenMP run-time.
 *
 * What LLVM's run-time or its detector cannot do is brought into a form that it can: a league of teams becomes a team of
 * threads, a target region runs on the host, and a wait for dependences becomes a task with them and a wait for that task.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef CV_SANITIZER /* the runner has these already */
/* LLVM's run-time registers itself in shared memory of the system, which the sandbox denies; private memory does. */
int shm_open(const char *name, int flags, mode_t mode) {
    static int kept = -1; /* it looks at what it wrote when it ends */
    (void)flags; (void)mode;
    if (kept < 0) kept = (int)syscall(SYS_memfd_create, name, 1u);
    return dup(kept);
}
int shm_unlink(const char *name) { (void)name; return 0; }

const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void) { return "called_from_lib:libomp.so\ncalled_from_lib:libomp.so.5\ncalled_from_lib:libarcher.so\n"; }
#endif

#define CV_TELL_DETECTOR 1
#include "doacross.h"

extern void GOMP_taskyield(void);
extern int omp_get_thread_num(void), omp_get_num_threads(void), omp_get_active_level(void), omp_get_max_active_levels(void);
extern void omp_set_max_active_levels(int);

/* A thread that gives or is about to take work waits a moment, so that another one takes some: a race within one thread is not seen. */
static void give_way(void) {
    static int times;
    if (__atomic_fetch_add(&times, 1, __ATOMIC_RELAXED) < 300) usleep(300);
}

/* ---- tasks -------------------------------------------------------------------------------------------------------- */

enum { TASK_DEPEND = 8, TASK_DETACH = 1 << 13 };
typedef void (*task_call)(void (*)(void *), void *, void (*)(void *, void *), long, long, bool, unsigned, void **, int, void *);
struct awaited { void (*fn)(void *); void *data; int *done; };

/* The detector takes mutexinoutset for no order at all: a fixed order of such tasks is one that is allowed. */
static void **ordered(void **depend) {
    if (depend && !depend[0] && depend[3]) {
        depend[2] = (void *)((uintptr_t)depend[2] + (uintptr_t)depend[3]);
        depend[3] = NULL;
    }
    return depend;
}

static task_call the_runtime(void) {
    static task_call found;
    if (!__atomic_load_n(&found, __ATOMIC_ACQUIRE)) __atomic_store_n(&found, (task_call)dlsym(RTLD_NEXT, "GOMP_task"), __ATOMIC_RELEASE);
    return found;
}

static void run_awaited(void *p) {
    struct awaited *a = p;
    a->fn(a->data);
    __atomic_store_n(a->done, 1, __ATOMIC_RELEASE);
}

static void nothing(void *p) { (void)p; }

/* A deferred task and a wait for it alone: `if(0)` tasks with dependences crash the detector. */
static void run_and_wait(void (*fn)(void *), void *data, unsigned flags, void **depend) {
    int done = 0;
    struct awaited a = {fn, data, &done};
    the_runtime()(run_awaited, &a, NULL, sizeof a, sizeof(void *), true, (flags & ~2u) | TASK_DEPEND, ordered(depend), 0, NULL);
    while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) GOMP_taskyield();
}

struct owned { void (*fn)(void *); void *data, *block; };

static void run_owned(void *p) {
    struct owned o = *(struct owned *)p;
    o.fn(o.data);
    free(o.block);
}

/* The data of a task in memory that the detector knows: the run-time uses its own again without telling. */
static struct owned own(void (*fn)(void *), void *data, void (*copy)(void *, void *), long bytes, long align) {
    uintptr_t unit = align > 0 ? (uintptr_t)align : 1;
    char *block = malloc((size_t)bytes + unit);
    void *place = (void *)(((uintptr_t)block + unit - 1) / unit * unit);
    if (copy) copy(place, data); else memcpy(place, data, (size_t)bytes);
    return (struct owned){fn, place, block};
}

void GOMP_task(void (*fn)(void *), void *data, void (*copy)(void *, void *), long bytes, long align, bool if_clause, unsigned flags,
               void **depend, int priority, void *detach) {
    if (flags & TASK_DETACH) { /* its data holds a handle of the run-time's */
        the_runtime()(fn, data, copy, bytes, align, if_clause, flags, depend, priority, detach);
        return;
    }
    struct owned o = own(fn, data, copy, bytes, align);
    if ((flags & TASK_DEPEND) && !if_clause) run_and_wait(run_owned, &o, flags, depend);
    else the_runtime()(run_owned, &o, NULL, sizeof o, sizeof(void *), if_clause, flags, flags & TASK_DEPEND ? ordered(depend) : depend, priority, detach);
    if (if_clause) give_way();
}

void GOMP_taskwait_depend(void **depend) { run_and_wait(nothing, NULL, 0, depend); }

/* ---- teams and target regions --------------------------------------------------------------------------------------- */

enum { FIRSTPRIVATE = 12, MOST_TEAMS = 4, ARGUMENT_FOLLOWS = 1 << 7, NUM_TEAMS = 1 << 8, ARGUMENT_MASK = 255 << 8 };
static __thread int team, n_teams;
struct region { void (*fn)(void *); void *data; int team, n_teams; };

#define REAL(name, ...) ((void (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

/* ---- regions --------------------------------------------------------------------------------------------------------- */

extern void __tsan_acquire(void *), __tsan_release(void *);

static void inside(void *p) {
    struct region *r = p;
    int old_team = team, old_teams = n_teams;
    __tsan_acquire(r);
    team = r->team; n_teams = r->n_teams; /* threads of a team inside a league know which team they are of */
    r->fn(r->data);
    team = old_team; n_teams = old_teams;
    __tsan_release(&r->team);
}

/* The detector loses the end of a nested region: what every thread did there comes before what follows it. */
#define REGION(call) \
    struct region r = {fn, data, team, n_teams}; \
    __tsan_release(&r); \
    call; \
    __tsan_acquire(&r.team);

/* A team inside a team is small where the program does not say its size: races show between three, and threads of threads are many. */
enum { INNER_TEAM = 3 };
static unsigned of_size(unsigned threads) { return threads || omp_get_active_level() < 1 ? threads : INNER_TEAM; }

typedef void (*outlined)(void *);
void GOMP_parallel(outlined fn, void *data, unsigned threads, unsigned flags) {
    REGION(REAL("GOMP_parallel", outlined, void *, unsigned, unsigned)(inside, &r, of_size(threads), flags))
}
void GOMP_parallel_sections(outlined fn, void *data, unsigned threads, unsigned count, unsigned flags) {
    REGION(REAL("GOMP_parallel_sections", outlined, void *, unsigned, unsigned, unsigned)(inside, &r, of_size(threads), count, flags))
}
#define CHUNKED(name) \
    void GOMP_parallel_loop_##name(outlined fn, void *data, unsigned threads, long from, long to, long step, long chunk, unsigned flags) { \
        REGION(REAL("GOMP_parallel_loop_" #name, outlined, void *, unsigned, long, long, long, long, unsigned)( \
            inside, &r, of_size(threads), from, to, step, chunk, flags)) }
CHUNKED(static) CHUNKED(dynamic) CHUNKED(guided) CHUNKED(nonmonotonic_dynamic) CHUNKED(nonmonotonic_guided)
#define UNCHUNKED(name) \
    void GOMP_parallel_loop_##name(outlined fn, void *data, unsigned threads, long from, long to, long step, unsigned flags) { \
        REGION(REAL("GOMP_parallel_loop_" #name, outlined, void *, unsigned, long, long, long, unsigned)(inside, &r, of_size(threads), from, to, step, flags)) }
UNCHUNKED(runtime) UNCHUNKED(nonmonotonic_runtime) UNCHUNKED(maybe_nonmonotonic_runtime)

/* ---- who takes the work ---------------------------------------------------------------------------------------------- */

unsigned GOMP_sections_next(void) { give_way(); return ((unsigned (*)(void))dlsym(RTLD_NEXT, "GOMP_sections_next"))(); }
void GOMP_taskwait(void) { give_way(); ((void (*)(void))dlsym(RTLD_NEXT, "GOMP_taskwait"))(); }
void GOMP_taskgroup_end(void) { give_way(); ((void (*)(void))dlsym(RTLD_NEXT, "GOMP_taskgroup_end"))(); }
#define NEXT(name) \
    bool GOMP_loop_##name##_next(long *from, long *to) { give_way(); return ((bool (*)(long *, long *))dlsym(RTLD_NEXT, "GOMP_loop_" #name "_next"))(from, to); }
NEXT(dynamic) NEXT(guided) NEXT(runtime) NEXT(nonmonotonic_dynamic) NEXT(nonmonotonic_guided) NEXT(nonmonotonic_runtime) NEXT(maybe_nonmonotonic_runtime)

/* ---- teams and target regions, continued ------------------------------------------------------------------------------- */

int omp_get_team_num(void) { return team; }
int omp_get_num_teams(void) { return n_teams ? n_teams : 1; }
int omp_get_team_num_(void) { return omp_get_team_num(); }
int omp_get_num_teams_(void) { return omp_get_num_teams(); }

static void one_team(void *p) {
    struct region *r = p;
    team = omp_get_thread_num();
    n_teams = omp_get_num_threads();
    r->fn(r->data);
    team = n_teams = 0;
}

static void league(void (*fn)(void *), void *data, int wanted) {
    struct region r = {fn, data, 0, 0};
    int levels = omp_get_max_active_levels(); /* the threads of a team are threads too: what they share is of their team alone */
    if (levels < 3) omp_set_max_active_levels(3);
    REAL("GOMP_parallel", void (*)(void *), void *, unsigned, unsigned)(one_team, &r, wanted > 0 && wanted < MOST_TEAMS ? (unsigned)wanted : MOST_TEAMS, 0);
    omp_set_max_active_levels(levels);
}

bool GOMP_teams4(unsigned low, unsigned high, unsigned threads, bool first) { (void)low; (void)high; (void)threads; return first; }
void GOMP_teams(unsigned teams, unsigned threads) { (void)teams; (void)threads; }

void GOMP_teams_reg(void (*fn)(void *), void *data, unsigned teams, unsigned threads, unsigned flags) {
    (void)threads; (void)flags;
    league(fn, data, (int)teams);
}

/* What the compiler says of the league: 1 where the region has no teams, 0 where it leaves their number to us. */
static int wanted_teams(void **args) {
    int wanted = 1;
    while (args && *args) {
        uintptr_t id = (uintptr_t)*args++;
        intptr_t value = id & ARGUMENT_FOLLOWS ? (intptr_t)*args++ : (intptr_t)id >> 16;
        if ((id & ARGUMENT_MASK) == NUM_TEAMS) wanted = (int)value;
    }
    return wanted;
}

void GOMP_target_ext(int device, void (*fn)(void *), size_t n, void **addresses, size_t *sizes, unsigned short *kinds, unsigned flags,
                     void **depend, void **args) {
    void *own[64];
    (void)device; (void)flags;
    if (depend) GOMP_taskwait_depend(depend);
    for (size_t i = 0; i < n && i < 64; i++) {
        own[i] = NULL;
        if ((kinds[i] & 255) != FIRSTPRIVATE) continue;
        own[i] = malloc(sizes[i] + 64);
        addresses[i] = memcpy((void *)(((uintptr_t)own[i] + 63) / 64 * 64), addresses[i], sizes[i]);
    }
    int wanted = wanted_teams(args);
    if (wanted == 1) fn(addresses); else league(fn, addresses, wanted);
    for (size_t i = 0; i < n && i < 64; i++) free(own[i]);
}

void GOMP_target_data_ext(int device, size_t n, void **addresses, size_t *sizes, unsigned short *kinds) {
    (void)device; (void)n; (void)addresses; (void)sizes; (void)kinds;
}
void GOMP_target_end_data(void) {}
void GOMP_target_update_ext(int device, size_t n, void **addresses, size_t *sizes, unsigned short *kinds, unsigned flags, void **depend) {
    (void)device; (void)n; (void)addresses; (void)sizes; (void)kinds; (void)flags;
    if (depend) GOMP_taskwait_depend(depend);
}
void GOMP_target_enter_exit_data(int device, size_t n, void **addresses, size_t *sizes, unsigned short *kinds, unsigned flags, void **depend) {
    GOMP_target_update_ext(device, n, addresses, sizes, kinds, flags, depend);
}

/* ---- locks ----------------------------------------------------------------------------------------------------------- */

/* Critical regions and locks exclude the threads of one team only: those of another are of another contention group. */
enum { SLOTS = 64 };
static pthread_mutex_t locks[MOST_TEAMS][SLOTS];

static pthread_mutex_t *of_team(const void *what) { return &locks[team % MOST_TEAMS][((uintptr_t)what >> 2) % SLOTS]; }

#define IN_A_LEAGUE(name, what, action) \
    { if (n_teams) pthread_mutex_##action(of_team(what)); else REAL(name, void *)((void *)(uintptr_t)(what)); }
void GOMP_critical_start(void) IN_A_LEAGUE("GOMP_critical_start", NULL, lock)
void GOMP_critical_end(void) IN_A_LEAGUE("GOMP_critical_end", NULL, unlock)
void GOMP_critical_name_start(void **name) IN_A_LEAGUE("GOMP_critical_name_start", name, lock)
void GOMP_critical_name_end(void **name) IN_A_LEAGUE("GOMP_critical_name_end", name, unlock)
void omp_set_lock(void *lock) IN_A_LEAGUE("omp_set_lock", lock, lock)
void omp_unset_lock(void *lock) IN_A_LEAGUE("omp_unset_lock", lock, unlock)
void omp_set_lock_(void *lock) IN_A_LEAGUE("omp_set_lock_", lock, lock)
void omp_unset_lock_(void *lock) IN_A_LEAGUE("omp_unset_lock_", lock, unlock)

/* ---- Fortran output ---------------------------------------------------------------------------------------------------- */

/* The library that prints a variable is not watched: what it reads is told to the detector here. */
extern void __tsan_read_range(void *, long);
#define PRINTED(type, bytes) \
    void _gfortran_transfer_##type##_write(void *state, void *value, int kind) { \
        __tsan_read_range(value, (long)(bytes)); \
        REAL("_gfortran_transfer_" #type "_write", void *, void *, int)(state, value, kind); }
PRINTED(integer, kind) PRINTED(real, kind) PRINTED(logical, kind) PRINTED(complex, 2 * kind)
