/* The access hooks: every load and store of a program compiled with -fsanitize=thread ends up in cv_touch (tsan.c).
 *
 * Contract: outside kernels the touched range of every watched region is recorded, and an access that lies in the arena but
 * in no window stops the call. Inside an emulated kernel reads of uninitialised shared or device memory and data races
 * (shadow.h) are found as well. Two writes of the same value are no race: a suspicious write is remembered and judged at the
 * next hook, when its value is in memory. A finding ends the process through cv_stop() with the report filled in.
 */
#include "hooks.h"
#include "offload.h"
#include "shadow.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_SHIFT 12
#define MAX_REGIONS 250
#define SEVERAL 255
#define PAD_BYTES 64
#define PAD_WORD 0xc5a17e6bu /* prelude_cuda.h fills the gaps between __shared__ variables with it */

struct now cv_now;
struct launch_state cv_launch_now = {{1, 1, 1}, {1, 1, 1}, 1};
char cv_dynamic_shared[CV_DYNAMIC_SHARED_MAX + 8192] __attribute__((aligned(4096)));

struct space { char *base; size_t bytes; uint8_t *pages; size_t map_bytes; }; /* page -> 1 + region index, or SEVERAL */
static struct space arena_space, heap_space;
static struct region regions[MAX_REGIONS], shared_static, shared_dynamic, shared_placed;
static int n_regions, n_arguments, watching;
static int n_apart; /* arguments on pages of their own: Fortran's truth values, which are wider there than in the arena */
static uint8_t *static_pads; /* per 4 bytes of the static shared section: no variable lives there */
static uint8_t placed_pads[CV_STATIC_SHARED_MAX / 4]; /* likewise for variables of templates (placed.h) */
static struct cv_report *report;
static struct cell *pool; static size_t pool_cells;
static int64_t launch_threads;   /* emulated threads of this launch that touched watched memory at all */
/* Real threads (OpenMP) likewise: each counts itself once a call. Reading counts as work: in a reduction one thread writes. */
static int64_t host_threads, target_threads;
uint64_t cv_most_accesses;
static int64_t accesses_left; /* counted loosely where threads are real */
static uint32_t call_serial;
static _Thread_local uint32_t counted_in, counted_in_target;
static struct { int armed; struct region *region; size_t offset, bytes; uint32_t own, other; const char *what; char old[64]; } pending;
static struct { struct region *region; size_t offset; int write; uint32_t serial; } unset; /* first read of uninitialised memory */

struct cell *cv_map_cells(size_t count) {
    void *p = mmap(NULL, count * sizeof(struct cell), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) cv_fail(CV_BAD_LAUNCH, "no memory left to watch these buffers");
    return p;
}

static void map_space(struct space *s, char *base, size_t bytes) {
    size_t need = (bytes >> PAGE_SHIFT) + 2;
    if (need > s->map_bytes) {
        if (s->pages) munmap(s->pages, s->map_bytes);
        s->pages = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (s->pages == MAP_FAILED) { s->pages = NULL; s->map_bytes = s->bytes = 0; cv_fail(CV_BAD_LAUNCH, "no memory for a page map"); }
        s->map_bytes = need;
    }
    s->base = base; s->bytes = bytes;
}

static void mark_pages(struct region *r, uint8_t value) {
    struct space *s = (size_t)(r->base - arena_space.base) < arena_space.bytes ? &arena_space : &heap_space;
    if (!r->bytes || (size_t)(r->base - s->base) >= s->bytes) return;
    size_t first = (size_t)(r->base - s->base) >> PAGE_SHIFT, last = (size_t)(r->base + r->bytes - 1 - s->base) >> PAGE_SHIFT;
    for (size_t p = first; p <= last; p++) s->pages[p] = value && s->pages[p] ? SEVERAL : value;
}

static void no_extents(struct region *r) { r->first_read = r->first_write = SIZE_MAX; r->end_read = r->end_write = 0; }

