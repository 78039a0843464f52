/* CUDA grids on one CPU thread: blocks one after the other, the threads of a block as plain calls until one has to wait.
 *
 * Contract: cv_launch runs body(closure) once per thread with threadIdx & co. set. Threads run one after the other on one stack;
 * the first one that waits at a barrier keeps that stack and the rest go on from a fiber. So kernels without barriers cost a
 * call per thread, and nothing needs to be known about a kernel beforehand. A thread that has returned counts as arrived;
 * two different __syncthreads sites at once, or a warp operation that waits for lanes that wait elsewhere, is CV_DIVERGENCE.
 * Thread and block order: 0 forward, 1 reversed, k >= 2 a permutation seeded by k.
 */
#include "hooks.h"
#include "fibers.h"
#include "publications.h"
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 1024
#define MAX_RESIDENT 32768 /* threads of a launch that can wait for each other: what cudaGetDeviceProperties tells of the device */

struct uint3_ { uint32_t x, y, z; };
struct uint3_ cv_thread_idx, cv_block_idx, cv_block_dim = {1, 1, 1}, cv_grid_dim = {1, 1, 1};

enum state { RUNNING, READY, WAIT_BLOCK, WAIT_WARP, WAIT_GRID, FINISHED };
/* The same numbers in prelude_cuda.h. */
enum warp_op { OP_SYNC, OP_SHUFFLE, OP_SHUFFLE_UP, OP_SHUFFLE_DOWN, OP_SHUFFLE_XOR, OP_BALLOT, OP_ACTIVE, OP_MATCH };

#define NOT_TAKING_PART 0xfff8dead7fc0deadu /* what a shuffle reads from a lane that is not there: NaN as float and double */

struct thread {
    struct context where;         /* valid while it waits */
    enum state state;
    int wrote;
    uint32_t warp_sync, acquired;
    int op, weak, argument, width;
    uint32_t mask;
    uint64_t value, result;
};

int cv_order;
static int cooperative, grid_runs; /* whether the next launch may wait for its grid; whether this one may */
static struct thread threads[MAX_THREADS];
static struct { uint32_t alive, waiting; } warps[MAX_THREADS / 32];
static struct context fibers[MAX_RESIDENT], main_context;
static struct uint3_ coordinates[MAX_THREADS];
static uint16_t start_order[MAX_THREADS], ready[MAX_THREADS], free_fibers[MAX_RESIDENT];
static int n_fibers, n_free;
static struct {            /* the block that runs */
    void (*body)(void *);
    void *closure;
    int threads, next, alive, current, ready_head, ready_count, waiting, site, votes, at_grid;
    int count, all, any;   /* results of the last barrier with a predicate */
    uint32_t serial_base, acquired;
    uint32_t fenced;       /* stamp of the last __threadfence; 0: none yet */
} b;

void cv_set_order(int order) { cv_order = order < 0 ? 0 : order; }

/* Variables that a thread never set: their first value in a program compiled without automatic initialisation is what lies here. */
#define STALE_WORDS 512
static uint32_t stale[2 * STALE_WORDS];
static int stale_stacks;

void cv_stale_stacks(int on) {
    stale_stacks = on;
    if (!on || stale[0]) return;
    for (uint32_t i = 0, x = 1; i < 2 * STALE_WORDS; i++) {
        x = x * 1664525u + 1013904223u;
        stale[i] = i % 4 == 1 ? 0 : x ^ x >> 16; /* zero too: it stands for false */
    }
}

/* Fills the stack below the caller, where the thread's own frames will be: others in every thread, so that no one value suits by luck. */
__attribute__((noinline)) static void leave_stale(uint32_t serial) {
    uint32_t below[STALE_WORDS];
    memcpy(below, stale + serial * 7 % STALE_WORDS, sizeof below);
    __asm__ volatile("" : : "r"(below) : "memory");
}

static void become(int t) {
    struct thread *me = &threads[t];
    b.current = t;
    me->state = RUNNING;
    cv_thread_idx = coordinates[t];
    cv_now.serial = b.serial_base + (uint32_t)t;
    cv_now.warp_sync = me->warp_sync; cv_now.acquired = me->acquired; cv_now.wrote = me->wrote;
}

static void put_aside(void) { /* before another thread runs */
    cv_settle();
    threads[b.current].wrote = cv_now.wrote;
    threads[b.current].acquired = cv_now.acquired;
}

static void push_ready(int t) {
    threads[t].state = READY;
    ready[(b.ready_head + b.ready_count++) % MAX_THREADS] = (uint16_t)t;
}

