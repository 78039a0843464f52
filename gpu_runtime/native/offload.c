/* A device for OpenMP target regions whose memory is not the host's, without a device: g++'s calls of libgomp end up here.
 *
 * Contract: artifacts of the dialect `openmp-target` are linked with --wrap for the names below (units.py). A target region runs on
 * host threads, on copies: what `map` names is copied when it is mapped, with the reference counts of OpenMP 5, and copied back
 * when its count comes to zero and `from` is among what was asked for. Fresh device memory holds a pattern and is followed by an
 * inaccessible page, what was not mapped is an inaccessible pointer, and the host's arrays are watched (hooks.c: RECORDED). So a
 * forgotten, too short or one-way map shows as it would on a device. What cannot be judged here ends in CV_UNJUDGED.
 *
 *     pytest tests/gpu_runtime/test_offload.py
 */
#define _GNU_SOURCE
#include "offload.h"
#include "hooks.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, MOST_MAPPED = 128, MOST_SCOPES = 16, MOST_ENTRIES = 128, SCANNED_BYTES = 1 << 16 };
enum { KIND = 255, TO = 1, FROM = 2, TOFROM = 3, DELETE = 7, FIRSTPRIVATE = 12, FIRSTPRIVATE_INT = 13, ZERO_LENGTH = 15, ALWAYS = 16,
       RELEASE = 23, DELETE_ZERO_LENGTH = 31, ATTACH = 80, DETACH = 81, ATTACH_ZERO_LENGTH = 82, IMPLICIT = 96 }; /* as g++ 12 and 13 number them */
enum { NOWAIT = 1, EXIT_DATA = 2, FIRST_DEVICE = 0, ANY_DEVICE = -1 };

struct mapping { char *host, *device, *body; size_t bytes, held_bytes, body_bytes; unsigned refs; unsigned char pattern; struct region *watched; };
struct entry { struct mapping *m; char *host; size_t bytes; unsigned kind; };
struct scope { struct entry entries[MOST_ENTRIES]; size_t n; };

int cv_in_target, cv_offloaded, cv_team;
static struct mapping mapped[MOST_MAPPED];
static struct scope scopes[MOST_SCOPES];
static int n_scopes, n_teams;
static char *unmapped_page; /* where pointers lead that the region was given without a map */
static struct cv_report *report;
static const struct cv_arguments *arguments; /* of the call that runs */

#pragma weak cv_range
#pragma weak cv_watch
#pragma weak cv_unwatch
extern int omp_get_max_threads(void), omp_in_parallel(void);

__attribute__((noreturn, format(printf, 2, 3))) static void stop(int finding, const char *words, ...) {
    va_list rest;
    va_start(rest, words);
    report->finding = finding; report->parameter = -1;
    vsnprintf(report->text, sizeof report->text, words, rest);
    va_end(rest);
    cv_stop();
}

/* ---- the call's arrays -------------------------------------------------------------------------------------------------- */

/* Whether `elements` is a product of `factors` sizes of the call, of which each may be a few more or less: with a border on both
 * sides, or without. */
static int is_a_product(int64_t elements, int factors) {
    if (factors == 0) return elements == 1;
    for (int i = 0; i < arguments->n_sizes; i++) {
        int64_t own = arguments->sizes[i];
        if (own < -1 || own - 2 > elements) continue; /* far from any factor; the ends of the type overflow below */
        for (int64_t size = own - 2; size <= own + 2; size++)
            if (size > 0 && elements % size == 0 && is_a_product(elements / size, factors - 1)) return 1;
    }
    return 0;
}

/* Whether an array may well have that many elements: as many as another one, as the call says, or as a product of two or three
 * sizes. A call that says no size says nothing about it. */
static int is_a_size(int64_t elements) {
    for (int i = 0; i < arguments->n_arrays; i++)
        if (elements == (int64_t)(arguments->arrays[i].window_bytes / arguments->arrays[i].element_bytes)) return 1;
    for (int i = 0; i < arguments->n_sizes; i++) if (arguments->sizes[i] == elements) return 1;
    return !arguments->n_sizes || is_a_product(elements, 2) || is_a_product(elements, 3);
}

/* Bytes of a copy, or of a map, that the argument there holds. The extents of a test are what the source touches, which may be
 * less than what a translation copies: beyond them nothing is known and nothing is copied, the device's memory there keeps its
 * pattern. A copy of what is no size of the call goes past the array. */
