/* What happens inside the locked-down process: place arguments, call, look at canaries, say how each call ended.
 *
 * Contract: runs foreign code, so whatever it writes is only a claim about this process; values are judged elsewhere. The
 * arrays of one call are accessible during that call only. Never returns to the runner: ends with _exit.
 *
 *     pytest tests/gpu_runtime/test_runner.py
 */
#define _GNU_SOURCE
#include "batch.h"
#include "offload.h"
#include <dlfcn.h>
#include <fenv.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#pragma weak cv_hooks_begin
#pragma weak cv_hooks_end
#pragma weak cv_most_accesses
#pragma weak cv_order_threads
extern uint64_t cv_most_accesses; /* hooks.c */
extern void cv_order_threads(int last_first); /* threads.c */
extern void __asan_poison_memory_region(void const volatile *, size_t) __attribute__((weak));

static struct cv_batch *the_batch;
static char *the_arena;                      /* maps file offset control_bytes onwards */
static struct cv_call *the_call;
static struct { char *base, *data; size_t bytes; const struct cv_arg *arg; } tables[CV_MAX_BUFFERS];

static struct cv_call *calls(void) { return (struct cv_call *)(the_batch + 1); }
static struct cv_arg *args_of(const struct cv_call *c) { return (struct cv_arg *)((char *)the_batch + c->args_at); }
static char *in_arena(uint64_t at) { return the_arena + (at - the_batch->control_bytes); }
static size_t bytes_of(const struct cv_arg *a) { return a->elements * a->element_bytes; }

/* ---- endings ------------------------------------------------------------------------------------------------------ */

static void leave(int code) { for (;;) syscall(SYS_exit_group, code); }

/* Where a call goes when it left its arrays and the next one may follow in the same process (CV_RESUMES): what it would have touched
 * is untouched, so a new process would find nothing else. Only on the thread that runs the calls. */
static sigjmp_buf behind_the_call;
static _Thread_local volatile int resumes;

static void end_call(int state, int code) {
    if (the_call) the_call->state = state;
    if (resumes && state == CV_FINDING && the_call->report.finding == CV_OUT_OF_BOUNDS) siglongjmp(behind_the_call, 1);
    leave(code);
    __builtin_unreachable();
}

void cv_stop(void) { end_call(CV_FINDING, CV_EXIT_STOPPED); __builtin_unreachable(); }
void cv_out_of_memory(void) { end_call(CV_MEMORY, CV_EXIT_STOPPED); __builtin_unreachable(); }

