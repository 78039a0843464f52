/* CUDA C++ for g++, header-free: qualifiers, built-in variables, vector types, barriers, warp operations, atomics, intrinsics.
 *
 * Comes after prelude_cpp.h (standard names) and before the rewritten program (gpu_runtime.emulation.cuda_rewrite). Calls cv_* in the
 * runner (emulation.c, hooks.c). Compiled with -fsanitize=thread: what must not be seen as the program's own access is
 * CV_UNSEEN. The built-in variables are const for the compiler, so that reading them is not instrumented; a thread's own
 * values never change while it runs.
 */
#pragma GCC system_header
#define CV_UNSEEN __attribute__((no_sanitize_thread))
#define CV_INLINE static inline __attribute__((always_inline))

#define __CUDACC__ 1
#define __NVCC__ 1
#define __CUDACC_VER_MAJOR__ 12
#define __CUDACC_VER_MINOR__ 4
#define __CUDACC_VER_BUILD__ 0
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__
#define __shared__ static __attribute__((section("cv_shared")))
#define __constant__ static __attribute__((section("cv_device")))
#define __managed__ static __attribute__((section("cv_managed")))
#define CV_DEVICE_VARIABLE static __attribute__((section("cv_device")))
#define CV_W 0xc5a17e6bu
/* A gap of 64 known bytes after a __shared__ variable: hooks.c takes an access to it for one beyond the variable. */
#define CV_GAP(n) static __attribute__((used, section("cv_shared"))) unsigned cv_gap_##n[16] = \
    {CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W, CV_W};
CV_GAP(end) /* the compiler lays variables out backwards: this one ends the section, beyond the first variable */

extern "C" {
extern char cv_dynamic_shared[];
int cv_barrier(int site, int predicate, int result);
unsigned long cv_warp(int op, unsigned mask, unsigned long value, int argument, int width, int weak);
void cv_atomic(void *address, unsigned long bytes);
void cv_fence(void);
int cv_inside_kernel(void);
void cv_grid_barrier(void);
void cv_cooperative(int on);
int cv_launch(const unsigned grid[3], const unsigned block[3], unsigned long shared_bytes, void (*body)(void *), void *closure, int host_style);
void cv_set_order(int order);
void cv_stale_stacks(int on);
void cv_shared_section(char *base, unsigned long bytes);
void *cv_placed(unsigned long *slot, unsigned long bytes);
void cv_device_section(char *base, unsigned long bytes, int fresh, int managed);
int cv_allow_shared(const char *kernel, unsigned long bytes);
int cv_over_limits(const char *kernel, unsigned long static_bytes, unsigned long most_threads, unsigned long threads, unsigned long shared_bytes);
int cv_cuda_malloc(void **out, unsigned long bytes, int where);
int cv_cuda_free(void *p);
int cv_pinned_free(void *p);
int cv_cuda_memcpy(void *to, const void *from, unsigned long bytes, int kind, unsigned long stream, int async);
int cv_cuda_memset(void *to, int value, unsigned long bytes, unsigned long stream, int async);
unsigned long cv_stream(int what, unsigned long a, unsigned long b);
void cv_stream_begin(unsigned long stream);
void cv_stream_end(int host_waits);
int cv_cuda_error(int clear);
void cv_cuda_set_error(int error);
}

/* ---- vector types ---- */
#define CV_VECTOR(T, N, A1, A2, A4) \
    struct N##1 { T x; }; struct __attribute__((aligned(A2))) N##2 { T x, y; }; \
    struct N##3 { T x, y, z; }; struct __attribute__((aligned(A4))) N##4 { T x, y, z, w; }; \
    CV_INLINE N##1 make_##N##1(T x) { return {x}; } CV_INLINE N##2 make_##N##2(T x, T y) { return {x, y}; } \
    CV_INLINE N##3 make_##N##3(T x, T y, T z) { return {x, y, z}; } \
    CV_INLINE N##4 make_##N##4(T x, T y, T z, T w) { return {x, y, z, w}; }