/* ---- warp operations ---- */
static uint64_t shuffled(int w, int lane, uint32_t group) {
    const struct thread *me = &threads[w * 32 + lane];
    int width = me->width < 1 || me->width > 32 ? 32 : me->width, first = lane & ~(width - 1), last = first + width - 1, from = lane;
    switch (me->op) {
    case OP_SHUFFLE: from = first + (me->argument & (width - 1)); break;
    case OP_SHUFFLE_UP: from = lane - me->argument < first ? lane : lane - me->argument; break;
    case OP_SHUFFLE_DOWN: from = lane + me->argument > last ? lane : lane + me->argument; break;
    default: from = (lane ^ me->argument) > last ? lane : lane ^ me->argument;
    }
    return from >= 0 && from < 32 && (group >> from & 1) ? threads[w * 32 + from].value : NOT_TAKING_PART;
}

static void release_lanes(int w, uint32_t group) {
    uint64_t ballot = 0;
    uint32_t stamp = ++cv_now.stamp;
    for (int lane = 0; lane < 32; lane++) if (group >> lane & 1 && threads[w * 32 + lane].value) ballot |= 1u << lane;
    for (int lane = 0; lane < 32; lane++) {
        if (!(group >> lane & 1)) continue;
        struct thread *me = &threads[w * 32 + lane];
        uint64_t same = 0;
        if (me->op == OP_MATCH)
            for (int k = 0; k < 32; k++) if (group >> k & 1 && threads[w * 32 + k].value == me->value) same |= 1u << k;
        me->result = me->op == OP_BALLOT ? ballot | (uint64_t)group << 32 : me->op == OP_ACTIVE ? group : me->op == OP_MATCH ? same :
                     me->op == OP_SYNC ? 0 : shuffled(w, lane, group);
    }
    for (int lane = 0; lane < 32; lane++) if (group >> lane & 1) { threads[w * 32 + lane].warp_sync = stamp; push_ready(w * 32 + lane); }
    warps[w].waiting &= ~group;
}

/* Releases every group of lanes of warp w that is complete. */
static void settle_warp(int w) {
    uint32_t waiting = warps[w].waiting, left = waiting, alive = warps[w].alive;
    while (left) {
        const struct thread *first = &threads[w * 32 + __builtin_ctz(left)];
        uint32_t group = (first->weak ? ~0u : first->mask) & alive;
        left &= (left - 1) & ~group;
        if (group & ~waiting) continue;
        for (uint32_t rest = group; rest; rest &= rest - 1) {
            const struct thread *lane = &threads[w * 32 + __builtin_ctz(rest)];
            if (lane->op == first->op && lane->weak == first->weak && (lane->weak || lane->mask == first->mask)) continue;
            if (first->weak || lane->weak) { group = 0; break; }
            cv_fail(CV_DIVERGENCE, "lanes of one warp wait at different warp operations or with different masks");
        }
        if (group) release_lanes(w, group);
    }
}

/* Nothing can run. Operations without a mask take the lanes that are there; anything else is stuck for good. */
static void quiescent(void) {
    for (int w = 0; w * 32 < b.threads; w++) {
        uint32_t group = 0;
        int op = -1;
        for (uint32_t left = warps[w].waiting; left; left &= left - 1) {
            const struct thread *lane = &threads[w * 32 + __builtin_ctz(left)];
            if (lane->weak && (op < 0 || lane->op == op)) { op = lane->op; group |= left & -left; }
        }
        if (group) { release_lanes(w, group); return; }
    }
    if (b.at_grid) cv_fail(CV_DIVERGENCE, "some threads of a block wait for the grid, others wait elsewhere");
    cv_fail(CV_DIVERGENCE, b.waiting ? "some threads wait at __syncthreads, others at a warp operation for lanes that do not come"
                                     : "a warp operation waits for lanes that do not come");
}

/* ---- who runs next ---- */
static void run_unstarted(void);
void cv_leave(struct context *from);

static void fiber_main(void) {
    int self = free_fibers[n_free]; /* the slot that idle_fiber has just vacated still names this fiber */
    for (;;) {
        run_unstarted();
        free_fibers[n_free++] = (uint16_t)self;
        cv_leave(&fibers[self]);
    }
}

