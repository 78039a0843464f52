"""Functions of the languages' libraries that only read their arguments, as data.

`PURE` read the values of their arguments, and elements that pointers among them point to.
`SHAPE` ask for an array's shape or type and read no element. Fortran's names are in lower case.

    python -c "from corpora.analysis.pure_functions import is_pure; print(is_pure('std::sqrt'))"
"""

from __future__ import annotations

_C_MATH = """
abs acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs
fdim floor fma fmax fmin fmod hypot ilogb ldexp lgamma llrint llround log log10 log1p log2 logb
lrint lround nearbyint nextafter pow remainder rint round scalbn sin sinh sqrt tan tanh tgamma trunc
rsqrt rcbrt exp10 sinpi cospi normcdf isnan isinf isfinite signbit
"""
_C_OTHER = """
labs llabs isalpha isdigit isalnum isspace isupper islower toupper tolower min max clamp
strlen strcmp strncmp memcmp creal cimag cabs conj real imag norm arg
__fdividef __expf __logf __sinf __cosf __powf __fmaf_rn __fadd_rn __fmul_rn __dadd_rn __dmul_rn
__mul24 __umul24 __popc __popcll __clz __clzll __ffs __brev __ldg umin umax popcount
__builtin_popcount __builtin_popcountll __builtin_clz __builtin_ctz __builtin_expect
omp_get_thread_num omp_get_num_threads omp_get_max_threads
numeric_limits::max numeric_limits::min get make_float2 make_float3 make_float4 make_double2
make_int2 make_int3 make_int4 __float2int_rn __int2float_rn __float2half __half2float swap_bytes
"""
_FORTRAN = """
achar acos acosh aimag aint all anint any asin asinh atan atan2 atanh bessel_j0 bessel_j1 btest
ceiling char cmplx conjg cos cosh count cshift dabs datan dble dcos dexp dfloat dim dlog dmax1
dmin1 dmod dot_product dprod dsign dsin dsqrt dtan eoshift erf erfc exp exponent findloc float
floor fraction gamma hypot iabs iachar iand ibclr ibits ibset ichar idint ieor ifix index int ior
isign ishft ishftc kind len len_trim log log10 log_gamma logical matmul max max0 max1 amax1 maxloc
maxval merge min min0 min1 amin1 minloc minval mod modulo nearest nint norm2 not pack parity
popcnt product real repeat reshape scan scale set_exponent sign sin sinh sngl spacing spread sqrt
sum tan tanh transfer transpose trim unpack verify ieee_is_nan ieee_is_finite
"""
_SHAPE = """
size lbound ubound shape allocated associated present huge tiny epsilon precision digits range
selected_int_kind selected_real_kind bit_size sizeof kind radix maxexponent minexponent
"""

_MATH = frozenset(_C_MATH.split())
PURE = _MATH | {f"{name}f" for name in _MATH} | {f"{name}l" for name in _MATH}
PURE |= frozenset(_C_OTHER.split()) | frozenset(_FORTRAN.split())
SHAPE = frozenset(_SHAPE.split())
BARRIERS = frozenset({"__syncthreads", "__syncwarp", "__threadfence", "__threadfence_block"})


def is_pure(name: str) -> bool:
    """Return whether `name` is a library function that writes and prints nothing. It may begin with
    `std::`.
    """
    plain = name.removeprefix("::").removeprefix("std::")
    return plain in PURE or plain in SHAPE
