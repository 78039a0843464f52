"""The names that `gpu_runtime.wall.check` goes by: what may be called, included, attributed, and
what may not be written at all.

Contract: data only. CUDA intrinsics are read off the CUDA prelude, so that what is provided and
what is allowed is one list.

    python -c "from gpu_runtime.wall.names import ALLOWED_CALLS; print('__expf' in ALLOWED_CALLS)"
"""

from __future__ import annotations

from pathlib import Path

from corpora.frontends.c_tokens import tokenize
from corpora.frontends.c_words import words_of

KEYWORDS = frozenset(
    "if else for while do switch case default break continue return goto sizeof alignof "
    "alignas decltype noexcept static_assert "
    "typeid new delete throw try catch const constexpr consteval constinit volatile static "
    "inline virtual explicit operator template "
    "typename class struct union enum namespace using typedef public private protected "
    "friend this true false nullptr auto extern register mutable "
    "static_cast reinterpret_cast const_cast dynamic_cast and or not xor co_await "
    "co_return co_yield requires concept export "
    "__launch_bounds__ __align__ __attribute__ __restrict__ __restrict restrict _Alignas "
    "_Static_assert defined override final".split()
)
TYPES = frozenset(
    "void bool char short int long float double signed unsigned wchar_t char8_t char16_t "
    "char32_t size_t ssize_t ptrdiff_t intptr_t uintptr_t "
    "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uint ushort uchar "
    "ulong ulonglong longlong _Bool __int128 "
    "int_fast32_t int_least32_t uint_fast32_t uint_least32_t intmax_t uintmax_t complex __int64 "
    "cudaError_t cudaStream_t cudaEvent_t cudaDeviceProp dim3".split()
) | frozenset(
    f"{t}{n}"
    for t in "char uchar short ushort int uint long ulong longlong ulonglong float double".split()
    for n in "1234"
)
VARIABLE_TYPES = frozenset({"dim3", "cudaStream_t", "cudaEvent_t", "thread_block", "auto"})

ALLOWED_ATTRIBUTES = frozenset(
    "attribute aligned align unused maybe_unused always_inline noinline nodiscard likely "
    "unlikely fallthrough packed pure const gnu hot cold flatten restrict".split()
)

_FLOATING = """
    acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 frexp ldexp
    log log10 log1p log2 logb modf pow sqrt cbrt hypot erf erfc tgamma lgamma ceil floor fmod
    trunc round lround llround rint lrint llrint nearbyint remainder remquo copysign nextafter
    fdim fmax fmin fma fabs scalbn scalbln ilogb nan sincos j0 j1 jn y0 y1 yn exp10 rsqrt rcbrt
    sinpi cospi""".split()
