/* What generated C++ may use without including anything: types, limits, <cmath>, a little of <algorithm> and <cstdlib>.
 *
 * Contract: no header is read (parsing STL headers is most of a compile), overloads have the result types of the standard
 * (sqrt(float) is float, pow(float, int) is double), output goes nowhere. With CV_PRECISE float computes as double and double
 * as long double: the macros at the end change the program's own types, literals keep the value of their own precision.
 *
 *     pytest tests/gpu_runtime/test_compile.py
 */
#ifndef CV_PRELUDE_CPP_H
#define CV_PRELUDE_CPP_H

typedef __SIZE_TYPE__ size_t; typedef __PTRDIFF_TYPE__ ptrdiff_t, ssize_t;
typedef __INT8_TYPE__ int8_t; typedef __INT16_TYPE__ int16_t; typedef __INT32_TYPE__ int32_t; typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t; typedef __UINT16_TYPE__ uint16_t; typedef __UINT32_TYPE__ uint32_t; typedef __UINT64_TYPE__ uint64_t;
typedef __INTPTR_TYPE__ intptr_t; typedef __UINTPTR_TYPE__ uintptr_t;
typedef unsigned char uchar; typedef unsigned short ushort; typedef unsigned int uint; typedef unsigned long ulong;
typedef unsigned long u_long; typedef unsigned int u_int; typedef unsigned char u_char; typedef unsigned short u_short;

#ifdef CV_PRECISE
typedef double cv_f32; typedef long double cv_f64;
#define CV_B32(name) __builtin_##name
#define CV_B64(name) __builtin_##name##l
#else
typedef float cv_f32; typedef double cv_f64;
#define CV_B32(name) __builtin_##name##f
#define CV_B64(name) __builtin_##name
#endif

#define NULL __null
#define restrict __restrict__
#define CHAR_BIT 8
#define SCHAR_MAX __SCHAR_MAX__
#define SCHAR_MIN (-__SCHAR_MAX__ - 1)
#define UCHAR_MAX (__SCHAR_MAX__ * 2 + 1)
#define CHAR_MAX __SCHAR_MAX__
#define CHAR_MIN (-__SCHAR_MAX__ - 1)
#define SHRT_MAX __SHRT_MAX__
#define SHRT_MIN (-__SHRT_MAX__ - 1)
#define USHRT_MAX (__SHRT_MAX__ * 2 + 1)
#define INT_MAX __INT_MAX__
#define INT_MIN (-__INT_MAX__ - 1)
#define UINT_MAX (__INT_MAX__ * 2U + 1U)
#define LONG_MAX __LONG_MAX__
#define LONG_MIN (-__LONG_MAX__ - 1L)
#define ULONG_MAX (__LONG_MAX__ * 2UL + 1UL)
#define LLONG_MAX __LONG_LONG_MAX__
#define LLONG_MIN (-__LONG_LONG_MAX__ - 1LL)
#define ULLONG_MAX (__LONG_LONG_MAX__ * 2ULL + 1ULL)
#define INT8_MAX 127
#define INT8_MIN (-128)
#define UINT8_MAX 255
#define INT16_MAX 32767
#define INT16_MIN (-32768)
#define UINT16_MAX 65535
#define INT32_MAX INT_MAX
#define INT32_MIN INT_MIN
#define UINT32_MAX UINT_MAX
#define INT64_MAX LONG_MAX
#define INT64_MIN LONG_MIN
#define UINT64_MAX ULONG_MAX
#define SIZE_MAX ULONG_MAX
#define FLT_MAX __FLT_MAX__
#define FLT_MIN __FLT_MIN__
#define FLT_EPSILON __FLT_EPSILON__
#define FLT_DIG __FLT_DIG__
#define DBL_MAX ((double)__DBL_MAX__)
#define DBL_MIN ((double)__DBL_MIN__)
#define DBL_EPSILON ((double)__DBL_EPSILON__)
#define DBL_DIG __DBL_DIG__
#define INFINITY (__builtin_inff())
#define NAN (__builtin_nanf(""))
#define HUGE_VAL (__builtin_huge_val())
#define HUGE_VALF (__builtin_huge_valf())
#ifdef CV_PRECISE
#define CV_CONSTANT(digits) digits##L
#else
#define CV_CONSTANT(digits) digits
#endif
#define M_E CV_CONSTANT(2.7182818284590452354)
#define M_LOG2E CV_CONSTANT(1.4426950408889634074)
#define M_LOG10E CV_CONSTANT(0.43429448190325182765)
#define M_LN2 CV_CONSTANT(0.69314718055994530942)
#define M_LN10 CV_CONSTANT(2.30258509299404568402)
#define M_PI CV_CONSTANT(3.14159265358979323846)
#define M_PI_2 CV_CONSTANT(1.57079632679489661923)
#define M_PI_4 CV_CONSTANT(0.78539816339744830962)
#define M_1_PI CV_CONSTANT(0.31830988618379067154)
#define M_2_PI CV_CONSTANT(0.63661977236758134308)
#define M_2_SQRTPI CV_CONSTANT(1.12837916709551257390)
#define M_SQRT2 CV_CONSTANT(1.41421356237309504880)
#define M_SQRT1_2 CV_CONSTANT(0.70710678118654752440)
#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define assert(condition) ((condition) ? (void)0 : __builtin_abort())

