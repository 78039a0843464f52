"""Tokens of the three text forms that models see: C-like dialects, free-form Fortran, and the suite
text form.

Contract: total (any text gives tokens, never an error), comments are dropped, directives
(`#pragma`, `!$omp`) are kept and end in NEWLINE. A token is (kind, text); nothing is renamed here.
The word tables say which identifiers belong to a language rather than to the program.

    python -c "from corpora.tokens.lexers import lex; \\
        print([t.text for t in lex('a[i] += 1.5f; // x', 'cpp')])"
"""

from __future__ import annotations

import re
from typing import NamedTuple

NEWLINE = "<nl>"
"""End of a directive, of a Fortran statement, or of a test: the only white space that carries
meaning.
"""


class Token(NamedTuple):
    """A token of a source text. kind: `name`, `number`, `literal`, `directive`, `newline` or
    `symbol`. text: as written.
    """

    kind: str
    text: str


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CPP_TYPES = _words(
    "void bool char short int long float double signed unsigned size_t ssize_t ptrdiff_t "
    "int8_t int16_t int32_t int64_t"
    " uint8_t uint16_t uint32_t uint64_t uint uchar ushort ulong auto dim3 half __half"
    " char2 char3 char4 uchar2 uchar3 uchar4 short2 short3 short4 int2 int3 int4 uint2 "
    "uint3 uint4 long2 float2 float3"
    " float4 double2 double3 double4 longlong2 cudaError_t cudaStream_t cudaEvent_t"
)
CPP_KEYWORDS = _words(
    "alignas alignof asm break case catch class const constexpr const_cast continue "
    "decltype default delete do"
    " dynamic_cast else enum explicit extern false for friend goto if inline mutable "
    "namespace new noexcept nullptr"
    " operator private protected public register reinterpret_cast restrict return sizeof "
    "static static_assert"
    " static_cast struct switch template this throw true try typedef typename union using "
    "virtual volatile while"
    " __restrict__ __restrict __inline__ __forceinline__ __attribute__ std NULL"
    " __global__ __device__ __host__ __shared__ __constant__ __managed__ __launch_bounds__ "
    "__noinline__"
    " threadIdx blockIdx blockDim gridDim warpSize"
)
CPP_FUNCTIONS = _words(
    "abs labs llabs fabs fabsf sqrt sqrtf rsqrt rsqrtf cbrt cbrtf exp expf exp2 exp2f "
    "expm1 expm1f log logf log2 log2f"
    " log10 log10f log1p log1pf pow powf sin sinf cos cosf tan tanf asin asinf acos acosf "
    "atan atanf atan2 atan2f sinh"
    " sinhf cosh coshf tanh tanhf floor floorf ceil ceilf round roundf rint rintf trunc "
    "truncf fmod fmodf fmin fminf fmax"
    " fmaxf min max hypot hypotf erf erff erfc erfcf tgamma lgamma copysign copysignf fma "
    "fmaf isnan isinf isfinite swap"
    " sincos sincosf __expf __logf __log2f __powf __sinf __cosf __fdividef __saturatef "
    "__fmul_rn __fadd_rn __frcp_rn"
    " __mul24 __umul24 __popc __clz __ffs __ldg __float2int_rn __int2float_rn "
    "__float2int_rz make_float2 make_float3"
    " make_float4 make_int2 make_int3 make_int4 make_uint2 make_uchar3 make_uchar4 make_double2"
    " atomicAdd atomicSub atomicMin atomicMax atomicExch atomicCAS atomicInc atomicDec "
    "atomicAnd atomicOr atomicXor"
    " __syncthreads __syncwarp __threadfence __threadfence_block __syncthreads_count "
    "__syncthreads_and __syncthreads_or"
    " __shfl_sync __shfl_down_sync __shfl_up_sync __shfl_xor_sync __ballot_sync __any_sync "
    "__all_sync __activemask"
    " cudaMalloc cudaFree cudaMemcpy cudaMemset cudaDeviceSynchronize cudaGetLastError "
    "cudaMallocManaged"
    " cudaMemcpyHostToDevice cudaMemcpyDeviceToHost cudaMemcpyDeviceToDevice cudaStreamSynchronize"
    " omp_get_thread_num omp_get_num_threads omp_get_max_threads malloc calloc free memcpy "
    "memset printf assert"
)
CPP_MEMBERS = _words("x y z w size data begin end push_back resize first second")
"""Kept after `.` and `->` only; elsewhere these are the program's own names."""

OMP_WORDS = _words(
    "omp parallel for do simd sections section single master masked critical atomic "
    "barrier taskwait task taskloop"
    " ordered target teams distribute loop declare end workshare threadprivate flush "
    "private firstprivate lastprivate"
    " shared default none reduction collapse schedule static dynamic guided runtime auto "
    "nowait num_threads if map to"
    " from tofrom alloc copyin copyprivate depend in out inout safelen simdlen aligned "
    "linear uniform update read write"
    " capture seq_cst final untied mergeable grainsize num_tasks nogroup proc_bind close "
    "spread max min unroll ivdep GCC"
    " paralleldo endparallel enddo endparalleldo endcritical endtask endsingle endsections "
    "endmaster endsimd iand ior ieor"
)

