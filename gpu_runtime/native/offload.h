/* What child.c and hooks.c need of offload.c: the emulated device of OpenMP target regions. */
#ifndef CV_OFFLOAD_H
#define CV_OFFLOAD_H
#include "abi.h"
#include <string.h>

extern int cv_in_target;                             /* a target region runs: the arguments of the call are host memory to it */
extern int cv_team;                                  /* the team that runs now: its threads are others than those of the team before */
extern int cv_offloaded;                             /* the call has had a target region: threads outside of it do not count as parallel work */
struct cv_arguments { const struct cv_buffer *arrays; int n_arrays; int64_t sizes[CV_MAX_BUFFERS]; int n_sizes; }; /* of the call; sizes: its whole numbers */
void cv_offload_begin(struct cv_report *report, const struct cv_arguments *arguments); /* before a call: nothing is mapped */
void cv_offload_end(void);                           /* after it: what is still mapped is a finding */
size_t cv_held(const char *host, size_t bytes);      /* bytes of a copy that the argument of the call at `host` holds; all of them where it goes past it */
const char *cv_offload_fault(const char *address);   /* what an access at an inaccessible address was, NULL when it has nothing to do with a device */

/* What may be how many elements an array has. A float's bits are no number of anything. */
static inline void cv_note_size(struct cv_arguments *all, const char *value, uint32_t bytes) {
    int32_t word;
    if (bytes == sizeof *all->sizes) memcpy(&all->sizes[all->n_sizes++], value, bytes);
    else if (bytes == sizeof word) { memcpy(&word, value, bytes); all->sizes[all->n_sizes++] = word; }
}
#endif
