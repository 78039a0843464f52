/* What hooks.c, emulation.c and device.c share: watched regions, the emulated thread that runs now, stamps.
 *
 * Time is a counter of *stamps*: it moves on at every launch, block and barrier. A shadow cell remembers the stamp of the
 * last write and read, so nothing is ever cleared: what is older than the launch (or the block, or the barrier) is ordered.
 */
#ifndef CV_HOOKS_H
#define CV_HOOKS_H
#include "abi.h"

enum region_kind { R_ARGUMENT, R_DEVICE_HEAP, R_MANAGED, R_PINNED, R_DEVICE_VARIABLE, R_SHARED, R_OFFLOADED };

/* Last writer and reader of one granule. Thread serials: block * threads_per_block + thread, 29 bits.
 * writer bit 31: the write was atomic. reader bits 30-31: how far apart the readers since then were (enum spread). */
struct cell { uint32_t write_stamp, writer, read_stamp, reader; };

struct region {
    char *base;
    size_t bytes;
    struct cell *cells;
    uint32_t granule_shift;    /* log2 of the bytes of one cell */
    uint32_t valid_since;      /* cells written before this stamp are uninitialised; 0: all are initialised */
    int32_t kind, parameter;
    size_t first_read, end_read, first_write, end_write; /* byte offsets; first > end where never */
    char *origin;
    uint32_t element_bytes;
};

/* The emulated thread that runs now and the clock that its accesses are judged by. */
struct now {
    int in_kernel;             /* 0 in host code: then only extents and bounds are looked at */
    int host_style;            /* the kernel was launched by host code: arguments of the call are host memory */
    uint32_t serial, stamp;
    uint32_t launch_first, block_first, block_sync, warp_sync;
    uint32_t acquired;         /* so many entries of cv_publications have reached this thread */
    uint32_t unfinished_since, unfinished_span; /* stamps between which lie operations of streams that are not known to be done; or 0 */
    int wrote;                 /* this thread has touched watched memory: it does some of the work */
};
extern struct now cv_now;

/* What a block of this launch has published to others by __threadfence and an atomic behind it; in the order in which blocks ran.
 * The fence publishes the writes before it. Reads count up to the atomic: it is late enough for whoever overwrites what was read. */
struct publication { uint32_t block_first, writes_before, reads_before; };
extern struct publication *cv_publications;

struct launch_state { uint32_t grid[3], block[3]; uint32_t threads_per_block; };
extern struct launch_state cv_launch_now;
extern int cv_order;               /* of threads and blocks: emulation.c */

enum { CV_WRITE = 1, CV_ATOMIC = 2 };

void cv_touch(const char *address, size_t bytes, int mode);  /* one access of the running program */
void cv_range(const char *address, size_t bytes, int mode);  /* memcpy and friends: bounds and extents only */
void cv_flush_pending(void);                      /* judges the last suspicious write: did it change the value? */
void cv_settle(void);                             /* the same, before another thread runs */
void cv_fail(int finding, const char *text) __attribute__((noreturn)); /* a finding that is about no single access */
void cv_new_launch(int host_style, size_t dynamic_shared_bytes);
void cv_new_block(void);
void cv_grid_met(void);
void *cv_keep_shared(void *old);
void cv_resume_shared(const void *from);
void cv_launch_done(void);                        /* counts the threads that did some work */
struct region *cv_watch(char *base, size_t bytes, uint32_t granule_bytes, int kind, struct cell *cells);
void cv_unwatch(struct region *region);
struct region *cv_region_of(const char *address); /* NULL when no watched region holds it */
/* From now on initialised. stamp: of the operation that wrote it; 0 for host code itself, which all later work waits for. */
void cv_written_by_host(const char *address, size_t bytes, int known, uint32_t stamp);
void cv_copied_range(const char *address, size_t bytes, int mode); /* by a copy on the stream that runs: is what it touches finished? */
int cv_unfinished(uint32_t stamp);                /* streams.c: may who runs not rely on what was done then? */
void cv_stream_begin(unsigned long stream);       /* an operation of a stream, until cv_stream_end */
void cv_stream_end(int host_waits);
void cv_streams_reset(void);
int cv_any_set(const char *address, size_t bytes);
struct cell *cv_map_cells(size_t count);
void cv_device_heap_is(char *base, size_t bytes); /* addresses in it outside every region are out of bounds */
void cv_device_reset(void);                       /* device.c: forgets the device memory of the last call */
void cv_limits_reset(void);                       /* emulation.c: forgets what cudaFuncSetAttribute allowed */

#define CV_DYNAMIC_SHARED_MAX (227 * 1024)        /* of compute capability 9.0, with cudaFuncSetAttribute */
#define CV_SHARED_WITHOUT_ASKING (48 * 1024)      /* static and dynamic together */
#define CV_STATIC_SHARED_MAX (64 * 1024)          /* 48 KiB for a block, and gaps between the variables */
extern char cv_dynamic_shared[];                  /* what `extern __shared__` arrays point to */
#endif