size_t cv_held(const char *host, size_t bytes) {
    for (int i = 0; arguments && i < arguments->n_arrays; i++) {
        const struct cv_buffer *array = &arguments->arrays[i];
        size_t before = (size_t)(host - array->window);
        if (before >= (array->window_bytes ? array->window_bytes : 1)) continue;
        size_t end = before + bytes;
        return end > array->window_bytes && is_a_size((int64_t)(end / array->element_bytes)) ? array->window_bytes - before : bytes;
    }
    return bytes;
}

/* ---- device memory ---------------------------------------------------------------------------------------------------- */

static void *pages(size_t bytes, int protection) {
    void *p = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) stop(CV_BAD_LAUNCH, "no memory left for what is mapped");
    return p;
}

/* Two patterns, of either sign, so that no test passes by what fresh memory happens to hold. */
static unsigned char pattern_now(void) { return omp_get_max_threads() & 1 ? 0xcb : 0x4b; }

static struct mapping *allocate(char *host, size_t bytes, unsigned alignment) {
    struct mapping *m = mapped;
    while (m < mapped + MOST_MAPPED && m->body) m++;
    if (m == mapped + MOST_MAPPED) stop(CV_UNJUDGED, "more than %d arrays are mapped at once", MOST_MAPPED);
    size_t body = (bytes + alignment + PAGE - 1) / PAGE * PAGE;
    char *begin = (char *)pages(body + 2 * PAGE, PROT_NONE) + PAGE;
    if (mprotect(begin, body, PROT_READ | PROT_WRITE)) stop(CV_BAD_LAUNCH, "no memory left for what is mapped");
    *m = (struct mapping){.host = host, .bytes = bytes, .held_bytes = host ? cv_held(host, bytes) : 0, .body = begin, .body_bytes = body, .pattern = pattern_now()};
    m->device = begin + (body - bytes) / alignment * alignment;
    memset(begin, m->pattern, body);
    if (cv_watch && host) m->watched = cv_watch(m->device, bytes, alignment, R_OFFLOADED, NULL);
    return m;
}

static void release(struct mapping *m) {
    if (m->watched) cv_unwatch(m->watched);
    for (char *p = m->body; p < m->body + m->body_bytes; p++)
        if ((p < m->device || p >= m->device + m->bytes) && (unsigned char)*p != m->pattern)
            stop(CV_OUT_OF_BOUNDS, "the target region writes beside what is mapped, %lld bytes from its beginning", (long long)(p - m->device));
    munmap(m->body - PAGE, m->body_bytes + 2 * PAGE);
    m->body = NULL;
}

static struct mapping *mapping_of(const char *host, size_t all_bytes) {
    size_t bytes = cv_held(host, all_bytes);
    for (struct mapping *m = mapped; m < mapped + MOST_MAPPED; m++) {
        if (!m->body || !m->host || host >= m->host + m->held_bytes || host + (bytes ? bytes : 1) <= m->host) continue;
        if (host < m->host || host + all_bytes > m->host + m->bytes)
            stop(CV_OUT_OF_BOUNDS, "only part of what is mapped here was mapped before (%zu bytes, then %zu): no run-time extends it", m->bytes, all_bytes);
        return m;
    }
    return NULL;
}

/* Whether these bits are the address of something in this process: on a device they would lead nowhere. */
static int is_host_pointer(uint64_t bits) {
    return bits >> 40 && !(bits >> 47) && madvise((void *)(uintptr_t)(bits / PAGE * PAGE), PAGE, MADV_NORMAL) == 0;
}

static void no_host_pointers(const char *data, size_t bytes) {
    uint64_t word;
#ifdef CV_SANITIZER
    return; /* what the compiler puts in for its checks is mapped too, and holds pointers; every target is run without it as well */
#endif
    for (size_t i = 0; i + sizeof word <= bytes && i < SCANNED_BYTES; i += sizeof word) {
        memcpy(&word, data + i, sizeof word);
        if (is_host_pointer(word)) stop(CV_UNJUDGED, "a host pointer is handed to the target region inside a value: what it leads to is not on the device");
    }
}

static void to_device(struct mapping *m, char *host, size_t all_bytes) {
    size_t bytes = cv_held(host, all_bytes);
    if (cv_range) cv_range(host, bytes, 0);
    memcpy(m->device + (host - m->host), host, bytes);
    no_host_pointers(host, bytes);
}

static void to_host(struct mapping *m, char *host, size_t all_bytes) {
    size_t bytes = cv_held(host, all_bytes);
    const char *device = m->device + (host - m->host);
    for (size_t i = bytes; i < all_bytes; i++)
        if ((unsigned char)device[i] != m->pattern) bytes = all_bytes; /* what the region wrote there goes past the array */
    if (cv_range) cv_range(host, bytes, CV_WRITE);
    if (memcmp(host, device, bytes)) memcpy(host, device, bytes); /* constants cannot be written */
}

