/* <cuda_fp16.h>: numbers of 16 bits, rounded to nearest after every operation; comes after prelude_cuda.h, where a program asks for it.
 *
 * The sum, product, quotient and root of two such numbers are exact enough as float that rounding twice is rounding once; of a
 * fused operation the double is made odd first.
 */
#ifndef CV_HALF_H
#define CV_HALF_H
#pragma GCC system_header

CV_INLINE unsigned short cv_half_bits(float f) {
    unsigned b = cv_bits<unsigned>(f), sign = b >> 16 & 0x8000u, a = b & 0x7fffffffu;
    if (a > 0x7f800000u) return 0x7fff;
    if (a >= 0x477ff000u) return (unsigned short)(sign | 0x7c00u);
    if (a < 0x38800000u) { /* less than the least normal number: a multiple of 2^-24 */
        float whole = cv_bits<float>(a) + 0.5f;
        return (unsigned short)(sign | (cv_bits<unsigned>(whole) - 0x3f000000u));
    }
    a += 0xfffu + (a >> 13 & 1u);
    return (unsigned short)(sign | ((a - 0x38000000u) >> 13));
}
CV_INLINE float cv_half_float(unsigned short h) {
    unsigned sign = (unsigned)(h & 0x8000u) << 16, a = h & 0x7fffu;
    if (a >= 0x7c00u) return cv_bits<float>(sign | 0x7f800000u | (a & 0x3ffu) << 13);
    if (a < 0x400u) { float f = (float)a * 5.9604644775390625e-8f; return sign ? -f : f; }
    return cv_bits<float>(sign | ((a << 13) + 0x38000000u));
}
CV_INLINE unsigned short cv_half_of_double(double d) {
    float f = (float)d;
    unsigned b = cv_bits<unsigned>(f);
    if ((double)f != d && f == f && !(b & 1u) && (b & 0x7f800000u) != 0x7f800000u)
        f = cv_bits<float>(((double)f < d) == (f >= 0 && !(b >> 31)) ? b + 1u : b - 1u);
    return cv_half_bits(f);
}

struct __half {
    unsigned short __x;
    __half() = default;
    constexpr __half(unsigned short bits, int, int) : __x(bits) {}
    __half(float f) : __x(cv_half_bits(f)) {}
    __half(double d) : __x(cv_half_of_double(d)) {}
    __half(int i) : __x(cv_half_of_double(i)) {}
    __half(unsigned i) : __x(cv_half_of_double(i)) {}
    __half(short i) : __x(cv_half_of_double(i)) {}
    __half(unsigned short i) : __x(cv_half_of_double(i)) {}
    __half(long i) : __x(cv_half_of_double((double)i)) {}
    __half(unsigned long i) : __x(cv_half_of_double((double)i)) {}
    __half(long long i) : __x(cv_half_of_double((double)i)) {}
    __half(unsigned long long i) : __x(cv_half_of_double((double)i)) {}
    operator float() const { return cv_half_float(__x); }
    explicit operator bool() const { return (__x & 0x7fffu) != 0; }
    operator int() const { return __float2int_rz(cv_half_float(__x)); }
    operator unsigned() const { return __float2uint_rz(cv_half_float(__x)); }
    operator long long() const { return __float2ll_rz(cv_half_float(__x)); }
    __half operator+() const { return *this; }
    __half operator-() const { return __half((unsigned short)(__x ^ 0x8000u), 0, 0); }
};
typedef __half half;
struct alignas(4) __half2 {
    __half x, y;
    __half2() = default;
    __half2(const __half &a, const __half &b) : x(a), y(b) {}
};
typedef __half2 half2;
struct __half_raw { unsigned short x; };

#define CV_HALF_OPERATOR(O) \
    CV_INLINE __half operator O(const __half &a, const __half &b) { return __half(cv_half_float(a.__x) O cv_half_float(b.__x)); } \
    static inline __half &operator O##=(__half &a, const __half &b) { return a = a O b; } \
    CV_INLINE __half2 operator O(const __half2 &a, const __half2 &b) { return __half2(a.x O b.x, a.y O b.y); } \
    static inline __half2 &operator O##=(__half2 &a, const __half2 &b) { return a = a O b; }
CV_HALF_OPERATOR(+) CV_HALF_OPERATOR(-) CV_HALF_OPERATOR(*) CV_HALF_OPERATOR(/)
#define CV_HALF_COMPARE(O) \
    CV_INLINE bool operator O(const __half &a, const __half &b) { return cv_half_float(a.__x) O cv_half_float(b.__x); }
