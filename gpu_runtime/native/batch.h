/* What Python writes at the start of the arena file for one batch of calls, and what the child writes back.
 *
 * File: [struct cv_batch][struct cv_call * n_calls][struct cv_arg ...][scalars and results] up to control_bytes, then the
 * arrays' pages without a gap: a child maps each where it belongs, with guard ranges between them, and has no other page of the file.
 * Places of arrays are addresses, counted as if the mapping began with the file; `file_at` alone is a place in the file. Python mirrors these structs (runner.py); `magic` carries their sizes,
 * so that a runner built from other sources is noticed at once. The arena never holds expected outputs.
 */
#ifndef CV_BATCH_H
#define CV_BATCH_H
#include "abi.h"

#define CV_PAGE 4096u
#define CV_CANARY 0xB5

enum cv_state { CV_NOT_RUN = 0, CV_RUNNING = 1, CV_DONE = 2, CV_FINDING = 3, CV_MEMORY = 4, CV_DENIED = 5, CV_FAULT = 6 };

/* How the child died, beyond signals and programs' own exit codes (runner's reply, not the process exit code). */
enum cv_end { CV_END_EXIT = 0, CV_END_SIGNAL = 1, CV_END_TIMEOUT = 2, CV_END_MEMORY = 3, CV_END_FAILED = 4, CV_END_CALL = 5 };

/* Exit codes of the child's own code. Programs may use them too: they count only together with `current` and the states. */
enum { CV_EXIT_STOPPED = 77, CV_EXIT_LOAD = 78, CV_EXIT_SETUP = 79, CV_EXIT_SANITIZER = 88 };

enum { CV_HOOKED = 1, CV_QUIET = 2, CV_RESUMES = 4 };
enum cv_kind { CV_SCALAR = 0, CV_ARRAY = 1, CV_ROWS = 2, CV_NULL = 3 /* an array of no element; a null pointer is passed */ };

/* Storage in the arena -> what the program is given. Converted before and after the call, in private memory. */
enum cv_convert { CV_AS_IS = 0, CV_F32_F64 = 1, CV_F64_F80 = 2, CV_BOOL_I32 = 3 };

struct cv_arg {
    uint32_t kind, convert, element_bytes;
    int32_t same_as;          /* index of an earlier argument whose storage is used, or -1 */
    uint64_t at;              /* file offset of the value (scalar) or of element 0 (array) */
    uint64_t elements;        /* scalars: 1; complex numbers count as two when converted */
    uint64_t columns;         /* rows: elements of one row */
    uint64_t region_at, region_bytes; /* pages of this array in the file */
    int64_t origin;           /* elements from `at` to the pointer that is passed */
    uint64_t file_at;         /* where the region's pages are in the file */
};

struct cv_call {
    uint32_t n_args; int32_t threads, schedule, chunk;
    int32_t geometry[8];      /* abi.h: args[n + 1] */
    uint64_t args_at, result_at;
    uint32_t result_bytes, result_convert; /* result_bytes 0: returns nothing */
    uint32_t cpu_ms, elsewhere;            /* CPU time that this call alone may take; 0: what the batch may. elsewhere: child.c, cv_is_elsewhere */
    uint64_t arrays_at, arrays_bytes;      /* all regions of this call, guards between them included */
    /* written by the child */
    uint64_t elapsed_ns, cpu_ns; /* cpu_ns: processor time of all threads of the child */
    int32_t state, fault;     /* enum cv_state; fault: the signal */
    struct cv_report report;
};

struct cv_batch {
    uint64_t magic, control_bytes, arena_bytes, memory_bytes, output_bytes;
    uint64_t accesses;        /* most steps (accesses and basic blocks) of one call that the hooks see; 0: any number */
    uint64_t file_bytes;      /* of the file that belong to this batch */
    uint32_t n_calls, cpu_ms, wall_ms, threads;
    uint32_t recorded, go_on; /* recorded: CV_HOOKED when the program calls the access hooks, CV_QUIET when loading it runs none of its code, CV_RESUMES
                               * when the same child may go on behind a call that left its arrays; go_on: behind a call that stopped, a new child goes on */
    int32_t current;          /* -1 while loading, the call being run, n_calls when all are done */
    int32_t denied_syscall;   /* number of the system call that was denied, -1 when none */
    char folder[400], artifact[112], symbol[128], message[256];
};

#define CV_MAGIC (0x6376000000000000ull | (uint64_t)sizeof(struct cv_batch) << 32 | (uint64_t)sizeof(struct cv_call) << 12 | sizeof(struct cv_arg))

/* The reply to one batch. */
struct cv_reply { int32_t end, code; int64_t max_rss_kib; int64_t output_bytes; };
/* The runner's greeting: what of the lock-down works on this machine (enum cv_feature bits). */
struct cv_hello { uint64_t magic; uint32_t features; uint32_t reserved; };

/* child.c: runs the calls from `first` on with the caller's address space locked down already; ends the process. */
void cv_catch_faults(struct cv_batch *batch, char *arena);
void cv_see_library_calls(void *library) __attribute__((weak)); /* library.c, where there are hooks: what libraries touch is seen too */
void cv_run_batch(struct cv_batch *batch, uint32_t first, cv_entry entry) __attribute__((noreturn));
void cv_out_of_memory(void) __attribute__((noreturn));
#endif
