/* What the blocks of a launch have published to others by __threadfence and an atomic behind it. Included by emulation.c only; shadow.h
 * looks it up.
 */
#ifndef CV_PUBLICATIONS_H
#define CV_PUBLICATIONS_H
#include "hooks.h"
#include <stdlib.h>

struct publication *cv_publications;
static uint32_t n_publications, most_publications;

/* The running block's writes before the stamp of its last fence. */
static void publish(uint32_t fenced) {
    if (!n_publications || cv_publications[n_publications - 1].block_first != cv_now.block_first) {
        if (n_publications == most_publications) {
            most_publications = most_publications ? 2 * most_publications : 1024;
            cv_publications = realloc(cv_publications, most_publications * sizeof *cv_publications);
            if (!cv_publications) cv_fail(CV_BAD_LAUNCH, "no memory for what blocks publish");
        }
        cv_publications[n_publications++].block_first = cv_now.block_first;
    }
    struct publication *mine = &cv_publications[n_publications - 1];
    mine->writes_before = fenced;
    mine->reads_before = ++cv_now.stamp;
}
#endif