CV_VECTOR(signed char, char, 1, 2, 4) CV_VECTOR(unsigned char, uchar, 1, 2, 4)
CV_VECTOR(short, short, 2, 4, 8) CV_VECTOR(unsigned short, ushort, 2, 4, 8)
CV_VECTOR(int, int, 4, 8, 16) CV_VECTOR(unsigned, uint, 4, 8, 16)
CV_VECTOR(long, long, 8, 16, 16) CV_VECTOR(unsigned long, ulong, 8, 16, 16)
CV_VECTOR(long long, longlong, 8, 16, 16) CV_VECTOR(unsigned long long, ulonglong, 8, 16, 16)
CV_VECTOR(float, float, 4, 8, 16) CV_VECTOR(double, double, 8, 16, 16)

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};
extern "C" {
extern const uint3 threadIdx __asm__("cv_thread_idx");
extern const uint3 blockIdx __asm__("cv_block_idx");
extern const uint3 blockDim __asm__("cv_block_dim");
extern const uint3 gridDim __asm__("cv_grid_dim");
}
constexpr int warpSize = 32;

/* ---- barriers, fences, warp operations (the operation numbers are those of emulation.c) ---- */
#define __syncthreads() ((void)cv_barrier(__COUNTER__, 0, 0))
#define __syncthreads_count(p) cv_barrier(__COUNTER__, (p) ? 1 : 0, 1)
#define __syncthreads_and(p) cv_barrier(__COUNTER__, (p) ? 1 : 0, 2)
#define __syncthreads_or(p) cv_barrier(__COUNTER__, (p) ? 1 : 0, 3)
CV_INLINE void __syncwarp(unsigned mask = 0xffffffffu) { cv_warp(0, mask, 0, 0, 32, 0); }
CV_INLINE void __threadfence() { cv_fence(); }
CV_INLINE void __threadfence_block() { __asm__ volatile("" ::: "memory"); } /* publishes nothing to other blocks */
CV_INLINE void __threadfence_system() { cv_fence(); }
CV_INLINE void __nanosleep(unsigned) {}

template <class T> CV_INLINE T cv_shuffle(int op, unsigned mask, T value, int argument, int width, int weak) {
    static_assert(sizeof(T) <= 8, "shuffles move values of up to 8 bytes");
    unsigned long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof value);
    bits = cv_warp(op, mask, bits, argument, width, weak);
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}
#define CV_SHUFFLE(NAME, OP, A) \
    template <class T> CV_INLINE T NAME##_sync(unsigned mask, T v, A a, int width = 32) { return cv_shuffle(OP, mask, v, (int)a, width, 0); } \
    template <class T> CV_INLINE T NAME(T v, A a, int width = 32) { return cv_shuffle(OP, 0xffffffffu, v, (int)a, width, 1); }
CV_SHUFFLE(__shfl, 1, int) CV_SHUFFLE(__shfl_up, 2, unsigned) CV_SHUFFLE(__shfl_down, 3, unsigned) CV_SHUFFLE(__shfl_xor, 4, int)

CV_INLINE unsigned __activemask() { return (unsigned)cv_warp(6, 0xffffffffu, 0, 0, 32, 1); }
CV_INLINE unsigned __ballot_sync(unsigned mask, int p) { return (unsigned)cv_warp(5, mask, p != 0, 0, 32, 0); }
CV_INLINE unsigned __ballot(int p) { return (unsigned)cv_warp(5, 0xffffffffu, p != 0, 0, 32, 1); }
CV_INLINE int cv_all(unsigned long r) { return (unsigned)r == (unsigned)(r >> 32); }
CV_INLINE int __all_sync(unsigned mask, int p) { return cv_all(cv_warp(5, mask, p != 0, 0, 32, 0)); }
CV_INLINE int __any_sync(unsigned mask, int p) { return (unsigned)cv_warp(5, mask, p != 0, 0, 32, 0) != 0; }
CV_INLINE int __all(int p) { return cv_all(cv_warp(5, 0xffffffffu, p != 0, 0, 32, 1)); }
CV_INLINE int __any(int p) { return (unsigned)cv_warp(5, 0xffffffffu, p != 0, 0, 32, 1) != 0; }
template <class T> CV_INLINE unsigned __match_any_sync(unsigned mask, T v) { return (unsigned)cv_shuffle<unsigned long>(7, mask, (unsigned long)v, 0, 32, 0); }
#define CV_WARP_REDUCE(NAME, T, EXPR) CV_INLINE T __reduce_##NAME##_sync(unsigned mask, T v) { \
    T r = v; int me = (int)((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32u); \
    for (int k = 0; k < 32; k++) { T o = __shfl_sync(mask, v, k); if (k != me && (mask >> k & 1)) r = EXPR; } return r; }