_PLAIN = """
    abs labs llabs min max swap clamp isnan isinf isfinite isnormal signbit fpclassify isgreater
    isless memcpy memset memmove memcmp malloc calloc realloc free printf fprintf puts putchar
    fflush snprintf sprintf strlen strcmp strncmp strcpy strncpy assert exit abort div ldiv
    accumulate fill fill_n copy copy_n find find_if find_if_not find_end find_first_of
    adjacent_find count count_if equal mismatch all_of any_of none_of search search_n copy_if
    copy_backward replace replace_if unique rotate swap_ranges iter_swap reverse_copy partition
    stable_partition partial_sort nth_element is_sorted upper_bound binary_search equal_range
    merge inplace_merge set_union set_intersection set_difference make_heap push_heap pop_heap
    sort_heap minmax minmax_element lexicographical_compare next_permutation prev_permutation
    generate generate_n transform_reduce reduce inclusive_scan exclusive_scan
    transform_inclusive_scan transform_exclusive_scan adjacent_difference gcd lcm midpoint lerp
    advance distance next prev rbegin rend cbegin cend back_inserter inserter push pop top
    emplace emplace_back emplace_front push_front pop_front contains shrink_to_fit tie plus
    minus multiplies greater less bit_and bit_or bit_xor logical_and logical_or sort stable_sort
    reverse lower_bound upper_bound max_element min_element iota inner_product partial_sum
    transform for_each make_pair make_tuple move forward real imag conj norm arg polar cabs
    cabsf creal cimag crealf cimagf conjf cexp csqrt atoi atof isdigit isalpha isalnum isspace
    isupper islower ispunct isxdigit isprint iscntrl isgraph isblank tolower toupper popcount
    size data begin end resize push_back pop_back reserve at front back empty clear assign
    insert erase numeric_limits lowest epsilon infinity quiet_NaN sync thread_rank group_index
    thread_index group_dim num_threads shfl shfl_up shfl_down shfl_xor any all ballot
    meta_group_rank meta_group_size this_thread_block this_grid block_rank num_blocks is_valid
    dim_blocks block_index tiled_partition prefetch CUDART_INF
    CUDART_NAN INFINITY qsort bsearch what runtime_error invalid_argument get first second
    get_num_threads atomic atomic_ref atomic_flag load store exchange compare_exchange_weak
    compare_exchange_strong fetch_add fetch_sub fetch_and fetch_or fetch_xor test_and_set
    is_lock_free atomic_init atomic_load atomic_store atomic_exchange atomic_fetch_add
    atomic_fetch_sub atomic_fetch_and atomic_fetch_or atomic_fetch_xor""".split()
OPENMP_ROUTINES = frozenset(
    """
    omp_get_thread_num omp_get_num_threads omp_get_max_threads omp_get_num_procs
    omp_in_parallel omp_get_level omp_get_team_num omp_get_num_teams omp_get_num_devices
    omp_is_initial_device omp_get_default_device omp_set_num_threads omp_set_dynamic
    omp_set_nested omp_get_dynamic omp_set_schedule omp_get_wtime omp_get_wtick
    omp_init_lock omp_set_lock omp_unset_lock omp_test_lock omp_destroy_lock
    omp_get_thread_limit omp_get_ancestor_thread_num omp_get_active_level
    omp_set_max_active_levels""".split()
)
_OPENMP_CLAUSES = """
    reduction schedule private firstprivate lastprivate shared default collapse num_threads map
    ordered depend linear aligned safelen simdlen grainsize num_tasks priority device
    thread_limit num_teams dist_schedule proc_bind copyprivate copyin untied final hint allocate
    critical flush in_reduction task_reduction order bind filter affinity nontemporal defaultmap
    is_device_ptr use_device_ptr simd parallel taskloop""".split()