struct region *cv_watch(char *base, size_t bytes, uint32_t granule_bytes, int kind, struct cell *cells) {
    int i = 0;
    while (i < n_regions && regions[i].base) i++;
    if (i == MAX_REGIONS) cv_fail(CV_BAD_LAUNCH, "more than 250 live buffers");
    if (i == n_regions) n_regions++;
    uint32_t shift = granule_bytes == 1 ? 0 : granule_bytes == 2 ? 1 : granule_bytes >= 8 ? 3 : 2;
    regions[i] = (struct region){.base = base, .bytes = bytes, .cells = cells, .granule_shift = shift, .kind = kind,
                                 .parameter = -1, .origin = base, .element_bytes = granule_bytes ? granule_bytes : 1};
    no_extents(&regions[i]);
    mark_pages(&regions[i], (uint8_t)(i + 1));
    return &regions[i];
}

void cv_unwatch(struct region *r) { mark_pages(r, 0); r->base = NULL; r->bytes = 0; }
void cv_device_heap_is(char *base, size_t bytes) { map_space(&heap_space, base, bytes); }

void cv_hooks_begin(const struct cv_buffer *buffers, int n, char *base, size_t bytes, struct cv_report *r) {
    report = r;
    for (int i = 0; i < n_regions; i++) if (regions[i].base) mark_pages(&regions[i], 0);
    n_regions = n_apart = 0; cv_now.in_kernel = 0; pending.armed = 0; unset.region = NULL;
    r->finding = CV_CLEAN; r->parameter = -1; r->active_threads = 0; r->text[0] = 0;
    for (int i = 0; i < CV_MAX_BUFFERS; i++) r->access[i] = (struct cv_access){0, -1, 0, -1};
    cv_device_reset();
    call_serial++; host_threads = target_threads = 0;
    accesses_left = cv_most_accesses ? (int64_t)cv_most_accesses : INT64_MAX;
    watching = n > 0;
    if (!watching) { arena_space.bytes = 0; n_arguments = 0; return; }
    map_space(&arena_space, base, bytes);
    for (int i = 0; i < n; i++) {
        struct region *region = cv_watch(buffers[i].window, buffers[i].window_bytes, buffers[i].element_bytes, R_ARGUMENT, NULL);
        region->parameter = (int32_t)buffers[i].parameter;
        region->origin = buffers[i].origin;
        n_apart += (size_t)(region->base - base) >= bytes;
    }
    n_arguments = n;
}

#include "findings.h"

void cv_hooks_end(void) {
    cv_flush_pending();
    if (watching) write_extents();
    if (cv_offloaded) host_threads = target_threads ? target_threads : 1;
    if (watching && report && host_threads > report->active_threads) report->active_threads = host_threads;
    watching = 0;
}

#include "outdated.h"

void cv_settle(void) {
    if (n_outdated) put_up_to_date();
    cv_flush_pending();
}

static struct region *nearest(const char *address) { /* the argument whose storage is closest: names an access outside all */
    struct region *best = NULL;
    size_t least = (size_t)1 << 20;
    for (int i = 0; i < n_regions; i++) {
        if (!regions[i].base) continue;
        size_t gap = address < regions[i].base ? (size_t)(regions[i].base - address) : (size_t)(address - regions[i].base - regions[i].bytes);
        if (gap < least) { least = gap; best = &regions[i]; }
    }
    return best;
}

static inline struct region *in_space(const struct space *s, const char *address) {
    uint8_t page = s->pages[(size_t)(address - s->base) >> PAGE_SHIFT];
    if (page && page != SEVERAL) return &regions[page - 1];
    for (int i = 0; page && i < n_regions; i++)
        if ((size_t)(address - regions[i].base) < regions[i].bytes) return &regions[i];
    return NULL;
}

/* What is mapped for a target region has its pages for itself, and so has an argument apart: what else lies on them is out of its bounds. */
static inline int on_its_pages(const struct region *r, const char *address) {
    uintptr_t page = (uintptr_t)1 << PAGE_SHIFT, first = (uintptr_t)r->base & -page, end = ((uintptr_t)r->base + r->bytes + page - 1) & -page;
    return (uintptr_t)address - first < end - first;
}