CV_HALF_COMPARE(==) CV_HALF_COMPARE(!=) CV_HALF_COMPARE(<) CV_HALF_COMPARE(>) CV_HALF_COMPARE(<=) CV_HALF_COMPARE(>=)
static inline __half &operator++(__half &a) { return a = a + __half(1.0f); }
static inline __half &operator--(__half &a) { return a = a - __half(1.0f); }

/* ---- conversions ---- */
CV_INLINE __half __float2half(float f) { return __half(f); }
CV_INLINE __half __float2half_rn(float f) { return __half(f); }
CV_INLINE __half __double2half(double d) { return __half(d); }
CV_INLINE float __half2float(__half h) { return cv_half_float(h.__x); }
#define CV_HALF_FROM(N, T) CV_INLINE __half __##N##2half_rn(T v) { return __half(v); }
CV_HALF_FROM(int, int) CV_HALF_FROM(uint, unsigned) CV_HALF_FROM(short, short) CV_HALF_FROM(ushort, unsigned short) CV_HALF_FROM(ll, long long)
#define CV_HALF_TO(M) \
    CV_INLINE int __half2int_##M(__half h) { return __float2int_##M(__half2float(h)); } \
    CV_INLINE unsigned __half2uint_##M(__half h) { return __float2uint_##M(__half2float(h)); } \
    CV_INLINE long long __half2ll_##M(__half h) { return __float2ll_##M(__half2float(h)); }
CV_HALF_TO(rn) CV_HALF_TO(rz) CV_HALF_TO(rd) CV_HALF_TO(ru)
CV_INLINE short __half_as_short(__half h) { return (short)h.__x; }
CV_INLINE unsigned short __half_as_ushort(__half h) { return h.__x; }
CV_INLINE __half __short_as_half(short s) { return __half((unsigned short)s, 0, 0); }
CV_INLINE __half __ushort_as_half(unsigned short s) { return __half(s, 0, 0); }
CV_INLINE __half2 __halves2half2(__half a, __half b) { return __half2(a, b); }
CV_INLINE __half2 make_half2(__half a, __half b) { return __half2(a, b); }
CV_INLINE __half2 __half2half2(__half a) { return __half2(a, a); }
CV_INLINE __half2 __float2half2_rn(float f) { return __half2(__half(f), __half(f)); }
CV_INLINE __half2 __floats2half2_rn(float a, float b) { return __half2(__half(a), __half(b)); }
CV_INLINE __half2 __float22half2_rn(float2 f) { return __half2(__half(f.x), __half(f.y)); }
CV_INLINE float2 __half22float2(__half2 h) { return make_float2(__half2float(h.x), __half2float(h.y)); }
CV_INLINE __half __low2half(__half2 h) { return h.x; }
CV_INLINE __half __high2half(__half2 h) { return h.y; }
CV_INLINE float __low2float(__half2 h) { return __half2float(h.x); }
CV_INLINE float __high2float(__half2 h) { return __half2float(h.y); }
CV_INLINE __half2 __low2half2(__half2 h) { return __half2(h.x, h.x); }
CV_INLINE __half2 __high2half2(__half2 h) { return __half2(h.y, h.y); }
CV_INLINE __half2 __lows2half2(__half2 a, __half2 b) { return __half2(a.x, b.x); }
CV_INLINE __half2 __highs2half2(__half2 a, __half2 b) { return __half2(a.y, b.y); }
CV_INLINE __half2 __lowhigh2highlow(__half2 h) { return __half2(h.y, h.x); }

/* ---- arithmetic ---- */
CV_INLINE __half __hfma(__half a, __half b, __half c) {
    return __half((double)__half2float(a) * (double)__half2float(b) + (double)__half2float(c));
}
CV_INLINE __half2 __hfma2(__half2 a, __half2 b, __half2 c) { return __half2(__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)); }
CV_INLINE float cv_half_saturated(float x) { return x != x || x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x; }
#define CV_HALF2(NAME, NAME2, EXPR) CV_INLINE __half NAME(__half a, __half b) { return EXPR; } \
    CV_INLINE __half2 NAME2(__half2 v, __half2 w) { return __half2(NAME(v.x, w.x), NAME(v.y, w.y)); }