static struct context *idle_fiber(void) {
    if (!n_free) {
        if (n_fibers == MAX_RESIDENT) cv_fail(CV_BAD_LAUNCH, "more waiting threads than the emulation has stacks for");
        char *stack = fiber_stack(n_fibers < MAX_THREADS);
        if (!stack) cv_fail(CV_BAD_LAUNCH, "no memory for thread stacks");
        size_t shift = (size_t)n_fibers % 64 * 448; /* stacks that begin alike would share a few lines of the cache */
        context_make(&fibers[n_fibers], stack + FIBER_GUARD_BYTES, FIBER_STACK_BYTES - FIBER_GUARD_BYTES - shift, fiber_main);
        free_fibers[n_free++] = (uint16_t)n_fibers++;
    }
    return &fibers[free_fibers[--n_free]];
}

/* All threads of the block wait for the grid. */
static int all_at_grid(void) {
    if (!b.at_grid || b.at_grid != b.alive) return 0;
    if (b.alive != b.threads) cv_fail(CV_DIVERGENCE, "some threads of a block wait for the grid, others have left the kernel");
    return 1;
}

/* The running stack has nothing to do: goes on with a released thread, one not yet started, or the launch itself. */
void cv_leave(struct context *from) {
    for (;;) {
        struct context *to = NULL;
        if (b.ready_count) {
            int t = ready[b.ready_head];
            b.ready_head = (b.ready_head + 1) % MAX_THREADS;
            b.ready_count--;
            become(t);
            to = &threads[t].where;
        } else if (b.next < b.threads) to = idle_fiber();
        else if (!b.alive || all_at_grid()) to = &main_context;
        if (to && to != from) context_switch(from, to);
        if (to) return;
        quiescent();
    }
}

static void release_block(void) {
    int backwards = cv_order > 1 && (cv_now.stamp & 1);
    b.count = b.votes; b.any = b.votes > 0; b.all = b.votes == b.waiting;
    b.votes = b.waiting = 0;
    cv_now.block_sync = ++cv_now.stamp;
    for (int i = 0; i < b.threads; i++) {
        int t = start_order[backwards ? b.threads - 1 - i : i];
        if (threads[t].state != WAIT_BLOCK) continue;
        if (b.acquired) threads[t].acquired = b.acquired;
        push_ready(t);
    }
}

static void run_unstarted(void) {
    while (b.next < b.threads) {
        int t = start_order[b.next++];
        struct thread *me = &threads[t];
        me->wrote = 0;
        me->warp_sync = me->acquired = 0;
        become(t);
        if (stale_stacks) leave_stale(cv_now.serial);
        b.body(b.closure);
        t = b.current;
        cv_settle();
        threads[t].state = FINISHED;
        b.alive--;
        warps[t / 32].alive &= ~(1u << t % 32);
        if (b.waiting && b.waiting == b.alive) release_block();
        if (warps[t / 32].waiting) settle_warp(t / 32);
    }
}

/* ---- what prelude_cuda.h calls from inside kernels ---- */
int cv_barrier(int site, int predicate, int result) { /* result: 0 none, 1 count, 2 and, 3 or. site < 0 matches any */
    if (!cv_now.in_kernel) return predicate;
    struct thread *me = &threads[b.current];
    put_aside();
    if (b.waiting && site >= 0 && b.site >= 0 && site != b.site)
        cv_fail(CV_DIVERGENCE, "threads of one block wait at two different __syncthreads");
    b.site = site;
    b.votes += predicate != 0;
    me->state = WAIT_BLOCK;
    if (++b.waiting == b.alive) release_block();
    cv_leave(&me->where);
    return result == 1 ? b.count : result == 2 ? b.all : result == 3 ? b.any : 0;
}

void cv_grid_barrier(void) {
    if (!cv_now.in_kernel) return;
    if (!grid_runs) cv_fail(CV_BAD_LAUNCH, "a grid waits for itself that was not launched as a cooperative one");
    struct thread *me = &threads[b.current];
    put_aside();
    me->state = WAIT_GRID;
    b.at_grid++;
    cv_leave(&me->where);
}

void cv_cooperative(int on) { cooperative = on; }

uint64_t cv_warp(int op, uint32_t mask, uint64_t value, int argument, int width, int weak) {
    if (!cv_now.in_kernel) return value;
    int t = b.current, w = t / 32;
    struct thread *me = &threads[t];
    put_aside();
    if (!weak && !(mask >> t % 32 & 1)) cv_fail(CV_DIVERGENCE, "a lane calls a warp operation whose mask leaves it out");
    me->op = op; me->mask = mask; me->value = value; me->argument = argument; me->width = width; me->weak = weak;
    me->state = WAIT_WARP;
    warps[w].waiting |= 1u << t % 32;
    settle_warp(w);
    cv_leave(&me->where);
    return me->result;
}