static inline int is_apart(const struct region *r, const char *address) {
    return (size_t)(r->base - arena_space.base) >= arena_space.bytes && on_its_pages(r, address);
}

#include "placed.h"

#define BEHIND_VARIABLES 65536 /* bytes behind the device variables of a program that are out of their bounds */

static inline int watched_place(const char *address, struct region **out) { /* 0: not ours, do not look at it */
    if ((size_t)(address - arena_space.base) < arena_space.bytes) *out = in_space(&arena_space, address);
    else if ((size_t)(address - heap_space.base) < heap_space.bytes) *out = in_space(&heap_space, address);
    else if ((size_t)(address - shared_static.base) < shared_static.bytes) *out = &shared_static;
    else if ((size_t)(address - cv_dynamic_shared) < sizeof cv_dynamic_shared) *out = &shared_dynamic;
    else if ((size_t)(address - placed) < sizeof placed) *out = &shared_placed;
    else {
        struct region *before = NULL; /* device variables that end right before it: a kernel names nothing else there */
        *out = NULL;
        for (int i = n_arguments; i < n_regions; i++) {
            int variable = regions[i].kind == R_DEVICE_VARIABLE || regions[i].kind == R_MANAGED;
            if ((variable && (size_t)(address - regions[i].base) < regions[i].bytes) ||
                (regions[i].kind == R_OFFLOADED && on_its_pages(&regions[i], address))) *out = &regions[i];
            else if (variable && cv_now.in_kernel && (size_t)(address - regions[i].base) < regions[i].bytes + BEHIND_VARIABLES) before = &regions[i];
        }
        if (!*out) *out = before;
        for (int i = 0; n_apart && !*out && i < n_arguments; i++) if (is_apart(&regions[i], address)) *out = &regions[i];
        return *out != NULL;
    }
    return 1;
}

struct region *cv_region_of(const char *address) {
    struct region *r;
    return watched_place(address, &r) ? r : NULL;
}

#include "unfinished.h"

/* A read of what nobody wrote is reported at the end of the block: if another thread writes it meanwhile, it is a race. */
static inline void note_unset(struct region *r, size_t offset, int write) {
    if (unset.region) return;
    unset.region = r; unset.offset = offset; unset.write = write; unset.serial = cv_now.serial;
}

static inline void check_cell(struct region *r, struct cell *c, size_t offset, size_t bytes, int mode) {
    uint32_t since = r->kind == R_SHARED ? cv_now.block_first : cv_now.launch_first;
    if (c->write_stamp < r->valid_since && mode != CV_WRITE) note_unset(r, offset, mode & CV_WRITE);
    if (!(mode & CV_WRITE)) {
        if (!ordered(since, c->write_stamp, c->writer & SERIAL, 1)) {
            if (!(c->writer & ATOMIC_BIT) || c->write_stamp < since) race(r, offset, 0, cv_now.serial, c->writer & SERIAL, "read/write race");
            if (cv_order >= OUTDATED_FROM) show_outdated(r, offset);
        }
        note_read(since, c);
        return;
    }
    if ((mode & CV_ATOMIC) && cv_order >= OUTDATED_FROM && (c->write_stamp < since || (c->writer & SERIAL) != cv_now.serial) &&
        ordered(since, c->write_stamp, c->writer & SERIAL, 1)) keep_outdated(r, offset);
    int both_atomic = (mode & CV_ATOMIC) && (c->writer & ATOMIC_BIT);
    int clash = !both_atomic && !ordered(since, c->write_stamp, c->writer & SERIAL, 1);
    int after_read = !readers_ordered(since, c) && !((mode & CV_ATOMIC) && c->read_stamp >= since); /* else it might have read it later: outdated.h */
    if (after_read && c->write_stamp < r->valid_since) /* what was read had no value yet: no write leaves it as it was */
        race(r, offset, 1, cv_now.serial, reader_beside(c, cv_now.serial, since), "write after another thread's read, a race,");
    if ((clash || after_read) && !pending.armed) {
        pending.armed = 1; pending.region = r; pending.offset = offset;
        pending.bytes = bytes < sizeof pending.old ? bytes : sizeof pending.old;
        pending.own = cv_now.serial;
        pending.other = clash ? c->writer & SERIAL : reader_beside(c, cv_now.serial, since);
        pending.what = clash ? "write/write race" : "write after another thread's read, a race,";
        memcpy(pending.old, r->base + offset, pending.bytes);
    }
    /* An atomic right after this thread's own plain write does not hide that write from the others. */
    int hides = (mode & CV_ATOMIC) && c->writer == cv_now.serial && c->write_stamp >= cv_now.block_sync;
    c->write_stamp = cv_now.stamp;
    c->writer = cv_now.serial | (mode & CV_ATOMIC && !hides ? ATOMIC_BIT : 0);
}