static void out_of_bounds(int parameter, int64_t element, int write, const char *how) {
    struct cv_report *r = &the_call->report;
    r->finding = CV_OUT_OF_BOUNDS; r->parameter = parameter; r->element = element; r->is_write = write;
    snprintf(r->text, sizeof r->text, "%s of element %lld of parameter %d%s", write ? "write" : "read", (long long)element, parameter, how);
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* The array of the current call that is nearest to an address in the arena, -1 when it has none. */
static int nearest_array(const char *address) {
    const struct cv_arg *args = args_of(the_call);
    int best = -1; int64_t best_distance = INT64_MAX;
    for (uint32_t i = 0; i < the_call->n_args; i++) {
        if (args[i].kind == CV_SCALAR || args[i].same_as >= 0) continue;
        const char *begin = in_arena(args[i].at), *end = begin + bytes_of(&args[i]);
        int64_t distance = address < begin ? begin - address : address >= end ? address - end : 0;
        if (distance < best_distance) { best = (int)i; best_distance = distance; }
    }
    return best;
}

/* Where a fault lies that no array of the call explains, in words: addresses differ between equal runs. */
static int near_null(const siginfo_t *info) { return info->si_code != SI_KERNEL && (uintptr_t)info->si_addr < (1 << 16); }

static const char *whereabouts(const siginfo_t *info) {
    if (info->si_code <= 0) return "(the program sent itself the signal)";
    /* SI_KERNEL: beyond what any process has. Whether a far address is, hangs on where things lie this time: same words. */
    return near_null(info) ? "near the null pointer" : "far from every argument";
}

static int taken; /* by the thread that faulted first */

static void on_fault(int signal, siginfo_t *info, void *context) {
    while (__atomic_exchange_n(&taken, 1, __ATOMIC_SEQ_CST)) sched_yield(); /* other threads wait until the first has ended us */
    char *address = (char *)info->si_addr;
    if (!the_call) leave(CV_EXIT_LOAD);
    int write = 0; const char *sp = NULL;
#ifdef __x86_64__
    ucontext_t *u = context;
    write = (u->uc_mcontext.gregs[REG_ERR] & 2) != 0;
    sp = (const char *)u->uc_mcontext.gregs[REG_RSP];
#else
    (void)context;
#endif
    if (info->si_code > 0 && address >= the_arena && address < the_arena + the_batch->arena_bytes) {
        int i = nearest_array(address);
        if (i >= 0) {
            const struct cv_arg *a = args_of(the_call) + i;
            out_of_bounds(i, floor_div(address - in_arena(a->at), a->element_bytes) - a->origin, write, " (outside the array)");
            cv_stop();
        }
    }
    for (int i = 0; i < CV_MAX_BUFFERS && info->si_code > 0; i++)
        if (tables[i].base && address >= tables[i].base && address < tables[i].base + tables[i].bytes) {
            int64_t unit = tables[i].arg->kind == CV_ROWS ? (int64_t)sizeof(void *) : 1;
            out_of_bounds(i, floor_div(address - tables[i].data, unit), write, tables[i].arg->kind == CV_ROWS ? " (a row beyond the table)" : " (in bytes)");
            cv_stop();
        }
    const char *on_device = info->si_code > 0 ? cv_offload_fault(address) : NULL;
    if (on_device) {
        the_call->report.finding = CV_OUT_OF_BOUNDS; the_call->report.parameter = -1; the_call->report.is_write = write;
        snprintf(the_call->report.text, sizeof the_call->report.text, "%s", on_device);
        cv_stop();
    }
    the_call->fault = signal;
    if (sp && address > sp - (1 << 16) && address < sp + (1 << 16)) strcpy(the_call->report.text, "stack overflow");
    else snprintf(the_call->report.text, sizeof the_call->report.text, "invalid %s %s", write && near_null(info) ? "write" : "access", whereabouts(info));
    end_call(CV_FAULT, CV_EXIT_STOPPED);
}

static void on_denied(int signal, siginfo_t *info, void *context) {
    (void)signal; (void)context;
    the_batch->denied_syscall = info->si_syscall;
    end_call(CV_DENIED, CV_EXIT_STOPPED);
}

void cv_catch_faults(struct cv_batch *batch, char *arena) {
    static char stack[64 * 1024] __attribute__((aligned(16)));
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction denied = {.sa_sigaction = on_denied, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    the_batch = batch; the_arena = arena;
    batch->current = -1; batch->denied_syscall = -1;
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &fault, NULL);
    sigaction(SIGBUS, &fault, NULL);
    sigaction(SIGSYS, &denied, NULL);
}

/* ---- arguments ---------------------------------------------------------------------------------------------------- */

static size_t converted_bytes(const struct cv_arg *a) {
    static const uint32_t size[] = {0, 8, 16, 4};
    return a->elements * size[a->convert];
}

static void convert(const struct cv_arg *a, void *program, void *storage, int back) {
    size_t n = a->elements;
    if (a->convert == CV_F32_F64) {
        double *p = program; float *s = storage;
        for (size_t i = 0; i < n; i++) if (back) s[i] = (float)p[i]; else p[i] = s[i];
    } else if (a->convert == CV_F64_F80) {
        long double *p = program; double *s = storage;
        for (size_t i = 0; i < n; i++) if (back) s[i] = (double)p[i]; else p[i] = s[i];
    } else if (a->convert == CV_BOOL_I32) {
        int32_t *p = program; unsigned char *s = storage;
        for (size_t i = 0; i < n; i++) if (back) s[i] = p[i] != 0; else p[i] = s[i] != 0;
    }
}

/* Private pages whose last byte touches an inaccessible page. */
static char *guarded(int index, const struct cv_arg *a, size_t bytes) {
    size_t body = (bytes + CV_PAGE - 1) / CV_PAGE * CV_PAGE, align = bytes % 16 && a->convert == CV_F64_F80 ? 16 : 1;
    char *base = mmap(NULL, body + 2 * CV_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED || mprotect(base + CV_PAGE, body, PROT_READ | PROT_WRITE)) cv_out_of_memory();
    tables[index].base = base; tables[index].bytes = body + 2 * CV_PAGE; tables[index].arg = a;
    return tables[index].data = base + CV_PAGE + (body - bytes) / align * align;
}

static void drop_tables(void) {
    for (int i = 0; i < CV_MAX_BUFFERS; i++)
        if (tables[i].base) { munmap(tables[i].base, tables[i].bytes); tables[i].base = NULL; }
}

/* Whether every byte of a slack is as it was: each is equal to the one before it, and the first is right. */
static int untouched(const unsigned char *begin, const unsigned char *end) {
    return begin >= end || (*begin == CV_CANARY && !memcmp(begin, begin + 1, (size_t)(end - begin) - 1));
}

static void canaries(const struct cv_arg *a, int parameter, int check) {
    unsigned char *begin = (unsigned char *)in_arena(a->region_at), *data = (unsigned char *)in_arena(a->at);
    unsigned char *after = data + bytes_of(a), *end = begin + a->region_bytes;
    if (__asan_poison_memory_region) { /* the sanitizer watches the slack itself, reads included */
        if (!check) { __asan_poison_memory_region(begin, (size_t)(data - begin)); __asan_poison_memory_region(after, (size_t)(end - after)); }
        return;
    }
    if (!check) { memset(begin, CV_CANARY, (size_t)(data - begin)); memset(after, CV_CANARY, (size_t)(end - after)); return; }
    if (!untouched(begin, data)) for (unsigned char *p = data; p-- > begin;)
        if (*p != CV_CANARY) { out_of_bounds(parameter, floor_div(p - data, a->element_bytes) - a->origin, 1, " (before the array)"); cv_stop(); }
    if (!untouched(after, end)) for (unsigned char *p = after; p < end; p++)
        if (*p != CV_CANARY) { out_of_bounds(parameter, floor_div(p - data, a->element_bytes) - a->origin, 1, " (past the array)"); cv_stop(); }
}

/* Pages of large arrays are mapped before the call: a call's time is then that of its work. Older systems refuse, and map them in the call. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
enum { LARGE_REGION = 1 << 20 };

static void *place_array(struct cv_arg *args, int i, struct cv_buffer *buffers, int *n_buffers) {
    struct cv_arg *a = args + i, *storage = a->same_as >= 0 ? args + a->same_as : a;
    uint32_t unit = a->element_bytes;
    char *data = in_arena(storage->at), *window = data;
    size_t window_bytes = bytes_of(a);
    if (storage == a && mprotect(in_arena(a->region_at), a->region_bytes, PROT_READ | PROT_WRITE)) cv_out_of_memory();
    if (storage == a && a->region_bytes >= LARGE_REGION) madvise(in_arena(a->region_at), a->region_bytes, MADV_POPULATE_WRITE);
    if (storage == a) canaries(a, i, 0);
    if (a->convert) {
        window_bytes = converted_bytes(a);
        if (a->elements) unit = (uint32_t)(window_bytes / a->elements);
        window = storage == a ? guarded(i, a, window_bytes) : tables[a->same_as].data;
        if (storage == a) convert(a, window, data, 0);
    }
    char *origin = window + a->origin * (int64_t)unit;
    if (storage == a)
        buffers[(*n_buffers)++] = (struct cv_buffer){window, window_bytes, origin, unit, (uint32_t)i};
    if (a->kind != CV_ROWS) return a->kind == CV_NULL ? NULL : origin;
    size_t rows = a->columns ? a->elements / a->columns : 0;
    char **table = (char **)(a->convert ? malloc(rows * sizeof *table + 1) : guarded(i, a, rows * sizeof *table));
    if (!table) cv_out_of_memory();
    for (size_t r = 0; r < rows; r++) table[r] = window + r * a->columns * unit;
    return table;
}

static void put_away(const struct cv_call *c) {
    drop_tables();
    if (c->arrays_bytes) mprotect(in_arena(c->arrays_at), c->arrays_bytes, PROT_NONE);
}

/* Where a structure's pointer is left at another array than before, as by a swap, the array of that pointer is now what it points to. */
static void follow_pointers(const struct cv_arg *args, int n, void *const *given, void *const *left) {
    static struct { char *bytes; size_t size; } moved[CV_MAX_BUFFERS];
    size_t size[CV_MAX_BUFFERS];
    for (int i = 0; i < n; i++) {
        size_t unit = args[i].convert && args[i].elements ? converted_bytes(args + i) / args[i].elements : args[i].element_bytes;
        size[i] = args[i].kind == CV_ARRAY ? (args[i].elements - (size_t)args[i].origin) * unit : 0;
    }
    for (int i = 0; i < n; i++) {
        moved[i].bytes = NULL;
        if (args[i].kind != CV_ARRAY || left[i] == given[i]) continue;
        int j = 0;
        while (j < n && (args[j].kind != CV_ARRAY || given[j] != left[i])) j++;
        if (j == n) {
            the_call->report.finding = CV_UNJUDGED; the_call->report.parameter = i;
            snprintf(the_call->report.text, sizeof the_call->report.text, "a pointer of a structure (parameter %d) is left at memory that the caller does not know", i);
            cv_stop();
        }
        moved[i].size = size[i] < size[j] ? size[i] : size[j];
        if (!(moved[i].bytes = malloc(moved[i].size + 1))) cv_out_of_memory();
        memcpy(moved[i].bytes, given[j], moved[i].size);
    }
    for (int i = 0; i < n; i++) if (moved[i].bytes) { memcpy(given[i], moved[i].bytes, moved[i].size); free(moved[i].bytes); }
}

/* What a program finds when it asks where and when it runs. Clocks stand still, so that what a function makes of them can be compared.
 * Where a call runs "elsewhere" each look at the clock is a day later, and the machine is a large one: what differs then decided by it. */
int cv_is_elsewhere(void) { return the_call && the_call->elsewhere; }
double cv_clock(void) {
    static unsigned looks;
    return cv_is_elsewhere() ? 1e9 + 86400.0 * __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED) : 0;
}

