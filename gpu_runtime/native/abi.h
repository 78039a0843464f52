/* The one contract between the runner, the access hooks, the emulation and generated shims.
 *
 * A shim is `extern "C" void SYMBOL(void **args)`, compiled with the program:
 *   args[i], i < n      scalar: address of its storage; array: the pointer itself, which may be null; rows: pointer to a table of row pointers
 *   args[n]             storage of the result (unused when the function returns nothing)
 *   args[n + 1]         int32_t[8]: grid xyz, block xyz, dynamic shared bytes, thread order (kernels and host CUDA code)
 *   args[n + 2]         int64_t[n][4]: elements from the pointer on, row length (0: not a table), origin, element bytes
 *
 * Shared objects resolve cv_* and __tsan_* against the runner executable (linked -rdynamic), so that programs compiled
 * with `-fsanitize=thread` report every access to hooks.c instead of libtsan. Executable variants (sanitizers) link the
 * same child.c with their own program.
 */
#ifndef CV_ABI_H
#define CV_ABI_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*cv_entry)(void **args);

/* One array argument of the current call, as the hooks see it. */
struct cv_buffer {
    char *window;         /* start of the storage that may be touched */
    size_t window_bytes;
    char *origin;         /* the pointer that the program was given (>= window) */
    uint32_t element_bytes;
    uint32_t parameter;   /* index in the program's own parameter list */
};

enum cv_finding {
    CV_CLEAN = 0, CV_OUT_OF_BOUNDS = 1, CV_UNINITIALISED = 2, CV_RACE = 3, CV_DIVERGENCE = 4, CV_BAD_LAUNCH = 5, CV_ENDLESS = 6,
    CV_UNJUDGED = 7, /* something that this machine cannot judge (offload.c) */
    CV_TOO_LARGE = 8 /* a launch that a device takes and the emulation does not */
};

/* Ranges touched, in elements relative to origin; first > last where never. */
struct cv_access { int64_t first_read, last_read, first_write, last_write; };

#define CV_MAX_BUFFERS 128 /* arguments of one call; corpora/signatures/signature.py: MAX_PARAMETERS */
struct cv_report {
    int32_t finding;              /* enum cv_finding: the first one made */
    int32_t parameter;            /* which argument, -1 for shared memory or other storage */
    int64_t element;
    int32_t is_write;
    int32_t thread_a[6], thread_b[6]; /* blockIdx xyz, threadIdx xyz */
    int64_t active_threads;       /* distinct threads, emulated or real, that touched watched memory */
    char text[160];               /* one readable line */
    struct cv_access access[CV_MAX_BUFFERS];
};

/* hooks.c: called by child.c round each call. With n_buffers == 0 the hooks do nothing. */
void cv_hooks_begin(const struct cv_buffer *buffers, int n_buffers, char *arena, size_t arena_bytes, struct cv_report *report);
void cv_hooks_end(void);

/* child.c: what OpenMP's clock shows, in seconds, and whether the call pretends to run on another machine. */
double cv_clock(void);
int cv_is_elsewhere(void);

/* child.c: ends the process with a finding already written to the report (used by hooks and emulation). */
void cv_stop(void) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif
#endif