/* Shared memory is judged in words until a narrower access shows that it holds narrower elements. */
__attribute__((noinline)) static void split_cells(struct region *r) {
    for (size_t i = r->bytes; i-- > 0;) r->cells[i] = r->cells[i >> r->granule_shift];
    r->granule_shift = 0;
}

static inline void check_cells(struct region *r, size_t offset, size_t bytes, int mode) {
    size_t granule = (size_t)1 << r->granule_shift;
    if (bytes < granule || (offset & (granule - 1))) {
        if (r->kind == R_ARGUMENT) { /* part of an element: says that it is initialised, too coarse to judge races */
            struct cell *c = r->cells + (offset >> r->granule_shift);
            if ((mode & CV_WRITE) && c->write_stamp < r->valid_since) c->write_stamp = r->valid_since;
            return;
        }
        split_cells(r);
        granule = 1;
    }
    struct cell *c = r->cells + (offset >> r->granule_shift);
    if (bytes == granule) { check_cell(r, c, offset, bytes, mode); return; }
    for (size_t done = 0; done < bytes; done += granule, c++) check_cell(r, c, offset + done, bytes - done, mode);
}

static inline void note_extent(struct region *r, size_t offset, size_t end, int mode) {
    if (mode & CV_WRITE) {
        if (offset < r->first_write) r->first_write = offset;
        if (end > r->end_write) r->end_write = end;
    }
    if (!(mode & CV_WRITE) || (mode & CV_ATOMIC)) {
        if (offset < r->first_read) r->first_read = offset;
        if (end > r->end_read) r->end_read = end;
    }
}

static inline size_t in_bounds(struct region *r, const char *address, size_t bytes, int mode) { /* offset in r, or no return */
    size_t offset = r ? (size_t)(address - r->base) : 0;
    if (!r || offset >= r->bytes || bytes > r->bytes - offset) {
        struct region *near = r ? r : nearest(address);
        found(CV_OUT_OF_BOUNDS, near, near ? (size_t)(address - near->base) : 0, mode & CV_WRITE,
              mode & CV_WRITE ? "write out of bounds," : "read out of bounds,");
    }
    return offset;
}

static inline void count_step(void) {
    if (cv_most_accesses && --accesses_left < 0 && watching) cv_fail(CV_ENDLESS, "more steps than one call may take");
}

/* Called by every basic block of a recorded program (-fsanitize-coverage=trace-pc): a loop that touches no memory takes steps too. */
void __sanitizer_cov_trace_pc(void) { count_step(); }

