/* What real CUDA code assumes without saying so, for NVRTC, which reads no header: types, limits, std names, legacy warp calls.
 *
 * Contract: comes once, before the programs of a unit. NVRTC itself knows the built-in variables, vector types, atomics,
 * intrinsics, mathematics and printf. Must stay short: it is parsed for every unit.
 *
 *     pytest tests/gpu_runtime/test_cuda_compile.py
 */
typedef unsigned char uchar; typedef unsigned short ushort; typedef unsigned int uint; typedef unsigned long ulong;
typedef unsigned char u_char; typedef unsigned short u_short; typedef unsigned int u_int; typedef unsigned long u_long;
typedef long ssize_t;
typedef signed char int8_t; typedef short int16_t; typedef int int32_t; typedef long int64_t;
typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned int uint32_t; typedef unsigned long uint64_t;
typedef long intptr_t; typedef unsigned long uintptr_t;
typedef long intmax_t; typedef unsigned long uintmax_t;
typedef int int_fast32_t, int_least32_t; typedef unsigned uint_fast32_t, uint_least32_t;

#define restrict __restrict__
#define CHAR_BIT 8
#define SCHAR_MAX 127
#define SCHAR_MIN (-128)
#define UCHAR_MAX 255
#define CHAR_MAX 127
#define CHAR_MIN (-128)
#define SHRT_MAX 32767
#define SHRT_MIN (-32768)
#define USHRT_MAX 65535
#define INT_MAX 2147483647
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX 4294967295U
#define LONG_MAX 9223372036854775807L
#define LONG_MIN (-LONG_MAX - 1L)
#define ULONG_MAX 18446744073709551615UL
#define LLONG_MAX 9223372036854775807LL
#define LLONG_MIN (-LLONG_MAX - 1LL)
#define ULLONG_MAX 18446744073709551615ULL
#define INT8_MAX 127
#define INT16_MAX 32767
#define INT32_MAX INT_MAX
#define INT32_MIN INT_MIN
#define INT64_MAX LONG_MAX
#define INT64_MIN LONG_MIN
#define UINT8_MAX 255
#define UINT16_MAX 65535
#define UINT32_MAX UINT_MAX
#define UINT64_MAX ULONG_MAX
#define SIZE_MAX ULONG_MAX
#define FLT_MAX 3.402823466e+38f
#define FLT_MIN 1.175494351e-38f
#define FLT_EPSILON 1.192092896e-07f
#define DBL_MAX 1.7976931348623157e+308
#define DBL_MIN 2.2250738585072014e-308
#define DBL_EPSILON 2.2204460492503131e-16
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fffffff)
#define HUGE_VAL ((double)INFINITY)
#define HUGE_VALF INFINITY
#define CUDART_INF_F INFINITY
#define CUDART_NAN_F NAN
#define CUDART_INF ((double)INFINITY)
#define CUDART_NAN ((double)NAN)
#define CUDART_PI_F 3.141592654f
#define CUDART_PI 3.1415926535897931e+0
#define CUDART_2PI_F 6.283185307f
#define CUDART_PIO2_F 1.570796327f
#define CUDART_PIO2 1.5707963267948966e+0
#define CUDART_MAX_NORMAL_F 3.402823466e+38f
#define CUDART_MIN_DENORM_F 1.4012984643248171e-45f
#define CUDART_SQRT_TWO_F 1.414213562f
#define CUDART_SQRT_HALF_F 0.707106781f
#define M_E 2.7182818284590452354
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_1_PI 0.31830988618379067154
#define M_2_PI 0.63661977236758134308
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440
#ifndef assert
#define assert(e) ((e) ? (void)0 : __trap())
#endif
#define exit(code) __trap()
#define abort() __trap()

#define CV_LEGACY(NAME, A) template <class T> static __device__ __forceinline__ T NAME(T v, A a, int width = 32) { \
    return NAME##_sync(__activemask(), v, a, width); }
CV_LEGACY(__shfl, int) CV_LEGACY(__shfl_up, unsigned) CV_LEGACY(__shfl_down, unsigned) CV_LEGACY(__shfl_xor, int)
static __device__ __forceinline__ unsigned __ballot(int p) { return __ballot_sync(__activemask(), p); }
static __device__ __forceinline__ int __any(int p) { return __any_sync(__activemask(), p); }
static __device__ __forceinline__ int __all(int p) { return __all_sync(__activemask(), p); }

