/* Device memory of emulated host code: cudaMalloc & co. as prelude_cuda.h calls them, and the __device__ variables.
 *
 * Contract: functions return a cudaError_t number (0, 1 invalid value, 2 out of memory) and do nothing on error, as a device
 * does. Device memory is filled with a NaN-like pattern and watched: host code must not touch it, kernels must not read it before
 * it is written. Every call of a program starts with an empty heap and, unless told otherwise, its __device__ variables as they were loaded.
 */
#include "hooks.h"
#include "offload.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096
#define POISON 0xfff8dead7fc0deadu
#define ONES 0x0000000100000001u   /* in one order of threads: a flag that nobody cleared is then set */
#define MAX_ALLOCATIONS 200

static char *reserved, *heap; static size_t reserved_bytes, heap_bytes, heap_used; /* the heap and what no program may touch on both sides */
static struct allocation { char *base; size_t pages_bytes; struct region *region; struct cell *cells; size_t n_cells; } live[MAX_ALLOCATIONS];
static struct section { char *base; size_t bytes; char *initial; struct cell *cells; } sections[32];
static int last_error;

static int reserve(void) {
    for (size_t bytes = (size_t)1 << 30; bytes >= (size_t)1 << 24 && !heap; bytes /= 2) {
        void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p != MAP_FAILED) { reserved = p; reserved_bytes = bytes; heap = reserved + bytes / 4; heap_bytes = bytes / 2; }
    }
    if (heap) cv_device_heap_is(reserved, reserved_bytes);
    return heap != NULL;
}

static void give_up(struct allocation *a) {
    if (a->region) cv_unwatch(a->region);
    munmap(a->cells, a->n_cells * sizeof(struct cell));
    madvise(a->base, a->pages_bytes, MADV_DONTNEED);
    mprotect(a->base, a->pages_bytes, PROT_NONE);
    *a = (struct allocation){0};
}

void cv_device_reset(void) {
    for (int i = 0; i < MAX_ALLOCATIONS; i++) if (live[i].base) { live[i].region = NULL; give_up(&live[i]); }
    heap_used = 0;
    last_error = 0;
    cv_limits_reset();
    cv_streams_reset();
}

static int fail(int error) { return last_error = error; }

int cv_cuda_error(int clear) { int e = last_error; if (clear) last_error = 0; return e; }
void cv_cuda_set_error(int error) { if (error) last_error = error; }

/* where: 0 on the device, 1 managed, 2 pinned host memory. */
int cv_cuda_malloc(void **out, size_t bytes, int where) {
    *out = NULL;
    if (!bytes) return 0;
    if ((!heap && !reserve()) || bytes > heap_bytes) return fail(2);
    size_t need = (bytes + PAGE - 1) / PAGE * PAGE + PAGE;
    int slot = 0;
    while (slot < MAX_ALLOCATIONS && live[slot].base) slot++;
    if (slot == MAX_ALLOCATIONS || need > heap_bytes - heap_used) return fail(2);
    struct allocation *a = &live[slot];
    a->base = heap + heap_used; a->pages_bytes = need;
    heap_used += need;
    if (mprotect(a->base, need - PAGE, PROT_READ | PROT_WRITE)) { a->base = NULL; return fail(2); }
    for (size_t i = 0; i < need - PAGE; i += 8) *(uint64_t *)(a->base + i) = cv_order == 1 ? ONES : POISON;
    a->n_cells = bytes + 1; /* enough for bytes as granules */
    a->cells = cv_map_cells(a->n_cells);
    a->region = cv_watch(a->base, bytes, 4, where == 2 ? R_PINNED : where ? R_MANAGED : R_DEVICE_HEAP, a->cells);
    a->region->valid_since = where == 2 ? 0 : ++cv_now.stamp; /* host code need not be seen to fill host memory */
    *out = a->base;
    return 0;
}

int cv_cuda_free(void *p) {
    if (!p) return 0;
    for (int i = 0; i < MAX_ALLOCATIONS; i++)
        if (live[i].base == p) {
            if ((char *)p + live[i].pages_bytes == heap + heap_used) heap_used -= live[i].pages_bytes; /* the last one: use it again */
            give_up(&live[i]);
            return 0;
        }
    return fail(1);
}