CV_HALF2(__hadd, __hadd2, a + b) CV_HALF2(__hsub, __hsub2, a - b) CV_HALF2(__hmul, __hmul2, a * b) CV_HALF2(__hdiv, __h2div, a / b)
CV_HALF2(__hadd_rn, __hadd2_rn, a + b) CV_HALF2(__hsub_rn, __hsub2_rn, a - b) CV_HALF2(__hmul_rn, __hmul2_rn, a * b)
CV_HALF2(__hadd_sat, __hadd2_sat, __half(cv_half_saturated(a + b))) CV_HALF2(__hsub_sat, __hsub2_sat, __half(cv_half_saturated(a - b)))
CV_HALF2(__hmul_sat, __hmul2_sat, __half(cv_half_saturated(a * b)))
CV_HALF2(__hmax, __hmax2, __half(__builtin_fmaxf(a, b))) CV_HALF2(__hmin, __hmin2, __half(__builtin_fminf(a, b)))
#define CV_HALF1(NAME, NAME2, EXPR) CV_INLINE __half NAME(__half h) { float x = __half2float(h); (void)x; return EXPR; } \
    CV_INLINE __half2 NAME2(__half2 v) { return __half2(NAME(v.x), NAME(v.y)); }
CV_HALF1(__hneg, __hneg2, -h) CV_HALF1(__habs, __habs2, __half((unsigned short)(h.__x & 0x7fffu), 0, 0))
CV_HALF1(hsqrt, h2sqrt, __half(__builtin_sqrtf(x))) CV_HALF1(hrsqrt, h2rsqrt, __half(1.0f / __builtin_sqrtf(x))) CV_HALF1(hrcp, h2rcp, __half(1.0f / x))
CV_HALF1(hexp, h2exp, __half(__builtin_expf(x))) CV_HALF1(hexp2, h2exp2, __half(__builtin_exp2f(x))) CV_HALF1(hexp10, h2exp10, __half(__builtin_powf(10.0f, x)))
CV_HALF1(hlog, h2log, __half(__builtin_logf(x))) CV_HALF1(hlog2, h2log2, __half(__builtin_log2f(x))) CV_HALF1(hlog10, h2log10, __half(__builtin_log10f(x)))
CV_HALF1(hsin, h2sin, __half(__builtin_sinf(x))) CV_HALF1(hcos, h2cos, __half(__builtin_cosf(x))) CV_HALF1(htanh, h2tanh, __half(__builtin_tanhf(x)))
CV_HALF1(hceil, h2ceil, __half(__builtin_ceilf(x))) CV_HALF1(hfloor, h2floor, __half(__builtin_floorf(x))) CV_HALF1(htrunc, h2trunc, __half(__builtin_truncf(x)))
CV_HALF1(hrint, h2rint, __half(__builtin_nearbyintf(x)))

/* ---- comparisons ---- */
#define CV_HALF_TEST(NAME, O) CV_INLINE bool __h##NAME(__half a, __half b) { return a O b; } \
    CV_INLINE __half2 __h##NAME##2(__half2 a, __half2 b) { return __half2(__half(a.x O b.x ? 1.0f : 0.0f), __half(a.y O b.y ? 1.0f : 0.0f)); } \
    CV_INLINE bool __hb##NAME##2(__half2 a, __half2 b) { return a.x O b.x && a.y O b.y; }
CV_HALF_TEST(eq, ==) CV_HALF_TEST(ne, !=) CV_HALF_TEST(lt, <) CV_HALF_TEST(le, <=) CV_HALF_TEST(gt, >) CV_HALF_TEST(ge, >=)
CV_INLINE bool __hisnan(__half h) { return (h.__x & 0x7fffu) > 0x7c00u; }
CV_INLINE int __hisinf(__half h) { return (h.__x & 0x7fffu) != 0x7c00u ? 0 : h.__x >> 15 ? -1 : 1; }

CV_ATOMIC(atomicAdd, __half, old + v) CV_ATOMIC(atomicAdd, __half2, old + v)
#define CUDART_ZERO_FP16 __ushort_as_half(0)
#define CUDART_ONE_FP16 __ushort_as_half(0x3c00)
#define CUDART_INF_FP16 __ushort_as_half(0x7c00)
#define CUDART_NAN_FP16 __ushort_as_half(0x7fff)
#define CUDART_MAX_NORMAL_FP16 __ushort_as_half(0x7bff)
#endif
