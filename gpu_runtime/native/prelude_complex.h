/* What <cuComplex.h> declares, for programs that include it: in their place of that line stands `using namespace cv_complex;`.
 *
 * Contract: float2 and double2 are known; formulas are the header's own (no overflow in quotients and absolute values).
 *
 *     pytest tests/coevolve/test_verify_headers.py
 */
namespace cv_complex {
#define CV_COMPLEX static inline __host__ __device__
#define CV_COMPLEX_TYPE(C, R, F, NAME, S) \
    typedef C NAME; \
    CV_COMPLEX C make_##NAME(R x, R y) { C c; c.x = x; c.y = y; return c; } \
    CV_COMPLEX R cuCreal##F(C a) { return a.x; } \
    CV_COMPLEX R cuCimag##F(C a) { return a.y; } \
    CV_COMPLEX C cuConj##F(C a) { return make_##NAME(a.x, -a.y); } \
    CV_COMPLEX C cuCadd##F(C a, C b) { return make_##NAME(a.x + b.x, a.y + b.y); } \
    CV_COMPLEX C cuCsub##F(C a, C b) { return make_##NAME(a.x - b.x, a.y - b.y); } \
    CV_COMPLEX C cuCmul##F(C a, C b) { return make_##NAME(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); } \
    CV_COMPLEX C cuCfma##F(C a, C b, C d) { return make_##NAME(a.x * b.x - a.y * b.y + d.x, a.x * b.y + a.y * b.x + d.y); } \
    CV_COMPLEX C cuCdiv##F(C a, C b) { \
        R s = 1 / (fabs##S(b.x) + fabs##S(b.y)), ax = a.x * s, ay = a.y * s, bx = b.x * s, by = b.y * s; \
        s = 1 / (bx * bx + by * by); \
        return make_##NAME((ax * bx + ay * by) * s, (ay * bx - ax * by) * s); \
    } \
    CV_COMPLEX R cuCabs##F(C a) { return hypot##S(a.x, a.y); }
CV_COMPLEX_TYPE(float2, float, f, cuFloatComplex, f)
CV_COMPLEX_TYPE(double2, double, , cuDoubleComplex, )
typedef cuFloatComplex cuComplex;
CV_COMPLEX cuComplex make_cuComplex(float x, float y) { return make_cuFloatComplex(x, y); }
CV_COMPLEX cuDoubleComplex cuComplexFloatToDouble(cuFloatComplex a) { return make_cuDoubleComplex(a.x, a.y); }
CV_COMPLEX cuFloatComplex cuComplexDoubleToFloat(cuDoubleComplex a) { return make_cuFloatComplex((float)a.x, (float)a.y); }
#undef CV_COMPLEX
#undef CV_COMPLEX_TYPE
}