FORTRAN_KEYWORDS = _words(
    "subroutine function end program module contains use only implicit none integer real "
    "double precision complex logical"
    " character kind len dimension parameter allocatable pointer target intent in out "
    "inout optional save value"
    " contiguous pure elemental recursive result bind c if then else elseif endif do enddo "
    "while concurrent exit cycle"
    " continue select case call return stop allocate deallocate interface type where "
    "elsewhere forall print write"
    " block associate nullify goto go to iso_c_binding iso_fortran_env c_int c_long "
    "c_float c_double c_ptr c_size_t int32"
    " int64 real32 real64 endsubroutine endfunction default"
)
FORTRAN_FUNCTIONS = _words(
    "abs sqrt exp log log10 sin cos tan asin acos atan atan2 sinh cosh tanh mod modulo min "
    "max int nint floor ceiling"
    " real dble sngl float sum product maxval minval maxloc minloc dot_product matmul "
    "transpose size shape lbound ubound"
    " merge sign dim iand ior ieor not ishft count any all spread reshape present "
    "allocated mask epsilon huge tiny"
    " aint anint conjg cmplx aimag exponent erf gamma hypot omp_get_thread_num "
    "omp_get_num_threads omp_get_max_threads"
)
FORTRAN_FIXED = _words("subroutine function end if then else do call return integer real implicit")
"""Keywords that stay keywords even where a program declares a variable of that name."""

SUITE_WORDS = _words(
    "bool i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 c64 c128 uniform normal integers "
    "permutation indices sorted constant"
    " special choice magnitudes serpentine falling sparse stretches cycled winding definite phrases"
    " null alias true false nan inf infinity min max INT_MIN INT_MAX LONG_MIN "
    "LONG_MAX UINT_MAX ULONG_MAX SHRT_MIN"
    " SHRT_MAX USHRT_MAX CHAR_MIN CHAR_MAX UCHAR_MAX"
)

_SYMBOLS = r"<<<|>>>|<<=|>>=|\.\.\.|->|::|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\#\#|\S"
_CPP = re.compile(
    r"""(?P<skip>[^\S\n]+|\\\r?\n|//(?:\\\n|[^\n])*|/\*.*?\*/)
    |(?P<line>\n)
    |(?P<literal>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"|(?:[uUL])?'(?:\\.|[^'\\\n])+')
    |(?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<symbol>"""
    + _SYMBOLS
    + ")",
    re.VERBOSE | re.DOTALL,
)
_HASH = re.compile(r"#[^\S\n]*([A-Za-z]+)")
_HEADER = re.compile(r"[^\S\n]*(<[^>\n]*>)")
_FORTRAN = re.compile(
    r"""(?P<skip>[^\S\n]+|&[^\S\n]*(?:![^\n]*)?\n(?:\s*(?:!(?!\$)[^\n]*)?\n)*[^\S\n]*(?:!\$omp\b)?&?|(?=!)!(?!\$)[^\n]*)
    |(?P<line>\n|;)
    |(?P<directive>!\$\w*)
    |(?P<literal>"(?:""|[^"\n])*"|'(?:''|[^'\n])*')
    |(?P<number>(?:\d+\.(?![A-Za-z]+\.)\d*|\.\d+|\d+)(?:[edED][+-]?\d+)?(?:_\w+)?)
    |(?P<symbol>\.[A-Za-z]+\.|::|\*\*|//|==|/=|<=|>=|=>)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<other>\S)""",
    re.VERBOSE | re.IGNORECASE,
)
_SUITE = re.compile(
    r"""(?P<skip>[^\S\n]+|\#[^\n]*)|(?P<line>\n|;)
    |(?P<number>0[xX][\da-fA-F.]+(?:[pP][+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_]\w*)|(?P<symbol>\S)""",
    re.VERBOSE,
)


def _lex_cpp(text: str) -> list[Token]:
    tokens: list[Token] = []
    position, fresh_line, in_directive = 0, True, False
    while position < len(text):
        if fresh_line and (hash_ := _HASH.match(text, position)):
            tokens.append(Token("directive", "#" + hash_[1]))
            position, fresh_line, in_directive = hash_.end(), False, True
            if hash_[1] == "include" and (header := _HEADER.match(text, position)):
                tokens.append(Token("literal", header[1]))
                position = header.end()
            continue
        match = _CPP.match(text, position)
        position = match.end()
        if match.lastgroup == "line":
            if in_directive:
                tokens.append(Token("newline", NEWLINE))
            fresh_line, in_directive = True, False
        elif match.lastgroup != "skip":
            tokens.append(Token(match.lastgroup, match[0]))
            fresh_line = False
    if in_directive:
        tokens.append(Token("newline", NEWLINE))
    return tokens


def _lex_lines(pattern: re.Pattern[str], text: str) -> list[Token]:
    """Lex a form in which an end of line ends a statement; empty statements vanish."""
    tokens: list[Token] = []
    for match in pattern.finditer(text):
        kind = match.lastgroup
        if kind == "line":
            if tokens and tokens[-1].kind != "newline":
                tokens.append(Token("newline", NEWLINE))
        elif kind == "directive":
            tokens.append(Token("directive", match[0].lower()))
        elif kind != "skip":
            tokens.append(Token("symbol" if kind == "other" else kind, match[0]))
    if tokens and tokens[-1].kind != "newline":
        tokens.append(Token("newline", NEWLINE))
    return tokens


def _lex_fortran(text: str) -> list[Token]:
    tokens = _lex_lines(_FORTRAN, text)
    return [
        Token(k, t.lower()) if k == "symbol" or k == "number" else Token(k, t) for k, t in tokens
    ]


_LEXERS = {"cpp": _lex_cpp, "fortran": _lex_fortran, "suite": lambda text: _lex_lines(_SUITE, text)}


def lex(text: str, language: str) -> list[Token]:
    """Return the tokens of `text`, in order, without comments. language: `cpp` (CUDA too),
    `fortran` or `suite`. Raises KeyError for another language.
    """
    return _LEXERS[language](text)