int cv_pinned_free(void *p) { return cv_cuda_free(p); }

/* -1 host, 1 device, 0 either (managed). */
static int side(const void *p) {
    const struct region *r = cv_region_of(p);
    if (heap && (size_t)((const char *)p - reserved) < reserved_bytes && !r) cv_fail(CV_OUT_OF_BOUNDS, "device memory that is not allocated is used");
    return !r || r->kind == R_ARGUMENT || r->kind == R_PINNED ? -1 : r->kind == R_MANAGED ? 0 : 1;
}

/* Bytes of a copy that lie in the argument at p (offload.c: cv_held). The device memory beyond counts as set but keeps its
 * pattern, so that a result that depends on it is wrong, and it is not copied back. */
static size_t inside_argument(const void *p, size_t bytes) {
    const struct region *r = cv_region_of(p);
    return r && r->kind == R_ARGUMENT ? cv_held(p, bytes) : bytes;
}

/* Does the host go on only when the copy is done? Also an asynchronous one to pageable memory, and no copy within the device. */
static int host_waits_for(const void *to, int to_side, int from_side, int async) {
    const struct region *r = cv_region_of(to);
    if (async) return to_side < 0 && !(r && r->kind == R_PINNED);
    return to_side <= 0 || from_side <= 0;
}

/* kind: 0 host to host, 1 host to device, 2 device to host, 3 device to device, 4 by the pointers. */
int cv_cuda_memcpy(void *to, const void *from, size_t bytes, int kind, size_t stream, int async) {
    if (!bytes) return 0;
    int to_side = side(to), from_side = side(from);
    if (kind < 0 || kind > 4) return fail(21);
    if (kind < 4 && (to_side * (kind & 1 ? 1 : -1) < 0 || from_side * (kind & 2 ? 1 : -1) < 0)) return fail(1);
    size_t inside = inside_argument(from_side < 0 ? from : to, bytes);
    if (to_side < 0 && inside < bytes && cv_any_set((const char *)from + inside, bytes - inside)) inside = bytes;
    cv_range(from, from_side < 0 ? inside : bytes, 0);
    cv_range(to, to_side < 0 ? inside : bytes, CV_WRITE);
    cv_stream_begin(stream);
    cv_copied_range(from, inside, 0);
    cv_copied_range(to, inside, CV_WRITE);
    memmove(to, from, inside);
    cv_written_by_host(to, inside, 1, cv_now.stamp);
    if (to_side >= 0) cv_written_by_host((char *)to + inside, bytes - inside, 0, cv_now.stamp);
    cv_stream_end(host_waits_for(to, to_side, from_side, async));
    return 0;
}

int cv_cuda_memset(void *to, int value, size_t bytes, size_t stream, int async) {
    if (!bytes) return 0;
    if (side(to) < 0) return fail(1);
    cv_range(to, bytes, CV_WRITE);
    cv_stream_begin(stream);
    cv_copied_range(to, bytes, CV_WRITE);
    memset(to, value, bytes);
    cv_written_by_host(to, bytes, 1, cv_now.stamp);
    cv_stream_end(!async && side(to) == 0);
    return 0;
}

/* Called by a shim before each call: watches the __device__ and __constant__ variables of its shared object, or its __managed__
 * ones, `fresh` as they were loaded. */
void cv_device_section(char *base, size_t bytes, int fresh, int managed) {
    int i = 0;
    if (!bytes) return;
    while (i < 31 && sections[i].base && sections[i].base != base) i++;
    struct section *s = &sections[i];
    if (!s->base) {
        s->initial = malloc(bytes);
        if (!s->initial) cv_fail(CV_BAD_LAUNCH, "no memory for device variables");
        memcpy(s->initial, base, bytes);
        s->base = base; s->bytes = bytes;
        s->cells = cv_map_cells(bytes + 1);
    } else if (fresh) memcpy(base, s->initial, s->bytes);
    cv_watch(base, bytes, 4, managed ? R_MANAGED : R_DEVICE_VARIABLE, s->cells);
}
