/* How a finding is put into words and into the report, and how it ends the call. Part of hooks.c, which alone includes it. */
#ifndef CV_FINDINGS_H
#define CV_FINDINGS_H

static int64_t element_of(const struct region *r, size_t offset) {
    int64_t delta = (r->base + offset) - r->origin, size = r->element_bytes;
    return delta >= 0 ? delta / size : -((-delta + size - 1) / size);
}

static void write_extents(void) {
    for (int i = 0; i < n_arguments && i < CV_MAX_BUFFERS; i++) {
        const struct region *r = &regions[i];
        if (r->first_read < r->end_read)
            report->access[i].first_read = element_of(r, r->first_read), report->access[i].last_read = element_of(r, r->end_read - 1);
        if (r->first_write < r->end_write)
            report->access[i].first_write = element_of(r, r->first_write), report->access[i].last_write = element_of(r, r->end_write - 1);
    }
}

static void name_thread(int32_t out[6], uint32_t serial) {
    uint32_t n = cv_launch_now.threads_per_block, b = serial / n, t = serial % n;
    for (int i = 0; i < 3; i++) { out[i] = (int32_t)(b % cv_launch_now.grid[i]); b /= cv_launch_now.grid[i]; }
    for (int i = 0; i < 3; i++) { out[3 + i] = (int32_t)(t % cv_launch_now.block[i]); t /= cv_launch_now.block[i]; }
}

void cv_fail(int finding, const char *text) {
    if (!report) cv_stop();
    report->finding = finding;
    int32_t *a = report->thread_a;
    if (cv_now.in_kernel) {
        name_thread(a, cv_now.serial);
        snprintf(report->text, sizeof report->text, "%s; block (%d,%d,%d) thread (%d,%d,%d)", text, a[0], a[1], a[2], a[3], a[4], a[5]);
    } else snprintf(report->text, sizeof report->text, "%s", text);
    write_extents();
    cv_stop();
}

/* The byte within the __shared__ variable that holds the offset, or that ends before it: between variables there are gaps, which no
 * program knows of. */
static int64_t byte_of(const struct region *r, size_t offset) {
    const uint8_t *pads = r == &shared_static ? static_pads : r == &shared_placed ? placed_pads : NULL;
    size_t end = offset / 4, start;
    if (!pads || offset >= r->bytes) return (int64_t)offset;
    while (end && pads[end]) end--;
    if (pads[end]) while (end < r->bytes / 4 && pads[end]) end++; /* before the first variable */
    for (start = end; start && !pads[start - 1]; ) start--;
    return (int64_t)offset - (int64_t)(4 * start);
}

static void place_of(const struct region *r, size_t offset, char *out, size_t size) {
    int64_t element = r ? element_of(r, offset) : -1;
    report->parameter = r && r->kind == R_ARGUMENT ? r->parameter : -1;
    report->element = element;
    if (!r) snprintf(out, size, "outside every buffer");
    else if (r->kind == R_ARGUMENT) snprintf(out, size, "argument %d element %lld", r->parameter, (long long)element);
    else snprintf(out, size, "%s byte %lld", r->kind == R_SHARED ? "shared memory" : r->kind == R_DEVICE_VARIABLE ? "device variables" :
                  r->kind == R_MANAGED ? "managed memory" : r->kind == R_PINNED ? "pinned host memory" : "device memory", (long long)byte_of(r, offset));
}

static void report_unset(void);

__attribute__((noreturn, noinline)) static void found(int finding, const struct region *r, size_t offset, int write, const char *what) {
    char place[64], text[128];
    if (unset.region && finding != CV_UNINITIALISED) report_unset(); /* what follows from a garbage value is not the cause */
    place_of(r, offset, place, sizeof place);
    report->is_write = write;
    snprintf(text, sizeof text, "%s %s", what, place);
    cv_fail(finding, text);
}

/* own: the thread that races with `other`; the same where it is not known with whom. */
__attribute__((noreturn, noinline)) static void race(const struct region *r, size_t offset, int write, uint32_t own, uint32_t other, const char *what) {
    char place[64], with[64];
    int32_t *a = report->thread_a, *b = report->thread_b;
    place_of(r, offset, place, sizeof place);
    report->finding = CV_RACE; report->is_write = write;
    if (cv_now.unfinished_span) found(CV_RACE, r, offset, write, "two streams of which neither waits for the other, or two threads, race on");
    name_thread(a, own); name_thread(b, other);
    if (own == other) snprintf(with, sizeof with, "another thread");
    else snprintf(with, sizeof with, "block (%d,%d,%d) thread (%d,%d,%d)", b[0], b[1], b[2], b[3], b[4], b[5]);
    snprintf(report->text, sizeof report->text, "%s on %s: block (%d,%d,%d) thread (%d,%d,%d) and %s",
             what, place, a[0], a[1], a[2], a[3], a[4], a[5], with);
    write_extents();
    cv_stop();
}

void cv_flush_pending(void) {
    if (!pending.armed) return;
    pending.armed = 0;
    if (memcmp(pending.region->base + pending.offset, pending.old, pending.bytes)) {
        race(pending.region, pending.offset, 1, pending.own, pending.other, pending.what);
    }
}

static void report_unset(void) {
    if (!unset.region) return;
    cv_now.serial = unset.serial;
    found(CV_UNINITIALISED, unset.region, unset.offset, unset.write, unset.write ? "atomic update of uninitialised" : "read of uninitialised");
}
#endif