static uint64_t nanoseconds(const struct timespec *from, const struct timespec *to) {
    return (uint64_t)((to->tv_sec - from->tv_sec) * 1000000000ll + to->tv_nsec - from->tv_nsec);
}

static void run_call(struct cv_call *c, cv_entry entry) {
    static char scalars[CV_MAX_BUFFERS + 1][32] __attribute__((aligned(16)));
    void *values[CV_MAX_BUFFERS + 3], *given[CV_MAX_BUFFERS];
    int64_t extents[CV_MAX_BUFFERS][4];
    struct cv_buffer buffers[CV_MAX_BUFFERS];
    struct cv_arguments all = {.arrays = buffers};
    struct cv_arg *args = args_of(c), result = {.convert = c->result_convert, .elements = 1, .element_bytes = c->result_bytes, .same_as = -1};
    int n = (int)c->n_args, n_buffers = 0;
    struct timespec from, to, used_from, used_to;
    if (args == NULL || n > CV_MAX_BUFFERS) leave(CV_EXIT_SETUP);
    for (int i = 0; i < n; i++) {
        struct cv_arg *a = args + i;
        extents[i][0] = (int64_t)a->elements - a->origin; extents[i][1] = (int64_t)a->columns;
        extents[i][2] = a->origin; extents[i][3] = a->element_bytes;
        if (a->kind != CV_SCALAR) { values[i] = place_array(args, i, buffers, &n_buffers); continue; }
        char *stored = (char *)the_batch + a->at;
        if (a->convert) convert(a, scalars[i], stored, 0); else memcpy(scalars[i], stored, a->element_bytes);
        values[i] = scalars[i];
        cv_note_size(&all, scalars[i], a->element_bytes);
    }
    all.n_arrays = n_buffers;
    memcpy(given, values, (size_t)n * sizeof *given);
    memset(scalars[n], 0, sizeof scalars[n]);
    values[n] = scalars[n];
    values[n + 1] = c->geometry;
    values[n + 2] = extents;
    memset(&c->report, 0, sizeof c->report);
    fesetenv(FE_DFL_ENV);
    int watched = cv_hooks_begin && (the_batch->recorded & CV_HOOKED);
    if (watched) cv_hooks_begin(buffers, n_buffers, the_arena, the_batch->arena_bytes, &c->report);
    cv_offload_begin(&c->report, &all);
    clock_gettime(CLOCK_MONOTONIC, &from);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used_from);
    entry(values);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used_to);
    clock_gettime(CLOCK_MONOTONIC, &to);
    cv_offload_end();
    if (watched) cv_hooks_end();
    follow_pointers(args, n, given, values);
    c->elapsed_ns = nanoseconds(&from, &to);
    c->cpu_ns = nanoseconds(&used_from, &used_to);
    for (int i = 0; i < n; i++) {
        struct cv_arg *a = args + i;
        if (a->kind == CV_SCALAR) {
            char *stored = (char *)the_batch + a->at;
            if (a->convert) convert(a, scalars[i], stored, 1); else memcpy(stored, scalars[i], a->element_bytes);
        } else if (a->same_as < 0) {
            if (a->convert) convert(a, tables[i].data, in_arena(a->at), 1);
            canaries(a, i, 1);
        }
    }
    char *stored = (char *)the_batch + c->result_at;
    if (c->result_bytes) { if (result.convert) convert(&result, scalars[n], stored, 1); else memcpy(stored, scalars[n], c->result_bytes); }
    put_away(c);
}