_BEGINNINGS = tuple(
    """__ cuda make_ atomic rsqrt rcbrt exp10 sin cos norm min umin max umax ll fdivide""".split()
)
_HALVES = frozenset(
    [
        *"__float2half __float2half_rn __half2float __double2half __float2half2_rn "
        "__floats2half2_rn __float22half2_rn __half22float2 __low2half __high2half __low2float "
        "__high2float __halves2half2 make_half2 __half2half2 __low2half2 __high2half2 __lows2half2 "
        "__highs2half2 __lowhigh2highlow __half_as_short __half_as_ushort __short_as_half "
        "__ushort_as_half __half __half2 __half_raw half half2 __hfma __hfma2 __hisnan __hisinf "
        "__hneg __hneg2 __habs __habs2 __hmax __hmax2 __hmin __hmin2 __hdiv __h2div".split(),
        *(f"__{t}2half_rn" for t in "int uint short ushort ll".split()),
        *(f"__half2{t}_{m}" for t in "int uint ll".split() for m in "rn rz rd ru".split()),
        *(
            f"__h{o}{n}{s}"
            for o in "add sub mul".split()
            for n in ("", "2")
            for s in ("", "_rn", "_sat")
        ),
        *(
            f"__{h}{o}{n}"
            for o in "eq ne lt le gt ge".split()
            for h, n in (("h", ""), ("h", "2"), ("hb", "2"))
        ),
        *(
            f"h{n}{f}"
            for n in ("", "2")
            for f in "sqrt rsqrt rcp exp exp2 exp10 log log2 log10 "
            "sin cos tanh ceil floor trunc rint".split()
        ),
    ]
)
"""What native/prelude_half.h offers."""
_THRUST = frozenset(
    """for_each_n transform_if sequence tabulate replace gather scatter sort_by_key
    stable_sort_by_key reduce_by_key remove_copy_if remove_if raw_pointer_cast
    device_pointer_cast device_malloc device_free make_counting_iterator make_constant_iterator
    make_transform_iterator make_permutation_iterator make_zip_iterator counting_iterator
    constant_iterator transform_iterator permutation_iterator zip_iterator device_ptr
    device_vector host_vector device_reference maximum minimum divides modulus negate square
    identity less_equal greater_equal equal_to not_equal_to logical_not on base capacity
    pair tuple""".split()
)
_CUB = frozenset(
    """Sum Max Min ArgMax ArgMin Reduce InclusiveSum ExclusiveSum InclusiveScan ExclusiveScan
    SortKeys SortKeysDescending SortPairs SortPairsDescending If Flagged Unique Equality
    BlockReduce BlockScan WarpReduce WarpScan KeyValuePair""".split()
)
"""What native/prelude_thrust.h and prelude_cub.h offer beside names that C++ has too."""
LIBRARY_VALUES = frozenset("host device seq par par_nosync _1 _2".split())
"""Values that native/prelude_thrust.h declares."""
_MAKERS = frozenset({"CV_F1", "CV_F2", "CV_D1", "CV_D2", "CV_ATOMIC", "CV_API"})
"""Macros of the preludes whose first argument, or following word, is a function's name."""


def _prelude_names() -> frozenset[str]:
    """Functions of the CUDA preludes: NAME followed by `(` in a definition, or the first argument
    of a maker macro.
    """
    native = Path(__file__).parents[1] / "native"
    text = "\n".join((native / f).read_text() for f in ("prelude_cuda.h", "prelude_cuda_host.h"))
    tokens = tokenize(text)
    words = words_of(text)
    names = {n for n in words.called | words.methods if n.startswith(_BEGINNINGS)}
    names |= {"sincosf", "__sincosf", "sincospi", "sincospif"}
    names |= {f"rnorm{n}d{suffix}" for n in "34" for suffix in ("", "f")}
    for token, *following in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.text in _MAKERS:
            named = following[following[0].text == "("]
            names |= {named.text} if named.kind == "word" else set()
    kinds = "char uchar short ushort int uint long ulong longlong ulonglong float double".split()
    names |= {f"make_{k}{n}" for k in kinds for n in "1234"}
    for op in ("__shfl", "__shfl_up", "__shfl_down", "__shfl_xor"):
        names |= {op, f"{op}_sync"}
    names |= {
        f"atomic{o}{s}"
        for o in "Add Sub Min Max And Or Xor Exch CAS Inc Dec".split()
        for s in ("", "_block", "_system")
    }
    names |= {f"__reduce_{o}_sync" for o in "add min max and or xor".split()}
    names |= {
        f"__{f}2{t}_{m}"
        for f in ("float", "double")
        for t in ("int", "uint", "ll", "ull")
        for m in ("rn", "rz", "rd", "ru")
    }
    plain = frozenset(
        n for n in names if not n.startswith(("__builtin", "__asm")) and n != "__trap"
    )
    return plain | _HALVES | _complex_names((native / "prelude_complex.h").read_text())


def _complex_names(text: str) -> set[str]:
    """Functions of <cuComplex.h>: those of a macro for either precision, and others."""
    tokens = tokenize(text)
    words = [token.text for token in tokens]
    either = {
        f"{name}{suffix}"
        for name, *rest in zip(words, words[1:], words[2:], words[3:], strict=False)
        if name.startswith("cuC") and rest == ["##", "F", "("]
        for suffix in ("", "f")
    }
    types = {w for w in words if w.startswith("cu") and w.endswith("Complex")}
    called = {n for n in words_of(text).called if n.startswith("cuComplex") and n != "cuComplex"}
    return either | {f"make_{name}" for name in types} | called


