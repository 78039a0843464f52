/* Happens-before over shadow cells: which two accesses of a launch are not ordered. Included by hooks.c only.
 *
 * Blocks run one at a time, so a stamp tells the block of an access apart without storing it. Accesses of two blocks are
 * never ordered within a launch (except through __threadfence + atomic, see `published`); accesses of one block are ordered
 * by __syncthreads (block_sync) and, within a warp, by warp barriers and shuffles (warp_sync). The cell keeps one reader and
 * how far apart the readers since the last barrier were: enough to know that *some* other thread read.
 */
#ifndef CV_SHADOW_H
#define CV_SHADOW_H
#include "hooks.h"

#define SERIAL 0x1fffffffu
#define ATOMIC_BIT 0x80000000u
enum spread { ONE = 0, WARP = 1, BLOCK = 2, GRID = 3 };

static inline int same_warp(uint32_t a, uint32_t b) {
    uint32_t n = cv_launch_now.threads_per_block;
    return a / n == b / n && (a % n) / 32 == (b % n) / 32;
}

/* Did another block's access at `stamp` reach this thread? */
static inline int published(uint32_t stamp, int write) {
    uint32_t low = 0, high = cv_now.acquired; /* entries before `low` begin no later than the stamp */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (cv_publications[middle].block_first <= stamp) low = middle + 1; else high = middle;
    }
    return low && stamp < (write ? cv_publications[low - 1].writes_before : cv_publications[low - 1].reads_before);
}

static inline int unfinished(uint32_t stamp) { return stamp - cv_now.unfinished_since < cv_now.unfinished_span && cv_unfinished(stamp); }

/* Before the life of the memory began: for all but shared memory, was that another stream's work that nobody waited for? */
static inline int ordered_before(uint32_t since, uint32_t stamp) { return since != cv_now.launch_first || !unfinished(stamp); }

/* Is an access of thread `other` at `stamp` ordered before what thread cv_now.serial does now? `since` is where the life of the
 * memory began: the launch, or the block for shared memory. */
static inline int ordered(uint32_t since, uint32_t stamp, uint32_t other, int write) {
    if (stamp < since) return ordered_before(since, stamp);
    if (other == cv_now.serial) return 1;
    if (stamp < cv_now.block_first) return published(stamp, write);
    if (stamp < cv_now.block_sync) return 1;
    return same_warp(other, cv_now.serial) && stamp < cv_now.warp_sync;
}

/* The same for the readers that a cell remembers. */
static inline int readers_ordered(uint32_t since, const struct cell *c) {
    uint32_t stamp = c->read_stamp, other = c->reader & SERIAL;
    if (stamp < since) return ordered_before(since, stamp);
    switch ((enum spread)(c->reader >> 30)) {
    case ONE: return ordered(since, stamp, other, 0);
    case WARP: return (stamp >= cv_now.block_first && stamp < cv_now.block_sync) ||
                      (same_warp(other, cv_now.serial) && stamp < cv_now.warp_sync);
    case BLOCK: return stamp >= cv_now.block_first && stamp < cv_now.block_sync;
    default: return published(stamp, 0);
    }
}

/* A cell remembers one reader, and a race needs another one's name: who read a place before that reader did. Of two places that
 * share an entry only the later one is kept. */
#define BESIDE 4096
static struct { const struct cell *cell; uint32_t reader, stamp; } beside[BESIDE];

static inline size_t beside_place(const struct cell *c) { return (uintptr_t)c / sizeof *c % BESIDE; }

/* A reader of the cell since `since` other than `own`; `own` where none is known. */
static inline uint32_t reader_beside(const struct cell *c, uint32_t own, uint32_t since) {
    uint32_t reader = c->reader & SERIAL;
    size_t i = beside_place(c);
    if (reader != own) return reader;
    return beside[i].cell == c && beside[i].stamp >= since ? beside[i].reader : own;
}

static inline void note_read(uint32_t since, struct cell *c) {
    uint32_t stamp = c->read_stamp, other = c->reader & SERIAL, spread = c->reader >> 30;
    if (stamp < since) spread = ONE;
    else if (stamp < cv_now.block_first) spread = spread < GRID && published(stamp, 0) ? ONE : GRID;
    else if (spread < GRID) {
        if (stamp < cv_now.block_sync) spread = ONE;
        else if (other != cv_now.serial) {
            if (!same_warp(other, cv_now.serial)) spread = BLOCK;
            else if (spread <= WARP) spread = stamp < cv_now.warp_sync ? ONE : WARP;
        }
    }
    if (spread != ONE && other != cv_now.serial && stamp >= since) {
        size_t i = beside_place(c);
        beside[i].cell = c; beside[i].reader = other; beside[i].stamp = stamp;
    }
    c->reader = cv_now.serial | spread << 30;
    c->read_stamp = cv_now.stamp;
}
#endif