/* Whether the call came to its end; else it left its arrays, and its state says so. */
static int completed(struct cv_call *c, cv_entry entry) {
    int may = (the_batch->recorded & CV_RESUMES) && the_batch->go_on;
    if (may && sigsetjmp(behind_the_call, 1)) {
        resumes = 0;
        __atomic_store_n(&taken, 0, __ATOMIC_SEQ_CST);
        put_away(c);
        return 0;
    }
    resumes = may;
    run_call(c, entry);
    resumes = 0;
    return 1;
}

void cv_run_batch(struct cv_batch *batch, uint32_t first, cv_entry entry) {
    void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    void (*set_schedule)(int, int) = (void (*)(int, int))dlsym(RTLD_DEFAULT, "omp_set_schedule");
    if (&cv_most_accesses) cv_most_accesses = batch->accesses;
    for (uint32_t i = first; i < batch->n_calls; i++) {
        struct cv_call *c = calls() + i;
        if (set_threads) set_threads(c->threads);
        if (set_schedule) set_schedule(c->schedule, c->chunk);
        if (&cv_order_threads) cv_order_threads(c->geometry[7]);
        batch->current = (int32_t)i;
        the_call = c;
        c->state = CV_RUNNING;
        if (completed(c, entry)) c->state = c->report.finding ? CV_FINDING : CV_DONE;
    }
    batch->current = (int32_t)batch->n_calls;
    leave(0);
    __builtin_unreachable();
}
