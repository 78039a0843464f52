/* The allocation functions of the plain runner: glibc's own, except that "no memory left" ends the call as MEMORY_LIMIT,
 * and that new memory holds a pattern.
 *
 * Without the first a program that does not look at what malloc returns dies of a null pointer, and one that hits its memory
 * limit cannot be told from one that is wrong. Without the second a program that reads what it never wrote finds what glibc
 * left there: zeros, with which it may pass, or parts of addresses, which differ between equal runs. Calls that run "elsewhere"
 * (child.c) do find it: a program must not learn from a freed block that it was called before.
 */
#include "batch.h"
#include <errno.h>
#include <string.h>

#define FILLED (64 * 1024) /* bytes at most: what lies behind is seldom reached without what lies before, and filling takes time */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
extern int cv_foreign_code; /* runner.c: set in the child before the shared object is loaded */

static void *checked(void *p, size_t bytes) {
    if (!p && bytes && cv_foreign_code) cv_out_of_memory();
    return p;
}

void *malloc(size_t bytes) {
    void *p = checked(__libc_malloc(bytes), bytes);
    if (p && cv_foreign_code && !cv_is_elsewhere()) memset(p, 0xFE, bytes < FILLED ? bytes : FILLED); /* as the compilers' pattern for locals */
    return p;
}
void *calloc(size_t count, size_t bytes) { return checked(__libc_calloc(count, bytes), count && bytes); }
void *realloc(void *old, size_t bytes) { return checked(__libc_realloc(old, bytes), bytes); }