void cv_touch(const char *address, size_t bytes, int mode) {
    struct region *r;
    count_step();
    if (n_outdated) put_up_to_date();
    if (pending.armed) cv_flush_pending();
    if (!watched_place(address, &r) || !watching) return;
    size_t offset = in_bounds(r, address, bytes, mode);
    if (r->kind == R_ARGUMENT) note_extent(r, offset, offset + bytes, mode);
    if (!cv_now.in_kernel) {
        uint32_t place = call_serial * 64 + (uint32_t)cv_team % 64 + 1; /* nonzero: a thread of several teams counts in each */
        if (cv_in_target && counted_in_target != place) { counted_in_target = place; __atomic_add_fetch(&target_threads, 1, __ATOMIC_RELAXED); }
        if (counted_in != call_serial) { counted_in = call_serial; __atomic_add_fetch(&host_threads, 1, __ATOMIC_RELAXED); }
        if (r->kind == R_DEVICE_HEAP || r->kind == R_DEVICE_VARIABLE || (r->kind == R_OFFLOADED && !cv_in_target)) found(CV_OUT_OF_BOUNDS, r, offset, mode & CV_WRITE, "host code touches");
        if (r->kind == R_ARGUMENT && cv_in_target) found(CV_OUT_OF_BOUNDS, r, offset, mode & CV_WRITE, "the target region touches host memory, not the mapped copy,");
        if (cv_now.unfinished_span) check_unfinished(r, offset, bytes, mode, "host code does not wait for the work on");
        if ((r->kind == R_MANAGED || r->kind == R_PINNED) && (mode & CV_WRITE)) cv_written_by_host(address, bytes, 1, 0);
        return;
    }
    if (r->kind == R_ARGUMENT && cv_now.host_style) found(CV_OUT_OF_BOUNDS, r, offset, mode & CV_WRITE, "kernel touches host memory,");
    if ((r == &shared_static && static_pads[offset >> 2]) || (r == &shared_placed && placed_pads[offset >> 2])) found(CV_OUT_OF_BOUNDS, r, offset, mode & CV_WRITE, "beyond a __shared__ array,");
    if (!cv_now.wrote) { cv_now.wrote = 1; launch_threads++; }
    if (r->cells) check_cells(r, offset, bytes, mode);
}

void cv_range(const char *address, size_t bytes, int mode) {
    struct region *r;
    if (!bytes || !watching || !watched_place(address, &r)) return;
    size_t offset = in_bounds(r, address, bytes, mode);
    note_extent(r, offset, offset + bytes, mode);
}

void cv_written_by_host(const char *address, size_t bytes, int known, uint32_t stamp) {
    struct region *r = cv_region_of(address);
    if (!r || !r->cells || !bytes) return;
    size_t offset = (size_t)(address - r->base), end = offset + bytes, granule = (size_t)1 << r->granule_shift;
    if (offset % granule || (end % granule && end != r->bytes)) { split_cells(r); granule = 1; }
    if (!stamp) stamp = r->valid_since;
    for (size_t i = offset / granule; i <= (end - 1) / granule; i++) r->cells[i] = (struct cell){stamp, known ? 0 : SERIAL, 0, 0};
}

int cv_any_set(const char *address, size_t bytes) { /* was any of this device memory given a known value? */
    struct region *r = cv_region_of(address);
    if (!r || !r->cells || !bytes) return 1;
    size_t offset = (size_t)(address - r->base);
    if (offset + bytes > r->bytes) return 1;
    for (size_t i = offset >> r->granule_shift; i <= (offset + bytes - 1) >> r->granule_shift; i++)
        if (r->cells[i].write_stamp >= r->valid_since && r->cells[i].writer != SERIAL) return 1;
    return 0;
}

static void give_cells_to_arguments(void) {
    size_t need = 0;
    for (int i = 0; i < n_arguments; i++) need += (regions[i].bytes >> regions[i].granule_shift) + 1;
    if (need > pool_cells) {
        if (pool) munmap(pool, pool_cells * sizeof *pool);
        pool = cv_map_cells(need);
        if (need >= 1 << 16) madvise(pool, need * sizeof *pool, MADV_HUGEPAGE);
        pool_cells = need;
    }
    struct cell *next = pool;
    for (int i = 0; i < n_arguments; i++) { regions[i].cells = next; next += (regions[i].bytes >> regions[i].granule_shift) + 1; }
}