_CUDA = _prelude_names()
ALLOWED_CALLS = (
    frozenset(_PLAIN)
    | OPENMP_ROUTINES
    | frozenset(_OPENMP_CLAUSES)
    | _CUDA
    | _THRUST
    | _CUB
    | frozenset(f"{n}{s}" for n in _FLOATING for s in ("", "f", "l"))
    | frozenset(
        "__builtin_expect __builtin_popcount __builtin_popcountll __builtin_clz __builtin_ctz "
        "__builtin_fabs __builtin_sqrt __builtin_fabsf".split()
    )
)
ALLOWED_DUNDER = _CUDA | frozenset(
    "__global__ __device__ __host__ __shared__ __constant__ __managed__ __restrict__ "
    "__restrict __forceinline__ __noinline__ __launch_bounds__ "
    "__align__ __grid_constant__ __inline__ __inline __syncthreads __syncthreads_count "
    "__syncthreads_and __syncthreads_or __attribute__ __func__ "
    "__FUNCTION__ __FILE__ __LINE__ __CUDACC__ __CUDA_ARCH__ __cplusplus __int128 __int64 "
    "__volatile __const__ __builtin_expect __builtin_popcount "
    "__builtin_popcountll __builtin_clz __builtin_ctz __builtin_fabs __builtin_sqrt "
    "__builtin_fabsf __aligned__ __unused__ __always_inline__ "
    "__packed__ __fmul_rz __VA_ARGS__".split()
)

ENGINE_PREFIXES = ("cv_", "__tsan", "__asan", "__ubsan", "__sanitizer", "gomp_", "kmp_", "__kmp",
                   "_z", "__cv")  # fmt: skip
"""How names of the engine and its run-time begin, in lower case."""

_REASONS = {
    "inline assembly": "asm __asm__ __asm _asm",
    "it reads a clock": "clock clock64 clock32 time gettimeofday clock_gettime times ftime "
    "rdtsc chrono steady_clock system_clock globaltimer",
    "it reads the environment": "getenv secure_getenv setenv putenv environ argv getauxval "
    "uname sysconf gethostname",
    "it uses files": "fopen freopen fread fwrite fgets fscanf scanf getchar open openat creat "
    "read write close ifstream ofstream fstream mmap munmap mprotect "
    "unlink remove rename mkdir opendir stat lseek ioctl fcntl dup dup2 pipe filesystem FILE cin",
    "it starts or ends processes": "system popen fork vfork execl execv execve execvp execlp "
    "posix_spawn clone kill raise signal sigaction ptrace prctl "
    "_exit _Exit quick_exit atexit at_quick_exit on_exit setjmp longjmp sigsetjmp "
    "siglongjmp wait waitpid daemon setsid",
    "it starts threads": "pthread_create std_thread thrd_create jthread async",
    "it uses the network": "socket connect bind listen accept send recv sendto recvfrom "
    "gethostbyname getaddrinfo",
    "it loads code": "dlopen dlsym dlclose dlmopen dladdr dl_iterate_phdr",
    "it calls the kernel": "syscall",
    "it draws random numbers": "rand srand random srandom rand_r drand48 random_device mt19937 "
    "curand curand_init curandState",
    "it makes tokens": "_Pragma",
    "it keeps state": "thread_local _Thread_local",
}
FORBIDDEN_WORDS = {word: reason for reason, words in _REASONS.items() for word in words.split()}
SYSTEM_NAMES = frozenset(
    "open read write close time wait connect bind listen accept send recv remove rename "
    "clone stat times signal random pipe async link clock "
    "kill raise rand system environ argv dup cin".split()
)
"""Ordinary names for variables; as functions they are caught because they are not in
ALLOWED_CALLS.
"""
for _name in SYSTEM_NAMES:
    FORBIDDEN_WORDS.pop(_name, None)