/* The compiler's instrumentation passes over these: under the hooks they are calls of tsan.c. */
#if defined(__SANITIZE_THREAD__) && !defined(CV_REAL_DETECTOR)
#define CV_SEEN(name) __asm__("cv_" #name)
#else
#define CV_SEEN(name)
#endif
extern "C" {
void *malloc(size_t) noexcept; void *calloc(size_t, size_t) noexcept; void *realloc(void *, size_t) noexcept; void free(void *) noexcept;
void *memcpy(void *, const void *, size_t) noexcept CV_SEEN(memcpy); void *memmove(void *, const void *, size_t) noexcept CV_SEEN(memcpy);
void *memset(void *, int, size_t) noexcept CV_SEEN(memset); int memcmp(const void *, const void *, size_t) noexcept;
size_t strlen(const char *) noexcept;
void exit(int) noexcept __attribute__((noreturn)); void abort() noexcept __attribute__((noreturn));
struct FILE;
}
#define alloca(bytes) __builtin_alloca(bytes)
static FILE *const stdout = nullptr, *const stderr = nullptr;
static inline int printf(const char *, ...) { return 0; }
static inline int fprintf(FILE *, const char *, ...) { return 0; }
static inline int puts(const char *) { return 0; }
static inline int putchar(int c) { return c; }
static inline int fflush(FILE *) { return 0; }

/* ---- traits ---- */
template <bool B, class T = void> struct cv_if {}; template <class T> struct cv_if<true, T> { typedef T type; };
template <class T> struct cv_plain { typedef T type; };
template <class T> struct cv_plain<const T> { typedef T type; }; template <class T> struct cv_plain<volatile T> { typedef T type; };
template <class T> struct cv_integral { enum { value = 0 }; };
template <class T> struct cv_real { enum { value = 0 }; };
#define CV_IS_INTEGRAL(T) template <> struct cv_integral<T> { enum { value = 1 }; };
CV_IS_INTEGRAL(bool) CV_IS_INTEGRAL(char) CV_IS_INTEGRAL(signed char) CV_IS_INTEGRAL(unsigned char) CV_IS_INTEGRAL(short)
CV_IS_INTEGRAL(unsigned short) CV_IS_INTEGRAL(int) CV_IS_INTEGRAL(unsigned) CV_IS_INTEGRAL(long) CV_IS_INTEGRAL(unsigned long)
CV_IS_INTEGRAL(long long) CV_IS_INTEGRAL(unsigned long long)
template <> struct cv_real<float> { enum { value = 1 }; }; template <> struct cv_real<double> { enum { value = 1 }; };
template <> struct cv_real<long double> { enum { value = 1 }; };
template <class T> struct cv_number { enum { value = (int)cv_integral<T>::value | (int)cv_real<T>::value }; };
/* What <cmath> promotes an argument to, and two arguments together. */
template <class T> struct cv_up { typedef cv_f64 type; };
template <> struct cv_up<float> { typedef float type; };
template <> struct cv_up<long double> { typedef long double type; };
#ifdef CV_PRECISE
template <> struct cv_up<double> { typedef double type; };
#endif
template <class A, class B> struct cv_both { typedef decltype(typename cv_up<A>::type() + typename cv_up<B>::type()) type; };
template <class A, class B> struct cv_mixed : cv_if<cv_number<A>::value && cv_number<B>::value, typename cv_both<A, B>::type> {};