CV_WARP_REDUCE(add, int, r + o) CV_WARP_REDUCE(add, unsigned, r + o) CV_WARP_REDUCE(min, int, o < r ? o : r) CV_WARP_REDUCE(min, unsigned, o < r ? o : r)
CV_WARP_REDUCE(max, int, o > r ? o : r) CV_WARP_REDUCE(max, unsigned, o > r ? o : r)

/* ---- atomics, for the types that CUDA has them for ---- */
#define CV_ATOMIC(NAME, T, EXPR) CV_UNSEEN static inline T NAME(T *p, T v) { \
    cv_atomic((void *)p, sizeof *p); T old = *p; *p = (EXPR); return old; }
#define CV_ATOMIC_ADD(T) CV_ATOMIC(atomicAdd, T, old + v) CV_ATOMIC(atomicAdd_block, T, old + v) CV_ATOMIC(atomicAdd_system, T, old + v)
#define CV_ATOMIC_BITS(T) CV_ATOMIC(atomicAnd, T, old & v) CV_ATOMIC(atomicOr, T, old | v) CV_ATOMIC(atomicXor, T, old ^ v)
#define CV_ATOMIC_ORDER(T) CV_ATOMIC(atomicMin, T, v < old ? v : old) CV_ATOMIC(atomicMax, T, v > old ? v : old)
#define CV_ATOMIC_CAS(T) CV_UNSEEN static inline T atomicCAS(T *p, T expected, T v) { \
    cv_atomic((void *)p, sizeof *p); T old = *p; if (old == expected) *p = v; return old; }
CV_ATOMIC_ADD(int) CV_ATOMIC_ADD(unsigned) CV_ATOMIC_ADD(unsigned long long) CV_ATOMIC_ADD(float) CV_ATOMIC_ADD(double)
CV_ATOMIC(atomicSub, int, old - v) CV_ATOMIC(atomicSub, unsigned, old - v)
CV_ATOMIC(atomicExch, int, v) CV_ATOMIC(atomicExch, unsigned, v) CV_ATOMIC(atomicExch, unsigned long long, v) CV_ATOMIC(atomicExch, float, v)
CV_ATOMIC_ORDER(int) CV_ATOMIC_ORDER(unsigned) CV_ATOMIC_ORDER(long long) CV_ATOMIC_ORDER(unsigned long long)
CV_ATOMIC(atomicInc, unsigned, old >= v ? 0 : old + 1) CV_ATOMIC(atomicDec, unsigned, old == 0 || old > v ? v : old - 1)
CV_ATOMIC_BITS(int) CV_ATOMIC_BITS(unsigned) CV_ATOMIC_BITS(unsigned long long)
CV_ATOMIC_CAS(int) CV_ATOMIC_CAS(unsigned) CV_ATOMIC_CAS(unsigned long long) CV_ATOMIC_CAS(unsigned short)

/* ---- math_constants.h, as prelude_nvrtc.h has it ---- */
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

/* ---- arithmetic intrinsics ---- */
template <class T> CV_INLINE T __ldg(const T *p) { return *p; }
#define CV_F1(NAME, EXPR) CV_INLINE float NAME(float x) { return EXPR; }
#define CV_F2(NAME, EXPR) CV_INLINE float NAME(float x, float y) { return EXPR; }
#define CV_D1(NAME, EXPR) CV_INLINE double NAME(double x) { return EXPR; }
#define CV_D2(NAME, EXPR) CV_INLINE double NAME(double x, double y) { return EXPR; }
/* Fast functions, off by up to the errors that NVIDIA documents: CUDA C++ Programming Guide, "Mathematical Functions", table
 * "Single-Precision Floating-Point Intrinsic Functions supported by the CUDA Runtime Library with Respective Error Bounds". The
 * error follows from the argument's bits: the same call gives the same result, and no result is exact but those that the PTX
 * ISA promises (sin 0 = 0, cos 0 = 1, 2^0 = 1). Where the guide says "larger otherwise" the error grows with the argument. */
