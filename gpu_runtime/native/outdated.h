/* Plain reads of what other threads update atomically. Nothing orders them: a device may give such a read the value of before or of after, and
 * code that asks only whether there is anything left to do (`if (dist[v] > d) atomicMin(&dist[v], d)`) is right with either. So in
 * the first orders of threads they read what is there, in later ones what was there before the updates: what depends on it shows.
 * Part of hooks.c, which alone includes it.
 */
#ifndef CV_OUTDATED_H
#define CV_OUTDATED_H

#define OUTDATED_FROM 2 /* the order of threads in which they read the value of before */
#define KEPT_PLACES (1 << 14)
#define MOST_TRIES 8
#define MOST_PIECES 4

static struct { const char *place; uint32_t launch; char old[8]; } kept[KEPT_PLACES];
static struct { char *place; size_t bytes; char now[8]; } outdated[MOST_PIECES];
static int n_outdated; /* pieces of memory that hold the value of before until the next access */

static inline int kept_at(const char *place, int wanted) { /* its entry; else -1, or if `wanted` a free one while there is any */
    size_t first = ((size_t)place >> 2) * 2654435761u;
    for (size_t k = 0; k < MOST_TRIES; k++) {
        size_t i = (first + k) % KEPT_PLACES;
        if (kept[i].launch != cv_now.launch_first) return wanted ? (int)i : -1;
        if (kept[i].place == place) return (int)i;
    }
    return -1;
}

static void keep_outdated(const struct region *r, size_t offset) {
    int i = kept_at(r->base + offset, 1);
    if (i < 0) return; /* so many places: their reads stay up to date */
    kept[i].place = r->base + offset;
    kept[i].launch = cv_now.launch_first;
    memcpy(kept[i].old, r->base + offset, (size_t)1 << r->granule_shift);
}

static void show_outdated(const struct region *r, size_t offset) {
    int i = kept_at(r->base + offset, 0);
    if (i < 0 || n_outdated == MOST_PIECES) return;
    outdated[n_outdated].place = r->base + offset;
    outdated[n_outdated].bytes = (size_t)1 << r->granule_shift;
    memcpy(outdated[n_outdated].now, r->base + offset, outdated[n_outdated].bytes);
    memcpy(r->base + offset, kept[i].old, outdated[n_outdated++].bytes);
}

static void put_up_to_date(void) {
    while (n_outdated) { n_outdated--; memcpy(outdated[n_outdated].place, outdated[n_outdated].now, outdated[n_outdated].bytes); }
}
#endif