/* ---- <cmath> ---- */
#ifdef CV_PRECISE
#define CV_LONG1(n)
#define CV_LONG2(n)
#else
#define CV_LONG1(n) static inline long double n(long double x) { return __builtin_##n##l(x); }
#define CV_LONG2(n) static inline long double n(long double x, long double y) { return __builtin_##n##l(x, y); }
#endif
#define CV_MATH1(n) static inline cv_f32 n(cv_f32 x) { return CV_B32(n)(x); } static inline cv_f64 n(cv_f64 x) { return CV_B64(n)(x); } CV_LONG1(n) \
    template <class T> static inline typename cv_if<cv_integral<T>::value, cv_f64>::type n(T x) { return CV_B64(n)((cv_f64)x); } \
    static inline cv_f32 n##f(cv_f32 x) { return CV_B32(n)(x); } static inline long double n##l(long double x) { return __builtin_##n##l(x); } \
    namespace std { using ::n; using ::n##f; using ::n##l; }
#define CV_MATH2(n) static inline cv_f32 n(cv_f32 x, cv_f32 y) { return CV_B32(n)(x, y); } static inline cv_f64 n(cv_f64 x, cv_f64 y) { return CV_B64(n)(x, y); } CV_LONG2(n) \
    template <class A, class B> static inline typename cv_mixed<A, B>::type n(A x, B y) { typedef typename cv_mixed<A, B>::type R; return n((R)x, (R)y); } \
    static inline cv_f32 n##f(cv_f32 x, cv_f32 y) { return CV_B32(n)(x, y); } static inline long double n##l(long double x, long double y) { return __builtin_##n##l(x, y); } \
    namespace std { using ::n; using ::n##f; using ::n##l; }
namespace std { using ::size_t; using ::ptrdiff_t; using ::int8_t; using ::int16_t; using ::int32_t; using ::int64_t; using ::uint8_t;
using ::uint16_t; using ::uint32_t; using ::uint64_t; using ::malloc; using ::calloc; using ::realloc; using ::free; using ::memcpy;
using ::memmove; using ::memset; using ::memcmp; using ::strlen; using ::exit; using ::abort; using ::printf; using ::fprintf; typedef decltype(nullptr) nullptr_t; }
CV_MATH1(sqrt) CV_MATH1(cbrt) CV_MATH1(exp) CV_MATH1(exp2) CV_MATH1(expm1) CV_MATH1(log) CV_MATH1(log2) CV_MATH1(log10) CV_MATH1(log1p)
CV_MATH1(sin) CV_MATH1(cos) CV_MATH1(tan) CV_MATH1(asin) CV_MATH1(acos) CV_MATH1(atan) CV_MATH1(sinh) CV_MATH1(cosh) CV_MATH1(tanh)
CV_MATH1(asinh) CV_MATH1(acosh) CV_MATH1(atanh) CV_MATH1(floor) CV_MATH1(ceil) CV_MATH1(trunc) CV_MATH1(round) CV_MATH1(rint)
CV_MATH1(nearbyint) CV_MATH1(fabs) CV_MATH1(erf) CV_MATH1(erfc) CV_MATH1(tgamma) CV_MATH1(lgamma) CV_MATH1(logb)
CV_MATH2(pow) CV_MATH2(atan2) CV_MATH2(fmod) CV_MATH2(hypot) CV_MATH2(fmin) CV_MATH2(fmax) CV_MATH2(fdim) CV_MATH2(copysign)
CV_MATH2(remainder) CV_MATH2(nextafter)
static inline cv_f32 fma(cv_f32 x, cv_f32 y, cv_f32 z) { return CV_B32(fma)(x, y, z); }
static inline cv_f64 fma(cv_f64 x, cv_f64 y, cv_f64 z) { return CV_B64(fma)(x, y, z); }
static inline cv_f32 fmaf(cv_f32 x, cv_f32 y, cv_f32 z) { return CV_B32(fma)(x, y, z); }
#define CV_ROUND(n, R) static inline R n(cv_f32 x) { return CV_B32(n)(x); } static inline R n(cv_f64 x) { return CV_B64(n)(x); } \
    template <class T> static inline typename cv_if<cv_integral<T>::value, R>::type n(T x) { return (R)x; } \
    static inline R n##f(cv_f32 x) { return CV_B32(n)(x); } namespace std { using ::n; using ::n##f; }
CV_ROUND(lround, long) CV_ROUND(llround, long long) CV_ROUND(lrint, long) CV_ROUND(llrint, long long)
static inline cv_f32 ldexp(cv_f32 x, int e) { return CV_B32(ldexp)(x, e); } static inline cv_f64 ldexp(cv_f64 x, int e) { return CV_B64(ldexp)(x, e); }
static inline cv_f32 ldexpf(cv_f32 x, int e) { return CV_B32(ldexp)(x, e); }
static inline cv_f32 frexp(cv_f32 x, int *e) { return CV_B32(frexp)(x, e); } static inline cv_f64 frexp(cv_f64 x, int *e) { return CV_B64(frexp)(x, e); }
static inline cv_f32 modf(cv_f32 x, cv_f32 *w) { return CV_B32(modf)(x, w); } static inline cv_f64 modf(cv_f64 x, cv_f64 *w) { return CV_B64(modf)(x, w); }
static inline cv_f32 modff(cv_f32 x, cv_f32 *w) { return CV_B32(modf)(x, w); }
static inline int ilogb(cv_f32 x) { return CV_B32(ilogb)(x); } static inline int ilogb(cv_f64 x) { return CV_B64(ilogb)(x); }
#define CV_TEST(n, b) template <class T> static inline typename cv_if<cv_number<T>::value, bool>::type n(T x) { return b((typename cv_up<T>::type)x); } namespace std { using ::n; }
CV_TEST(isnan, __builtin_isnan) CV_TEST(isinf, __builtin_isinf) CV_TEST(isfinite, __builtin_isfinite) CV_TEST(isnormal, __builtin_isnormal) CV_TEST(signbit, __builtin_signbit)

static inline int abs(int x) { return x < 0 ? -x : x; } static inline long abs(long x) { return x < 0 ? -x : x; }
static inline long long abs(long long x) { return x < 0 ? -x : x; }
static inline cv_f32 abs(cv_f32 x) { return CV_B32(fabs)(x); } static inline cv_f64 abs(cv_f64 x) { return CV_B64(fabs)(x); }
#ifndef CV_PRECISE
static inline long double abs(long double x) { return __builtin_fabsl(x); }
#endif
static inline long labs(long x) { return x < 0 ? -x : x; } static inline long long llabs(long long x) { return x < 0 ? -x : x; }
template <class T> static inline void swap(T &a, T &b) { T t = a; a = b; b = t; }
namespace std { using ::fma; using ::ldexp; using ::frexp; using ::modf; using ::ilogb; using ::abs; using ::labs; using ::llabs; using ::swap; using ::fmaf; }

/* ---- a little of <algorithm> ---- */
template <class A, class B> static inline typename cv_if<cv_number<A>::value && cv_number<B>::value, decltype(A() + B())>::type min(A a, B b) { typedef decltype(A() + B()) R; return (R)b < (R)a ? (R)b : (R)a; }
template <class A, class B> static inline typename cv_if<cv_number<A>::value && cv_number<B>::value, decltype(A() + B())>::type max(A a, B b) { typedef decltype(A() + B()) R; return (R)a < (R)b ? (R)b : (R)a; }
namespace std {
template <class T> constexpr const T &min(const T &a, const T &b) { return b < a ? b : a; }
template <class T> constexpr const T &max(const T &a, const T &b) { return a < b ? b : a; }
template <class T, class C> constexpr const T &min(const T &a, const T &b, C less) { return less(b, a) ? b : a; }
template <class T, class C> constexpr const T &max(const T &a, const T &b, C less) { return less(a, b) ? b : a; }
template <class T> constexpr const T &clamp(const T &x, const T &low, const T &high) { return x < low ? low : high < x ? high : x; }
template <class I, class T> void fill(I first, I last, const T &value) { for (; first != last; ++first) *first = value; }
template <class I, class N, class T> I fill_n(I first, N n, const T &value) { for (; n > 0; --n, ++first) *first = value; return first; }
template <class I, class O> O copy(I first, I last, O out) { for (; first != last; ++first, ++out) *out = *first; return out; }
template <class I, class T> void iota(I first, I last, T value) { for (; first != last; ++first, ++value) *first = value; }
template <class I, class T> T accumulate(I first, I last, T sum) { for (; first != last; ++first) sum = sum + *first; return sum; }
template <class T> struct numeric_limits { };
#define CV_LIMITS(T, lowest_, max_, min_, epsilon_, inf_, nan_, digits_) template <> struct numeric_limits<T> { \
    static constexpr T max() { return max_; } static constexpr T min() { return min_; } static constexpr T lowest() { return lowest_; } \
    static constexpr T epsilon() { return epsilon_; } static constexpr T infinity() { return inf_; } static constexpr T quiet_NaN() { return nan_; } \
    static constexpr bool is_integer = !cv_real<T>::value, is_signed = (T)-1 < (T)0, has_infinity = cv_real<T>::value; static constexpr int digits = digits_; };
CV_LIMITS(bool, false, true, false, 0, 0, 0, 1) CV_LIMITS(char, CHAR_MIN, CHAR_MAX, CHAR_MIN, 0, 0, 0, 7)
CV_LIMITS(signed char, SCHAR_MIN, SCHAR_MAX, SCHAR_MIN, 0, 0, 0, 7) CV_LIMITS(unsigned char, 0, UCHAR_MAX, 0, 0, 0, 0, 8)
CV_LIMITS(short, SHRT_MIN, SHRT_MAX, SHRT_MIN, 0, 0, 0, 15) CV_LIMITS(unsigned short, 0, USHRT_MAX, 0, 0, 0, 0, 16)
CV_LIMITS(int, INT_MIN, INT_MAX, INT_MIN, 0, 0, 0, 31) CV_LIMITS(unsigned, 0, UINT_MAX, 0, 0, 0, 0, 32)
CV_LIMITS(long, LONG_MIN, LONG_MAX, LONG_MIN, 0, 0, 0, 63) CV_LIMITS(unsigned long, 0, ULONG_MAX, 0, 0, 0, 0, 64)
CV_LIMITS(long long, LLONG_MIN, LLONG_MAX, LLONG_MIN, 0, 0, 0, 63) CV_LIMITS(unsigned long long, 0, ULLONG_MAX, 0, 0, 0, 0, 64)
CV_LIMITS(cv_f32, -__FLT_MAX__, __FLT_MAX__, __FLT_MIN__, __FLT_EPSILON__, __builtin_inff(), __builtin_nanf(""), 24)
CV_LIMITS(cv_f64, -__DBL_MAX__, __DBL_MAX__, __DBL_MIN__, __DBL_EPSILON__, __builtin_inf(), __builtin_nan(""), 53)
struct cv_sink { template <class T> const cv_sink &operator<<(const T &) const { return *this; } };
static const cv_sink cout = {}, cerr = {}; static const char endl = '\n';
}

/* Arguments of a shim take the exact type that the program declares. */
struct cv_pointer { void *p; template <class T> operator T *() const { return (T *)p; } };
struct cv_reference { void *p; template <class T> operator T &() const { return *(T *)p; } };

#ifdef _OPENMP
#include <omp.h>
#else /* compiled without its pragmas, a program that asks is one thread */
static inline int omp_get_thread_num() { return 0; }
static inline int omp_get_num_threads() { return 1; }
static inline int omp_get_max_threads() { return 1; }
static inline int omp_get_num_procs() { return 1; }
static inline int omp_in_parallel() { return 0; }
static inline void omp_set_num_threads(int) {}
#endif
/* OpenMP's clock is the runner's (child.c), for serial programs and host code too. */
extern "C" double cv_clock(void) __attribute__((weak));
static inline double cv_still() { return cv_clock ? cv_clock() : 0; }
#define omp_get_wtime cv_still
#ifdef CV_PRECISE
#define float cv_f32
#define double cv_f64
#endif
#endif