CV_INLINE float cv_part(float x, float y) { /* in [-1, -1/2] or [1/2, 1] */
    unsigned a, b;
    __builtin_memcpy(&a, &x, 4); __builtin_memcpy(&b, &y, 4);
    a = (a ^ b * 0x9e3779b9u) * 0x85ebca6bu; a = (a ^ a >> 13) * 0xc2b2ae35u; a ^= a >> 16;
    float size = 0.5f + (float)(a >> 9) * 0x1p-24f;
    return a & 1 ? size : -size;
}
CV_INLINE double cv_ulp(double exact) { int e; __builtin_frexp(exact, &e); return __builtin_ldexp(1, (e < -125 ? -125 : e) - 24); }
CV_INLINE float cv_off(double exact, double most, float x, float y = 0) { /* rounding takes half a unit of the error */
    float rounded = (float)exact; double room = most - 0.5 * cv_ulp(exact);
    if (rounded - rounded != 0 || exact == 0 || room <= 0) return rounded;
    float r = (float)(exact + cv_part(x, y) * room);
    return r - r == 0 ? r : rounded;
}
CV_INLINE float cv_ulps(double exact, float ulps, float x, float y = 0) { return cv_off(exact, ulps * cv_ulp(exact), x, y); }
CV_INLINE float cv_fast_log(double exact, double near, float ulps, float x) { return x >= 0.5f && x <= 2 ? cv_off(exact, near, x) : cv_ulps(exact, ulps, x); }
CV_INLINE float cv_fast_wave(double exact, double near, float x) { float turns = __builtin_fabsf(x) * 0.31830988f; return x == 0 ? (float)exact : cv_off(exact, near * (turns > 1 ? turns : 1), x); }
CV_INLINE float cv_fast_divide(float x, float y) {
    float size = __builtin_fabsf(y);
    if (size > 0x1p126f && size - size == 0) return x - x == 0 ? x * 0 * y : __builtin_nanf("");
    return y == 0 || x - x != 0 || y - y != 0 ? x / y : cv_ulps((double)x / y, 2, x, y);
}
CV_F1(__expf, x == 0 ? 1 : cv_ulps(__builtin_exp(x), 2 + __builtin_floorf(__builtin_fabsf(1.173f * x)), x))
CV_F1(__exp10f, x == 0 ? 1 : cv_ulps(__builtin_pow(10, x), 2 + __builtin_floorf(__builtin_fabsf(2.97f * x)), x))
CV_F1(__logf, cv_fast_log(__builtin_log(x), 3.5890869e-07, 3, x)) /* 2^-21.41 */
CV_F1(__log2f, cv_fast_log(__builtin_log2(x), 0x1p-22, 2, x))
CV_F1(__log10f, cv_fast_log(__builtin_log10(x), 0x1p-24, 3, x))
CV_F1(__sinf, cv_fast_wave(__builtin_sin(x), 3.5890869e-07, x))
CV_F1(__cosf, cv_fast_wave(__builtin_cos(x), 4.1801649e-07, x)) /* 2^-21.19 */
CV_F1(__tanf, cv_fast_divide(__sinf(x), __cosf(x)))
CV_F1(__tanhf, x == 0 ? x : cv_off(__builtin_tanh(x), 0x1p-11 * __builtin_fabs(__builtin_tanh(x)), x))
/* exp2f(y * __log2f(x)): NaN below zero. exp2f itself is off by 2 ulps. */
CV_F2(__powf, x < 0 ? __builtin_nanf("") : y * __log2f(x) == 0 ? 1 : cv_ulps(__builtin_exp2(y * __log2f(x)), 2, x, y))
CV_F2(__fdividef, cv_fast_divide(x, y))
CV_F1(rsqrtf, 1.0f / __builtin_sqrtf(x)) CV_F1(__frsqrt_rn, 1.0f / __builtin_sqrtf(x)) CV_F1(__fsqrt_rn, __builtin_sqrtf(x)) CV_F1(__frcp_rn, 1.0f / x)
CV_F1(rcbrtf, 1.0f / __builtin_cbrtf(x)) CV_F1(__saturatef, x != x ? 0.0f : x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x) CV_F1(exp10f, __builtin_powf(10.0f, x))
CV_F1(sinpif, (float)__builtin_sin(3.14159265358979323846 * x)) CV_F1(cospif, (float)__builtin_cos(3.14159265358979323846 * x))
CV_F1(normcdff, 0.5f * __builtin_erfcf(-x * 0.70710678f))
CV_F2(fdividef, x / y) CV_F2(__fadd_rn, x + y) CV_F2(__fsub_rn, x - y)
CV_F2(__fmul_rn, x * y) CV_F2(__fdiv_rn, x / y)
CV_INLINE float __fmaf_rn(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
CV_D1(rsqrt, 1.0 / __builtin_sqrt(x)) CV_D1(rcbrt, 1.0 / __builtin_cbrt(x)) CV_D1(exp10, __builtin_pow(10.0, x)) CV_D1(__dsqrt_rn, __builtin_sqrt(x))
CV_D1(__drcp_rn, 1.0 / x) CV_D1(sinpi, __builtin_sin(3.14159265358979323846 * x)) CV_D1(cospi, __builtin_cos(3.14159265358979323846 * x))
CV_D1(normcdf, 0.5 * __builtin_erfc(-x * 0.70710678118654752440))
CV_D2(__dadd_rn, x + y) CV_D2(__dsub_rn, x - y) CV_D2(__dmul_rn, x * y) CV_D2(__ddiv_rn, x / y)
CV_INLINE double __fma_rn(double x, double y, double z) { return __builtin_fma(x, y, z); }
CV_INLINE float rsqrt(float x) { return rsqrtf(x); }
/* Seen: both results may go to memory that other threads use. */
template <class T> static inline void sincosf(float x, T *s, T *c) { *s = __builtin_sinf(x); *c = __builtin_cosf(x); }
template <class X, class T> static inline void sincos(X x, T *s, T *c) { *s = sin(x); *c = cos(x); }
template <class T> static inline void __sincosf(float x, T *s, T *c) { *s = __sinf(x); *c = __cosf(x); }
template <class T> static inline void sincospif(float x, T *s, T *c) { *s = sinpif(x); *c = cospif(x); }
template <class T> static inline void sincospi(double x, T *s, T *c) { *s = sinpi(x); *c = cospi(x); }
CV_INLINE double norm3d(double a, double b, double c) { return __builtin_hypot(__builtin_hypot(a, b), c); }
CV_INLINE double norm4d(double a, double b, double c, double d) { return __builtin_hypot(norm3d(a, b, c), d); }
CV_INLINE float norm3df(float a, float b, float c) { return (float)norm3d(a, b, c); }
CV_INLINE float norm4df(float a, float b, float c, float d) { return (float)norm4d(a, b, c, d); }
CV_INLINE double rnorm3d(double a, double b, double c) { return 1.0 / norm3d(a, b, c); }
CV_INLINE double rnorm4d(double a, double b, double c, double d) { return 1.0 / norm4d(a, b, c, d); }
CV_INLINE float rnorm3df(float a, float b, float c) { return (float)rnorm3d(a, b, c); }
CV_INLINE float rnorm4df(float a, float b, float c, float d) { return (float)rnorm4d(a, b, c, d); }
CV_D2(rhypot, 1.0 / __builtin_hypot(x, y)) CV_F2(rhypotf, (float)(1.0 / __builtin_hypot(x, y)))
CV_INLINE double __hiloint2double(int high, int low) {
    unsigned long bits = (unsigned long)(unsigned)high << 32 | (unsigned)low;
    double value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}
CV_INLINE int __mul24(int a, int b) { return (a << 8 >> 8) * (b << 8 >> 8); }
CV_INLINE unsigned __umul24(unsigned a, unsigned b) { return (a & 0xffffff) * (b & 0xffffff); }
CV_INLINE int __mulhi(int a, int b) { return (int)((long)a * b >> 32); }
CV_INLINE unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long)a * b >> 32); }
CV_INLINE long long __mul64hi(long long a, long long b) { return (long long)((__int128)a * b >> 64); }
CV_INLINE unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return (unsigned long long)((unsigned __int128)a * b >> 64); }
CV_INLINE int __popc(unsigned x) { return __builtin_popcount(x); }
CV_INLINE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
CV_INLINE int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
CV_INLINE int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
CV_INLINE int __ffs(int x) { return __builtin_ffs(x); }
CV_INLINE int __ffsll(long long x) { return __builtin_ffsll(x); }
CV_INLINE unsigned __brev(unsigned x) { unsigned r = 0; for (int i = 0; i < 32; i++) r |= (x >> i & 1u) << (31 - i); return r; }
CV_INLINE unsigned long long __brevll(unsigned long long x) { return (unsigned long long)__brev((unsigned)x) << 32 | __brev((unsigned)(x >> 32)); }
CV_INLINE int __hadd(int a, int b) { return (int)(((long)a + b) >> 1); }
CV_INLINE int __rhadd(int a, int b) { return (int)(((long)a + b + 1) >> 1); }
CV_INLINE unsigned __sad(int a, int b, unsigned c) { return (a > b ? (unsigned)a - (unsigned)b : (unsigned)b - (unsigned)a) + c; }
CV_INLINE unsigned __usad(unsigned a, unsigned b, unsigned c) { return (a > b ? a - b : b - a) + c; }
CV_INLINE int __dp4a(int a, int b, int c) { for (int k = 0; k < 32; k += 8) c += (signed char)(a >> k) * (signed char)(b >> k); return c; }
CV_INLINE unsigned __dp4a(unsigned a, unsigned b, unsigned c) { for (int k = 0; k < 32; k += 8) c += (a >> k & 255u) * (b >> k & 255u); return c; }
CV_INLINE unsigned __funnelshift_l(unsigned low, unsigned high, unsigned s) { return (unsigned)((((unsigned long)high << 32 | low) << (s & 31)) >> 32); }
CV_INLINE unsigned __funnelshift_r(unsigned low, unsigned high, unsigned s) { return (unsigned)(((unsigned long)high << 32 | low) >> (s & 31)); }
CV_INLINE unsigned __byte_perm(unsigned x, unsigned y, unsigned s) {
    unsigned long both = (unsigned long)y << 32 | x; unsigned r = 0;
    for (int k = 0; k < 4; k++) {
        unsigned which = s >> (4 * k), byte = (unsigned)(both >> 8 * (which & 7)) & 255u;
        r |= (which & 8 ? (byte & 128u ? 255u : 0u) : byte) << (8 * k);
    }
    return r;
}
CV_INLINE unsigned umin(unsigned a, unsigned b) { return a < b ? a : b; }
CV_INLINE unsigned umax(unsigned a, unsigned b) { return a > b ? a : b; }
CV_INLINE long long llmin(long long a, long long b) { return a < b ? a : b; }
CV_INLINE long long llmax(long long a, long long b) { return a > b ? a : b; }
template <class To, class From> CV_INLINE To cv_bits(From f) { To t; __builtin_memcpy(&t, &f, sizeof t); return t; }
CV_INLINE int __float_as_int(float x) { return cv_bits<int>(x); }
CV_INLINE unsigned __float_as_uint(float x) { return cv_bits<unsigned>(x); }
CV_INLINE float __int_as_float(int x) { return cv_bits<float>(x); }
CV_INLINE float __uint_as_float(unsigned x) { return cv_bits<float>(x); }
CV_INLINE long long __double_as_longlong(double x) { return cv_bits<long long>(x); }
CV_INLINE double __longlong_as_double(long long x) { return cv_bits<double>(x); }
/* Conversions saturate and send NaN to 0, as the device's do. */
template <class T, class F> CV_INLINE T cv_convert(F x, F low, F high, T least, T most) { return x != x ? 0 : x <= low ? least : x >= high ? most : (T)x; }
#define CV_CONVERT(F, N, f) \
    CV_INLINE int __##N##2int_##f(F x) { return cv_convert<int, F>(CV_ROUND_##f(x), -2147483648.0f, 2147483648.0f, -2147483647 - 1, 2147483647); } \
    CV_INLINE unsigned __##N##2uint_##f(F x) { return cv_convert<unsigned, F>(CV_ROUND_##f(x), 0, 4294967296.0f, 0, 4294967295u); } \
    CV_INLINE long long __##N##2ll_##f(F x) { return cv_convert<long long, F>(CV_ROUND_##f(x), -9223372036854775808.0f, 9223372036854775808.0f, -9223372036854775807ll - 1, 9223372036854775807ll); }
#define CV_ROUND_rn(x) __builtin_nearbyint(x)
#define CV_ROUND_rz(x) __builtin_trunc(x)
#define CV_ROUND_rd(x) __builtin_floor(x)
#define CV_ROUND_ru(x) __builtin_ceil(x)
CV_CONVERT(float, float, rn) CV_CONVERT(float, float, rz) CV_CONVERT(float, float, rd) CV_CONVERT(float, float, ru)
CV_CONVERT(double, double, rn) CV_CONVERT(double, double, rz) CV_CONVERT(double, double, rd) CV_CONVERT(double, double, ru)
CV_INLINE float __int2float_rn(int x) { return (float)x; }
CV_INLINE float __uint2float_rn(unsigned x) { return (float)x; }
CV_INLINE float __ll2float_rn(long long x) { return (float)x; }
CV_INLINE double __int2double_rn(int x) { return (double)x; }
CV_INLINE double __uint2double_rn(unsigned x) { return (double)x; }
CV_INLINE double __ll2double_rn(long long x) { return (double)x; }
CV_INLINE float __double2float_rn(double x) { return (float)x; }
CV_INLINE void __trap() { __builtin_trap(); }
