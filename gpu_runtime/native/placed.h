/* __shared__ variables of templates: the compiler gives them no section of their own, so that a launch gives them memory when it comes to them.
 * Part of hooks.c, which alone includes it.
 */
#ifndef CV_PLACED_H
#define CV_PLACED_H

static char placed[CV_STATIC_SHARED_MAX] __attribute__((aligned(4096)));
static size_t placed_bytes;
static uint32_t placed_launch; /* changes with every launch */

static void nothing_placed(void) { /* a launch begins */
    placed_launch++;
    shared_placed.granule_shift = 2;
    memset(placed_pads, 1, placed_bytes / 4);
    placed_bytes = 0;
}

/* Memory for the variables of one declaration in one instance, the same throughout a launch. slot: the launch that it was given for, and where. */
void *cv_placed(unsigned long *slot, unsigned long bytes) {
    if (slot[0] == placed_launch) return placed + slot[1];
    if (!shared_placed.cells) {
        shared_placed = (struct region){.base = placed, .bytes = sizeof placed, .cells = cv_map_cells(sizeof placed), .granule_shift = 2,
            .valid_since = cv_now.block_first, .kind = R_SHARED, .parameter = -1, .origin = placed, .element_bytes = 1};
        memset(placed_pads, 1, sizeof placed_pads);
    }
    size_t end = placed_bytes + (bytes + 15) / 16 * 16 + PAD_BYTES;
    if (end > sizeof placed) cv_fail(CV_BAD_LAUNCH, "more shared memory than a block can have");
    slot[0] = placed_launch; slot[1] = placed_bytes;
    memset(placed_pads + placed_bytes / 4, 0, (bytes + 3) / 4);
    placed_bytes = end;
    return placed + slot[1];
}
#endif
