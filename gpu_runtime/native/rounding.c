/* Rounding to a whole number that does not exist, for programs that are checked: lround and its kin, which are Fortran's nint too.
 *
 * C leaves the value open, Fortran the behaviour, and sanitizers pass over these calls. A report in the sanitizers' form ends
 * the program, as a cast of such a number does.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void refuse(double x) {
    fprintf(stderr, "runtime error: %g is outside the range of representable values of the whole number that it is rounded to\n", x);
    fflush(stderr);
    abort();
}

#define LEAST (-9223372036854775808.0)
#define ROUND(name, T, R, round) \
    R name(T x) { \
        T whole = round(x); \
        if (!(whole >= (T)LEAST && whole < -(T)LEAST)) refuse((double)x); \
        return (R)whole; }
ROUND(lround, double, long, round) ROUND(lroundf, float, long, roundf) ROUND(lroundl, long double, long, roundl)
ROUND(llround, double, long long, round) ROUND(llroundf, float, long long, roundf) ROUND(llroundl, long double, long long, roundl)
ROUND(lrint, double, long, rint) ROUND(lrintf, float, long, rintf) ROUND(lrintl, long double, long, rintl)
ROUND(llrint, double, long long, rint) ROUND(llrintf, float, long long, rintf) ROUND(llrintl, long double, long long, rintl)
