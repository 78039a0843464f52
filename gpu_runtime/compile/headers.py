"""Which headers a program may include, and what becomes of each: one place for the wall, the shims
and the emulation.

Contract: a generated program may include what is in GENERATED, and UNREAD where it uses none of its
names; anything that passes the wall is known to the compilers' side too, so that a header is never
the reason for which a right program does not compile.

    pytest tests/coevolve/test_verify_headers.py
"""

from __future__ import annotations

PRELUDE = frozenset(
    "cmath math.h cstdlib stdlib.h cstring string.h cstdio stdio.h cstdint stdint.h "
    "climits limits.h cfloat float.h cassert assert.h "
    "cstddef stddef.h omp.h stdbool.h limits iostream algorithm numeric utility inttypes.h "
    "cinttypes".split()
)
"""Headers that native/prelude_cpp.h stands in for."""
_STANDARD = frozenset(
    "vector array string complex functional tuple memory set map unordered_map "
    "unordered_set queue stack deque list bitset "
    "type_traits iterator complex.h iomanip optional stdexcept new cctype ctype.h cerrno "
    "errno.h atomic".split()
)
_GIVEN = frozenset(
    "initializer_list valarray cstdarg ccomplex sstream span bit immintrin.h xmmintrin.h "
    "emmintrin.h".split()
)
"""Headers that a program of a corpus may include, a generated one not."""
NEWER = frozenset("atomic bit span".split())
"""Headers whose usual names are those of C++20."""
STANDARD = PRELUDE | _STANDARD | _GIVEN
"""Headers of C and C++; a program with one outside PRELUDE is compiled alone, with the real
ones.
"""

CUDA = frozenset(
    "cuda.h cuda_runtime.h cuda_runtime_api.h device_launch_parameters.h "
    "cooperative_groups.h cooperative_groups/reduce.h "
    "device_functions.h math_constants.h math_functions.h vector_types.h "
    "vector_functions.h helper_math.h cuComplex.h".split()
)
"""CUDA's own headers, for which the emulation's prelude stands."""
COMPLEX = "cuComplex.h"
"""CUDA's complex numbers: native/prelude_complex.h, in a namespace that an include of it opens, as
programs have functions of these names too.
"""
_CUDA_UNUSED = frozenset("cuda_profiler_api.h cooperative_groups/memcpy_async.h".split())
"""CUDA's own headers of which the emulation has nothing; they do no harm where nothing of them is
used.
"""

_THRUST = (
    "adjacent_difference copy count device_free device_malloc device_ptr device_vector equal "
    "execution_policy extrema fill find for_each functional gather generate host_vector "
    "inner_product logical pair reduce remove replace reverse scan scatter sequence sort tabulate "
    "transform transform_reduce transform_scan tuple unique iterator/constant_iterator "
    "iterator/counting_iterator iterator/permutation_iterator iterator/transform_iterator "
    "iterator/zip_iterator system/cuda/execution_policy".split()
)
_CUB = (
    "cub block/block_reduce block/block_scan device/device_radix_sort device/device_reduce "
    "device/device_scan device/device_select warp/warp_reduce warp/warp_scan".split()
)
CUDA_PARTS = (
    {"cuda_fp16.h": "prelude_half.h"}
    | {f"thrust/{name}.h": "prelude_thrust.h" for name in _THRUST}
    | {f"cub/{name}.cuh": "prelude_cub.h" for name in _CUB}
)
"""Headers of CUDA's libraries -> the file of native/ that stands for each. It is compiled
only where a program includes one of them.
"""

_TIME = (
    "time_t clock_t tm difftime CLOCKS_PER_SEC mktime localtime gmtime strftime nanosleep timespec"
)
UNREAD = {
    "chrono": "chrono",
    "ctime": _TIME,
    "time.h": _TIME,
    "sys/time.h": "timeval",
    "unistd.h": "",
    "thread": "thread",
    "mutex": "mutex lock_guard unique_lock scoped_lock",
    "sstream": "stringstream istringstream ostringstream",
    "random": "mt19937 mt19937_64 minstd_rand default_random_engine random_device "
    "uniform_int_distribution uniform_real_distribution normal_distribution",
}
"""Headers that programs often include without need -> names that need them, beside those that no
program may use (gpu_runtime.wall.names). They are passed over; a program with one of the names is
refused, as it was for the header.
"""

GENERATED = PRELUDE | _STANDARD | CUDA | _CUDA_UNUSED | frozenset(CUDA_PARTS)
PASSED_OVER = STANDARD | frozenset(UNREAD)
"""Includes that are taken out of a C++ program before it is compiled: a prelude or the real headers
stand before it.
"""
PASSED_OVER_IN_CUDA = PASSED_OVER | CUDA | _CUDA_UNUSED | frozenset(CUDA_PARTS)
"""The same of a CUDA program; where something of theirs is missed, the unit is made again with the
real ones (units.py).
"""
