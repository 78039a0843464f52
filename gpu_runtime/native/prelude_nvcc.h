/* What stands before the programs that nvcc checks: headers that a single function's text assumes, and what older compilers knew.
 *
 * Contract: comes once, before the programs of a unit (gpu_runtime.cuda.nvcc). The headers that a program includes itself follow it.
 */
#include <cassert>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <math_constants.h>
#include <sys/types.h>
typedef unsigned char uchar;
#define restrict __restrict__

#define CV_LEGACY(NAME, A) template <class T> static __device__ __forceinline__ T NAME(T v, A a, int width = 32) { \
    return NAME##_sync(__activemask(), v, a, width); }
CV_LEGACY(__shfl, int) CV_LEGACY(__shfl_up, unsigned) CV_LEGACY(__shfl_down, unsigned) CV_LEGACY(__shfl_xor, int)
#if __CUDA_ARCH__ >= 700 || !defined(__CUDA_ARCH__)
#define __ballot(p) __ballot_sync(__activemask(), p)
#define __any(p) __any_sync(__activemask(), p)
#define __all(p) __all_sync(__activemask(), p)
#endif