void cv_atomic(void *address, size_t bytes) {
    cv_touch(address, bytes, CV_WRITE | CV_ATOMIC);
    if (!cv_now.in_kernel) return;
    cv_now.acquired = b.acquired = n_publications;
    if (b.fenced) publish(b.fenced);
}

/* Of whatever thread: a barrier between its fence and another thread's atomic passes it on, and without one the order in which that
 * other thread comes first shows the race. */
int cv_inside_kernel(void) { return cv_now.in_kernel; }
void cv_fence(void) { if (cv_now.in_kernel) b.fenced = ++cv_now.stamp; }

/* ---- launches ---- */
static uint64_t permuted(uint64_t i, uint64_t n, int seed) { /* the i-th of 0..n-1 in the order that seed asks for */
    if (seed == 0 || n < 2) return i;
    if (seed == 1) return n - 1 - i;
    uint64_t step = (uint64_t)seed * 2654435761u % n | 1, x = n, y = step;
    for (;; step += 2, x = n, y = step) {
        while (y) { uint64_t r = x % y; x = y; y = r; }
        if (x == 1) return (i * (step % n) + (uint64_t)seed * 40503u) % n;
    }
}

static void begin_block(uint64_t index) {
    cv_block_idx = (struct uint3_){(uint32_t)(index % cv_grid_dim.x), (uint32_t)(index / cv_grid_dim.x % cv_grid_dim.y),
                                   (uint32_t)(index / cv_grid_dim.x / cv_grid_dim.y)};
    b.serial_base = (uint32_t)(index * (uint64_t)b.threads);
    b.next = b.ready_head = b.ready_count = b.waiting = b.votes = b.at_grid = 0;
    b.alive = b.threads;
    b.acquired = b.fenced = 0;
    for (int w = 0; w * 32 < b.threads; w++) {
        int lanes = b.threads - w * 32;
        warps[w].alive = lanes >= 32 ? ~0u : (1u << lanes) - 1;
        warps[w].waiting = 0;
    }
    cv_new_block();
}

static void run_block(uint64_t index) {
    begin_block(index);
    run_unstarted();
    if (b.alive) cv_leave(&main_context);
}

/* ---- cooperative launches: blocks that wait for the grid are put aside with their shared memory ---- */
struct suspended { typeof(b) block; struct uint3_ index; struct thread *threads; typeof(warps[0]) warps[MAX_THREADS / 32]; void *shared; };

static void suspend_block(struct suspended *s) {
    size_t bytes = (size_t)b.threads * sizeof *threads;
    if (!s->threads) s->threads = malloc(bytes);
    if (!s->threads) cv_fail(CV_BAD_LAUNCH, "no memory for the blocks of a cooperative launch");
    memcpy(s->threads, threads, bytes);
    memcpy(s->warps, warps, sizeof warps);
    s->block = b;
    s->index = cv_block_idx;
    s->shared = cv_keep_shared(s->shared);
}

static void resume_block(struct suspended *s) {
    memcpy(threads, s->threads, (size_t)s->block.threads * sizeof *threads);
    memcpy(warps, s->warps, sizeof warps);
    b = s->block;
    cv_block_idx = s->index;
    cv_resume_shared(s->shared);
    b.at_grid = b.acquired = 0;
    for (int i = 0; i < b.threads; i++) {
        int t = start_order[i];
        threads[t].warp_sync = threads[t].acquired = 0;
        push_ready(t);
    }
}

static void run_grid(uint64_t blocks) {
    struct suspended *all = calloc(blocks, sizeof *all);
    if (!all) cv_fail(CV_BAD_LAUNCH, "no memory for the blocks of a cooperative launch");
    for (uint64_t round = 0, left = blocks; left; round++) {
        left = 0;
        for (uint64_t i = 0; i < blocks; i++) {
            struct suspended *s = &all[permuted(i, blocks, cv_order)];
            if (round) resume_block(s); else begin_block(permuted(i, blocks, cv_order));
            cv_leave(&main_context); /* every thread on a stack of its own */
            if (b.alive) { left++; suspend_block(s); }
        }
        if (left && left < blocks) cv_fail(CV_DIVERGENCE, "some blocks wait for the grid, others have left the kernel");
        if (left) cv_grid_met();
    }
    for (uint64_t i = 0; i < blocks; i++) { free(all[i].threads); free(all[i].shared); }
    free(all);
}

