/* The allocation functions of the plain runner: glibc's own, except that "no memory left" ends the call as MEMORY_LIMIT.
 *
 * Without this a program that does not look at what malloc returns dies of a null pointer, and one that hits its memory
 * limit cannot be told from one that is wrong.
 */
#include "batch.h"
#include <errno.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
extern int cv_foreign_code; /* runner.c: set in the child before the shared object is loaded */

static void *checked(void *p, size_t bytes) {
    if (!p && bytes && cv_foreign_code) cv_out_of_memory();
    return p;
}

void *malloc(size_t bytes) { return checked(__libc_malloc(bytes), bytes); }
void *calloc(size_t count, size_t bytes) { return checked(__libc_calloc(count, bytes), count && bytes); }
void *realloc(void *old, size_t bytes) { return checked(__libc_realloc(old, bytes), bytes); }
