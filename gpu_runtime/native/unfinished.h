/* Host code and copies that touch what another stream's work has not finished. Part of hooks.c, which alone includes it. */
#ifndef CV_UNFINISHED_H
#define CV_UNFINISHED_H
#include "shadow.h"

/* What unfinished work writes may not be touched, and what it reads may not be written. */
static void check_unfinished(struct region *r, size_t offset, size_t bytes, int mode, const char *what) {
    if (r->kind == R_ARGUMENT || !r->cells) return;
    for (size_t i = offset >> r->granule_shift; bytes && i <= (offset + bytes - 1) >> r->granule_shift; i++)
        if (unfinished(r->cells[i].write_stamp) || ((mode & CV_WRITE) && unfinished(r->cells[i].read_stamp)))
            found(CV_RACE, r, offset, mode & CV_WRITE, what);
}

void cv_copied_range(const char *address, size_t bytes, int mode) {
    struct region *r = cv_region_of(address);
    if (!r || !r->cells || r->kind == R_ARGUMENT || !bytes) return;
    size_t offset = (size_t)(address - r->base);
    if (cv_now.unfinished_span) check_unfinished(r, offset, bytes, mode, "a copy or memset does not wait for the work on");
    if (mode & CV_WRITE || r->kind != R_PINNED) return;
    for (size_t i = offset >> r->granule_shift; i <= (offset + bytes - 1) >> r->granule_shift; i++) r->cells[i].read_stamp = cv_now.stamp;
}
#endif