static const char *unfit(const uint32_t g[3], const uint32_t k[3], size_t shared) {
    if (!g[0] || !g[1] || !g[2] || !k[0] || !k[1] || !k[2]) return "a grid or block dimension is 0";
    if ((uint64_t)k[0] * k[1] > 1024 || (uint64_t)k[0] * k[1] * k[2] > 1024 || k[2] > 64) return "more than 1024 threads in a block";
    if (g[0] > 0x7fffffffu || g[1] > 65535 || g[2] > 65535) return "a grid dimension is over the limit";
    if (shared > CV_DYNAMIC_SHARED_MAX) return "more dynamic shared memory than a block can have";
    return NULL;
}

/* ---- limits of host code's launches: what cudaFuncSetAttribute allows; a kernel without a name is any kernel ---- */
static struct { const char *kernel; size_t bytes; } allowed[64];
static int n_allowed;

void cv_limits_reset(void) { n_allowed = 0; }

/* Returns a cudaError_t: 1 where no block has so much. */
int cv_allow_shared(const char *kernel, size_t bytes) {
    if (bytes > CV_DYNAMIC_SHARED_MAX) return 1;
    if (n_allowed < 64) { allowed[n_allowed].kernel = kernel; allowed[n_allowed++].bytes = bytes; }
    return 0;
}

/* The cudaError_t of a launch that asks for more than its kernel may have, else 0. most_threads: its __launch_bounds__, or 0. */
int cv_over_limits(const char *kernel, size_t static_bytes, size_t most_threads, size_t threads, size_t shared_bytes) {
    size_t most = static_bytes < CV_SHARED_WITHOUT_ASKING ? CV_SHARED_WITHOUT_ASKING - static_bytes : 0;
    for (int i = 0; i < n_allowed; i++)
        if ((!kernel || !allowed[i].kernel || !strcmp(kernel, allowed[i].kernel)) && allowed[i].bytes > most) most = allowed[i].bytes;
    return shared_bytes > most || static_bytes + shared_bytes > CV_DYNAMIC_SHARED_MAX || (most_threads && threads > most_threads);
}

/* Runs a grid. Returns a cudaError_t: a launch from host code that does not fit is not run, as on a device; a launch that the
 * engine chose itself (host_style 0) is a finding. */
int cv_launch(const uint32_t grid[3], const uint32_t block[3], size_t shared_bytes, void (*body)(void *), void *closure, int host_style) {
    if (cv_now.in_kernel) cv_fail(CV_BAD_LAUNCH, "a kernel launches a kernel");
    const char *why = unfit(grid, block, shared_bytes);
    if (why && !host_style) cv_fail(CV_BAD_LAUNCH, why);
    if (why) return 9;
    uint64_t grid_blocks = (uint64_t)grid[0] * grid[1] * grid[2]; /* below 2^63 */
    if (grid_blocks >= (1u << 29) / ((uint64_t)block[0] * block[1] * block[2])) {
        char text[96];
        snprintf(text, sizeof text, "a grid of %llu blocks is more than is tried", (unsigned long long)grid_blocks);
        cv_fail(CV_TOO_LARGE, text);
    }
    if (cooperative && (uint64_t)grid[0] * grid[1] * grid[2] * block[0] * block[1] * block[2] > MAX_RESIDENT) {
        if (!host_style) cv_fail(CV_BAD_LAUNCH, "more threads than can wait for each other");
        return 720;
    }
    cv_grid_dim = (struct uint3_){grid[0], grid[1], grid[2]};
    cv_block_dim = (struct uint3_){block[0], block[1], block[2]};
    b.threads = (int)(block[0] * block[1] * block[2]);
    b.body = body; b.closure = closure;
    for (int i = 0; i < 3; i++) { cv_launch_now.grid[i] = grid[i]; cv_launch_now.block[i] = block[i]; }
    cv_launch_now.threads_per_block = (uint32_t)b.threads;
    for (int t = 0; t < b.threads; t++) {
        uint32_t r = (uint32_t)t / block[0];
        coordinates[t] = (struct uint3_){(uint32_t)t % block[0], r % block[1], r / block[1]};
        start_order[t] = (uint16_t)permuted((uint64_t)t, (uint64_t)b.threads, cv_order);
    }
    n_publications = 0;
    cv_new_launch(host_style, shared_bytes);
    uint64_t blocks = (uint64_t)grid[0] * grid[1] * grid[2];
    grid_runs = cooperative;
    if (cooperative) run_grid(blocks);
    else for (uint64_t i = 0; i < blocks; i++) run_block(permuted(i, blocks, cv_order));
    cv_launch_done();
    return 0;
}