namespace std {
using ::size_t; using ::ptrdiff_t; using ::int8_t; using ::int16_t; using ::int32_t; using ::int64_t;
using ::uint8_t; using ::uint16_t; using ::uint32_t; using ::uint64_t;
template <class T> __device__ __forceinline__ constexpr const T &max(const T &a, const T &b) { return a < b ? b : a; }
template <class T> __device__ __forceinline__ constexpr const T &min(const T &a, const T &b) { return b < a ? b : a; }
template <class T> __device__ __forceinline__ void swap(T &a, T &b) { T t = a; a = b; b = t; }
using ::abs; using ::fabs; using ::sqrt; using ::pow; using ::exp; using ::log; using ::log2; using ::log10; using ::sin; using ::cos;
using ::tan; using ::asin; using ::acos; using ::atan; using ::atan2; using ::sinh; using ::cosh; using ::tanh; using ::floor; using ::ceil;
using ::round; using ::trunc; using ::fmod; using ::fmax; using ::fmin; using ::fma; using ::hypot; using ::cbrt; using ::isnan; using ::isinf;
using ::isfinite; using ::signbit; using ::copysign; using ::exp2; using ::expm1; using ::log1p; using ::erf; using ::erfc;
}
template <class T> static __device__ __forceinline__ void swap(T &a, T &b) { T t = a; a = b; b = t; }

/* ---- cooperative groups: the block and tiles of a warp, as the emulation has them ---- */
namespace cooperative_groups {
static __device__ __forceinline__ unsigned cv_rank() { return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z); }
struct thread_block {
    __device__ void sync() const { __syncthreads(); }
    __device__ unsigned thread_rank() const { return cv_rank(); }
    __device__ unsigned size() const { return blockDim.x * blockDim.y * blockDim.z; }
    __device__ unsigned num_threads() const { return size(); }
    __device__ dim3 group_index() const { return dim3(blockIdx.x, blockIdx.y, blockIdx.z); }
    __device__ dim3 thread_index() const { return dim3(threadIdx.x, threadIdx.y, threadIdx.z); }
    __device__ dim3 group_dim() const { return dim3(blockDim.x, blockDim.y, blockDim.z); }
};
static __device__ __forceinline__ thread_block this_thread_block() { return {}; }
template <unsigned N> struct thread_block_tile {
    __device__ unsigned mask() const { return N == 32 ? 0xffffffffu : ((1u << N % 32) - 1) << (cv_rank() % 32 / N * N); }
    __device__ void sync() const { __syncwarp(mask()); }
    __device__ unsigned thread_rank() const { return cv_rank() % N; }
    __device__ static constexpr unsigned size() { return N; }
    __device__ static constexpr unsigned num_threads() { return N; }
    __device__ unsigned meta_group_rank() const { return cv_rank() / N; }
    __device__ unsigned meta_group_size() const { return (blockDim.x * blockDim.y * blockDim.z + N - 1) / N; }
    template <class T> __device__ T shfl(T v, int lane) const { return __shfl_sync(mask(), v, lane, N); }
    template <class T> __device__ T shfl_up(T v, unsigned d) const { return __shfl_up_sync(mask(), v, d, N); }
    template <class T> __device__ T shfl_down(T v, unsigned d) const { return __shfl_down_sync(mask(), v, d, N); }
    template <class T> __device__ T shfl_xor(T v, int m) const { return __shfl_xor_sync(mask(), v, m, N); }
    __device__ int any(int p) const { return __any_sync(mask(), p); }
    __device__ int all(int p) const { return __all_sync(mask(), p); }
    __device__ unsigned ballot(int p) const { return (__ballot_sync(mask(), p) & mask()) >> (cv_rank() % 32 / N * N); }
};
template <unsigned N> __device__ __forceinline__ thread_block_tile<N> tiled_partition(const thread_block &) { return {}; }
template <class G> __device__ __forceinline__ void sync(const G &g) { g.sync(); }
}
struct cv_pointer { void *p; template <class T> __device__ operator T *() const { return (T *)p; } };