void cv_new_launch(int host_style, size_t dynamic_shared_bytes) {
    if (!shared_dynamic.cells) shared_dynamic.cells = cv_map_cells(sizeof cv_dynamic_shared);
    if (watching && !host_style && n_arguments && !regions[0].cells) give_cells_to_arguments();
    if (!shared_dynamic.base) shared_dynamic = (struct region){.cells = shared_dynamic.cells, .granule_shift = 2};
    uint32_t shift = shared_dynamic.granule_shift;
    shared_dynamic = (struct region){.base = cv_dynamic_shared, .bytes = dynamic_shared_bytes, .cells = shared_dynamic.cells,
        .granule_shift = shift, .kind = R_SHARED, .parameter = -1, .origin = cv_dynamic_shared, .element_bytes = 1};
    nothing_placed();
    cv_now.host_style = host_style; cv_now.in_kernel = 1; cv_now.acquired = 0;
    cv_now.launch_first = ++cv_now.stamp;
    launch_threads = 0;
}

void cv_new_block(void) {
    if (unset.region) report_unset();
    cv_now.block_first = cv_now.block_sync = ++cv_now.stamp;
    shared_static.valid_since = shared_dynamic.valid_since = shared_placed.valid_since = cv_now.stamp;
}

/* The whole grid has met: what came before comes before what follows. */
void cv_grid_met(void) {
    cv_settle();
    report_unset();
    cv_now.launch_first = ++cv_now.stamp;
}

struct kept_shared { struct region region[3]; size_t bytes[3]; };

/* The shared memory of the running block, with what is known about it, in new memory or that of `old`. */
void *cv_keep_shared(void *old) {
    struct region *now[3] = {&shared_static, &shared_dynamic, &shared_placed};
    struct kept_shared kept;
    size_t need = sizeof kept;
    for (int i = 0; i < 3; i++) {
        kept.region[i] = *now[i];
        kept.bytes[i] = now[i]->base ? (i == 2 ? placed_bytes : now[i]->bytes) : 0;
        need += kept.bytes[i] + (kept.bytes[i] >> now[i]->granule_shift) * sizeof(struct cell);
    }
    char *p = realloc(old, need), *to = p + sizeof kept;
    if (!p) cv_fail(CV_BAD_LAUNCH, "no memory for the blocks of a cooperative launch");
    memcpy(p, &kept, sizeof kept);
    for (int i = 0; i < 3; i++) {
        size_t cells = (kept.bytes[i] >> now[i]->granule_shift) * sizeof(struct cell);
        if (!kept.bytes[i]) continue;
        memcpy(to, now[i]->base, kept.bytes[i]);
        memcpy(to + kept.bytes[i], now[i]->cells, cells);
        to += kept.bytes[i] + cells;
    }
    return p;
}

/* A block goes on with its own. */
void cv_resume_shared(const void *from) {
    struct region *now[3] = {&shared_static, &shared_dynamic, &shared_placed};
    struct kept_shared kept;
    memcpy(&kept, from, sizeof kept);
    cv_new_block();
    const char *p = (const char *)from + sizeof kept;
    for (int i = 0; i < 3; i++) {
        size_t cells = (kept.bytes[i] >> kept.region[i].granule_shift) * sizeof(struct cell);
        if (!kept.bytes[i]) continue;
        *now[i] = kept.region[i];
        memcpy(now[i]->base, p, kept.bytes[i]);
        memcpy(now[i]->cells, p + kept.bytes[i], cells);
        p += kept.bytes[i] + cells;
    }
}

void cv_launch_done(void) {
    cv_settle();
    report_unset();
    cv_now.in_kernel = 0;
    if (report && launch_threads > report->active_threads) report->active_threads = launch_threads;
}

/* Called once per shared object: where its __shared__ variables live, and the filled gaps between them. */
void cv_shared_section(char *base, size_t bytes) {
    if (base == shared_static.base || !bytes) return;
    shared_static = (struct region){.base = base, .bytes = bytes, .cells = cv_map_cells(bytes), .granule_shift = 2,
                                    .kind = R_SHARED, .parameter = -1, .origin = base, .element_bytes = 1};
    static_pads = (uint8_t *)cv_map_cells(bytes / 64 + 1);
    for (size_t i = 0; i + PAD_BYTES <= bytes; i += 4) {
        size_t n = 0;
        while (n < PAD_BYTES / 4 && ((uint32_t *)(base + i))[n] == PAD_WORD) n++;
        if (n == PAD_BYTES / 4) memset(static_pads + i / 4, 1, n);
    }
}