_C_OF_BOTH = frozenset(
    """abs labs llabs min max isnan isinf isfinite signbit memcpy memset malloc free printf assert
    clock""".split()
)
_MATHEMATICS = frozenset(f"{n}{s}" for n in _FLOATING for s in ("", "f"))
STANDARD_IN_DEVICE_CODE = (
    _MATHEMATICS | TYPES | (_C_OF_BOTH - {"min", "max", "assert"}) | {"move", "forward"}
)
"""Names of `std` that device code may call. nvcc 13 without `--expt-relaxed-constexpr` takes no
other: not `std::min`, `std::swap` or `std::numeric_limits<T>::max()`."""
OVERLOADED_FOR_FLOATS = frozenset(
    """acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 ldexp log
    log10 log1p log2 logb sqrt cbrt hypot erf erfc tgamma lgamma ceil floor fmod trunc round lround
    llround rint lrint llrint nearbyint remainder copysign nextafter fdim fmax fmin fabs scalbn
    scalbln ilogb isnan isinf isfinite signbit""".split()
)
"""Functions of which <cmath> has a `constexpr` template for integers, which is the host's; CUDA has
them for `float` and `double`. Not among them: `pow` and `abs`."""
HOST_ONLY_CALLS = frozenset(
    """memmove memcmp calloc realloc fprintf puts putchar fflush snprintf sprintf strlen strcmp
    strncmp strcpy strncpy exit abort div ldiv atoi atof isdigit isalpha isalnum isspace isupper
    islower ispunct isxdigit isprint iscntrl isgraph isblank tolower toupper qsort bsearch cabs
    cabsf creal cimag crealf cimagf conjf cexp csqrt isnormal fpclassify isgreater isless
    cudaMemcpy cudaMemset cudaMemcpy2D cudaMemcpyToSymbol cudaMemcpyFromSymbol
    cudaGetSymbolAddress cudaMallocManaged cudaMallocHost cudaHostAlloc cudaFreeHost
    cudaDeviceSynchronize cudaThreadSynchronize cudaDeviceReset cudaSetDevice cudaMallocPitch
    cudaFuncSetAttribute cudaFuncSetCacheConfig cudaStreamCreate cudaStreamSynchronize
    cudaStreamQuery cudaEventCreate cudaEventSynchronize cudaEventQuery cudaEventElapsedTime
    cudaMemGetInfo cudaGetDeviceProperties cudaHostRegister cudaHostUnregister
    cudaMemPrefetchAsync cudaMallocAsync cudaFreeAsync""".split()
)
"""Functions of C and of CUDA's run-time that device code cannot call."""
HOST_ONLY_STANDARD = frozenset(
    """swap clamp accumulate fill fill_n copy copy_n find find_if find_if_not count count_if
        equal mismatch all_of any_of none_of search copy_if copy_backward replace replace_if unique
        rotate swap_ranges iter_swap reverse_copy partition stable_partition partial_sort
        nth_element is_sorted upper_bound binary_search equal_range merge inplace_merge
        set_union set_intersection set_difference make_heap push_heap pop_heap sort_heap minmax
        minmax_element lexicographical_compare next_permutation prev_permutation generate
        generate_n transform_reduce reduce inclusive_scan exclusive_scan adjacent_difference gcd
        lcm midpoint lerp advance distance sort stable_sort reverse lower_bound max_element
        min_element iota inner_product partial_sum transform for_each make_pair make_tuple tie
        real imag norm arg polar""".split()
)
"""Functions of `std` that device code cannot call under their plain names either."""
STANDARD_TYPES_OF_THE_HOST = frozenset(
    """vector string map set multimap multiset unordered_map unordered_set array deque list
    forward_list queue stack priority_queue pair tuple complex function unique_ptr shared_ptr
    bitset valarray optional variant atomic mutex thread stringstream ostringstream""".split()
)
"""Classes of `std` whose functions are the host's."""
DEVICE_ONLY_CALLS = frozenset(n for n in _CUDA if n.startswith(("__", "atomic"))) | {"fdividef"}
"""Functions of CUDA that host code cannot call."""