/* ---- mapping ------------------------------------------------------------------------------------------------------------ */

static void plain_only(int device, unsigned flags, void **depend) {
    if (device != ANY_DEVICE && device != FIRST_DEVICE) stop(CV_UNJUDGED, "the program chooses its device: that cannot be judged without one");
    if ((flags & NOWAIT) || depend) stop(CV_UNJUDGED, "a target construct that is not waited for cannot be judged here");
    if (omp_in_parallel() || cv_in_target) stop(CV_UNJUDGED, "a target construct inside a parallel or target region cannot be judged here");
}

static unsigned kind_of(unsigned short kind) { unsigned what = kind & KIND; return (what & IMPLICIT) == IMPLICIT ? what & ~(unsigned)IMPLICIT : what; }

static struct entry map_one(char *host, size_t bytes, unsigned short kind) {
    unsigned what = kind_of(kind);
    struct mapping *m = mapping_of(host, bytes);
    int fresh = m == NULL;
    if (fresh) m = allocate(host, bytes, 1u << (kind >> 8));
    m->refs++;
    if ((what & TO) && (fresh || (what & ALWAYS))) to_device(m, host, bytes);
    return (struct entry){m, host, bytes, what};
}

static void unmap_one(const struct entry *e) {
    if ((e->kind & FROM) && (e->m->refs == 1 || (e->kind & ALWAYS))) to_host(e->m, e->host, e->bytes);
    if (--e->m->refs == 0) release(e->m);
}

static int is_map(unsigned what) { return (what & ~(unsigned)ALWAYS) <= TOFROM && what != ALWAYS; }

/* Pointers of the host that are mapped themselves would be made to lead to the device: not done here. */
static int attaches(const char *host, unsigned what) {
    if (what != ATTACH && what != DETACH && what != ATTACH_ZERO_LENGTH) return 0;
    if (mapping_of(host, sizeof(void *))) stop(CV_UNJUDGED, "a pointer is mapped together with what it points to: that is not judged here");
    return 1;
}

static void *zero_length(const char *host) {
    struct mapping *m = mapping_of(host, 0);
    if (m) return m->device + (host - m->host);
    if (!unmapped_page) unmapped_page = pages(PAGE, PROT_NONE);
    return unmapped_page;
}

static void enter(struct scope *s, size_t n, void **hosts, size_t *sizes, unsigned short *kinds, void **devices) {
    if (n > MOST_ENTRIES) stop(CV_UNJUDGED, "more than %d items are mapped at once", MOST_ENTRIES);
    s->n = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned what = kind_of(kinds[i]);
        void *at = hosts[i];
        if (attaches(hosts[i], what)) continue;
        if (what == FIRSTPRIVATE_INT && devices) no_host_pointers((char *)&hosts[i], sizeof hosts[i]);
        else if (what == FIRSTPRIVATE && devices) {
            struct mapping *m = allocate(NULL, sizes[i], 1u << (kinds[i] >> 8));
            m->refs = 1;
            no_host_pointers(hosts[i], sizes[i]);
            at = memcpy(m->device, hosts[i], sizes[i]);
            s->entries[s->n++] = (struct entry){m, NULL, 0, 0};
        } else if (what == ZERO_LENGTH || (is_map(what) && !sizes[i])) at = zero_length(hosts[i]);
        else if (is_map(what)) {
            s->entries[s->n++] = map_one(hosts[i], sizes[i], kinds[i]);
            struct mapping *m = s->entries[s->n - 1].m;
            at = m->device + ((char *)hosts[i] - m->host);
        } else stop(CV_UNJUDGED, "this form of map is not judged here (kind %u)", what);
        if (devices) devices[i] = at;
    }
}

/* In the order of the maps, as libgomp does it: of two names for one array the last one decides whether it comes back. */
static void leave(struct scope *s) {
    for (size_t i = 0; i < s->n; i++) unmap_one(&s->entries[i]);
    s->n = 0;
}

static void exit_data(char *host, size_t bytes, unsigned what) {
    struct mapping *m;
    if (attaches(host, what) || !(m = mapping_of(host, what == ZERO_LENGTH || what == DELETE_ZERO_LENGTH ? 0 : bytes))) return;
    if (what == DELETE || what == DELETE_ZERO_LENGTH) m->refs = 1;
    else if (what != RELEASE && what != ZERO_LENGTH && (what & ~(unsigned)ALWAYS) != FROM) stop(CV_UNJUDGED, "this form of exit data is not judged here (kind %u)", what);
    int from = what == FROM || what == (ALWAYS | FROM);
    unmap_one(&(struct entry){m, host, bytes, from ? what : 0});
}

/* ---- what g++ calls (linked with --wrap) --------------------------------------------------------------------------------- */

void __wrap_GOMP_target_ext(int device, void (*fn)(void *), size_t n, void **hosts, size_t *sizes, unsigned short *kinds, unsigned flags,
                            void **depend, void **arguments) {
    static struct scope own;
    static void *devices[MOST_ENTRIES];
    (void)arguments;
    plain_only(device, flags, depend);
    enter(&own, n, hosts, sizes, kinds, devices);
    cv_in_target = cv_offloaded = 1;
    fn(devices);
    cv_in_target = 0;
    leave(&own);
}

void __wrap_GOMP_target_data_ext(int device, size_t n, void **hosts, size_t *sizes, unsigned short *kinds) {
    plain_only(device, 0, NULL);
    if (n_scopes == MOST_SCOPES) stop(CV_UNJUDGED, "more than %d nested data regions", MOST_SCOPES);
    enter(&scopes[n_scopes++], n, hosts, sizes, kinds, NULL);
}

void __wrap_GOMP_target_end_data(void) { if (n_scopes) leave(&scopes[--n_scopes]); }

void __wrap_GOMP_target_update_ext(int device, size_t n, void **hosts, size_t *sizes, unsigned short *kinds, unsigned flags, void **depend) {
    plain_only(device, flags, depend);
    for (size_t i = 0; i < n; i++) {
        unsigned what = kind_of(kinds[i]);
        if (what == ZERO_LENGTH || !sizes[i]) continue;
        if (what != TO && what != FROM) stop(CV_UNJUDGED, "this form of update is not judged here (kind %u)", what);
        struct mapping *m = mapping_of(hosts[i], sizes[i]);
        if (m && what == TO) to_device(m, hosts[i], sizes[i]);
        if (m && what == FROM) to_host(m, hosts[i], sizes[i]);
    }
}

void __wrap_GOMP_target_enter_exit_data(int device, size_t n, void **hosts, size_t *sizes, unsigned short *kinds, unsigned flags, void **depend) {
    static struct scope kept; /* what is entered stays: its count is what exit data finds */
    plain_only(device, flags, depend);
    if (!(flags & EXIT_DATA)) { enter(&kept, n, hosts, sizes, kinds, NULL); return; }
    for (size_t i = 0; i < n; i++) exit_data(hosts[i], sizes[i], kind_of(kinds[i]));
}

/* Teams one after the other; several of them, so that a league of one is not what is tested. Races between them: program_races.h. */
bool __wrap_GOMP_teams4(unsigned low, unsigned high, unsigned threads, bool first) {
    (void)low; (void)threads;
    if (first) { n_teams = high ? (int)high : omp_get_max_threads() > 1 ? 3 : 1; cv_team = 0; return true; }
    if (++cv_team < n_teams) return true;
    cv_team = n_teams = 0;
    return false;
}
int __wrap_omp_get_team_num(void) { return cv_team; }
int __wrap_omp_get_num_teams(void) { return n_teams ? n_teams : 1; }

/* ---- round one call ------------------------------------------------------------------------------------------------------- */

void cv_offload_begin(struct cv_report *r, const struct cv_arguments *all) {
    report = r; arguments = all;
    cv_in_target = cv_offloaded = 0; n_scopes = cv_team = n_teams = 0;
    for (struct mapping *m = mapped; m < mapped + MOST_MAPPED; m++)
        if (m->body) { munmap(m->body - PAGE, m->body_bytes + 2 * PAGE); m->body = NULL; }
}

void cv_offload_end(void) {
    int left = 0;
    for (struct mapping *m = mapped; m < mapped + MOST_MAPPED; m++) left += m->body != NULL;
    if (left) stop(CV_BAD_LAUNCH, "%d mapped item%s left on the device when the function returns: the next call would find old values", left, left == 1 ? " is" : "s are");
}

const char *cv_offload_fault(const char *address) {
    if (unmapped_page && (size_t)(address - unmapped_page) < PAGE) return "the target region uses an array that is not mapped";
    for (struct mapping *m = mapped; m < mapped + MOST_MAPPED; m++)
        if (m->body && (size_t)(address - (m->body - PAGE)) < m->body_bytes + 2 * PAGE) return "the target region leaves what is mapped";
    return NULL;
}
