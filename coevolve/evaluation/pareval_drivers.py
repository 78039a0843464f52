"""Which of a ParEval checkout's own drivers cannot judge an answer, found in its files.

Contract: `find_broken_drivers(root)` gives the drivers of this checkout that show a known defect,
each with what follows from it; a checkout in which it was mended shows none.
`find_guarantees(problem)` is what the drivers put into arguments. The defects were found by reading
all 120 drivers (60 `cpu.cc`, 60 `gpu.cu`) and their baselines in the public repository's history;
what only falsifies timings is not among them. Our own figures do not use the drivers.

    python -c "from coevolve.evaluation.pareval_drivers import find_broken_drivers; \\
        print(*find_broken_drivers('../ParEval'), sep='\\n')"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coevolve.evaluation.corpus import Guarantee
from corpora.datasets.tables import read_file
from corpora.frontends.c_tokens import Token, tokenize

_BENCHMARKS = "drivers/cpp/benchmarks"

_GUARANTEES = {
    "02": ["C=0"],
    "14": ["distance=0"],
    "15": ["A in 0 1", "numEdges=0"],
    "17": ["A in 0 1", "maxDegree=0"],
    "19": ["A[N*N] in 0 1", "source<N+0", "dest<N+0", "pathLength=0"],
    "20": ["image in 0 255", "bins[256]=0"],
    "21": ["x of 0 100", "bins[10]=0"],
    "24": ["x of 0 100", "bins[4]=0"],
    "25": ["output=0"],
    "26": ["product=1"],
    "27": ["average=0"],
    "28": ["smallest=2147483647"],
    "29": ["sum=0"],
    "32": ["sum=0"],
    "33": ["output=0"],
    "34": ["sum=0"],
    "36": ["found=0"],
    "37": ["closestToPiIndex=0"],
    "38": ["x[N]", "x[x_size]", "firstEvenIndex=N+0"],
    "39": ["found=0"],
    "41": ["k<N+1", "k<x_size+1", "kthSmallest=0"],
    "42": ["x distinct"],
    "50": ["input in 0 1", "output=0"],
    "51": ["imageOut=0"],
    "52": ["output=0"],
    "53": ["output=0"],
    "54": ["input in 0 1"],
}
"""Number of a problem -> what its drivers put into arguments: integers `in`, reals `of` a range,
one value, a number from 1 on, no two equal. Prompts do not say all of it, but kernels that set a
flag, add into a sum or keep 256 bins in shared memory are right only because of it. 38 starts at N
+ 1 there, where something is always found; N is what the baseline gives where nothing is. 42 sorts
unstably, so the ranks of equal values are anybody's.
"""
_GUARANTEE = re.compile(
    r"(\w+)(?:\[([\w*]+)\])?(?: (in|of) (\d+) (\d+)| (distinct)|[=<](?:(\w+)\+)?(\d+))?"
)


@dataclass(frozen=True, slots=True)
class DefectSign:
    """One sign of a defect in a driver of ParEval (a program that tests its answers).

    file: the file to look in, relative to the driver; from the checkout's root if it begins with
        `/`.
    pattern: tokens with blanks between them. WORD is any word, `...` any tokens, and the word
        behind VARIABLE is no member of something. Of a `.json` file it is plain text.
    absent: the sign is that the pattern does not occur.
    """

    file: str
    pattern: str
    absent: bool = False


@dataclass(frozen=True, slots=True)
class DriverDefect:
    """A known defect of ParEval's drivers (the programs that test its answers) of one problem. It
    is present when all signs are.

    problem: the folder's path, as `fft/08_fft_split_fft`. files: names of the drivers that have it.
        signs: where it shows.
    effect: what follows for judged answers, in words.
    """

    problem: str
    files: tuple[str, ...]
    signs: tuple[DefectSign, ...]
    effect: str


BOTH = ("cpu.cc", "gpu.cu")
DEFECTS = (
    DriverDefect(
        "fft/07_fft_fft_conjugate",
        ("cpu.cc",),
        (
            DefectSign("cpu.cc", "fftCooleyTookey ("),
            DefectSign("baseline.hpp", "fftCooleyTookey ( odd ) ... std :: conj"),
        ),
        "right answers fail: the recursive transform it compares with conjugates at every "
        "level, not once",
    ),
    DriverDefect(
        "fft/08_fft_split_fft",
        ("gpu.cu",),
        (
            DefectSign("gpu.cu", "fequal ( WORD , WORD )"),
            DefectSign("/drivers/cpp/utilities.hpp", "FType epsilon ="),
        ),
        "does not compile: the type of fequal's tolerance cannot be deduced from its default",
    ),
    DriverDefect(
        "histogram/22_histogram_count_quadrants",
        ("gpu.cu",),
        (
            DefectSign(
                "gpu.cu",
                "COPY_H2D ( d_points , h_points . data ( ) , h_points . size ( ) )",
            ),
        ),
        "decides nothing: it copies as many bytes as there are elements, so most points and "
        "all counts but one never cross",
    ),
    DriverDefect(
        "reduce/25_reduce_xor",
        ("gpu.cu",),
        (
            DefectSign("gpu.cu", "sizeof ( BOOL )"),
            DefectSign("/drivers/cpp/utilities.hpp", "BOOL", absent=True),
        ),
        "does not compile: BOOL is declared nowhere",
    ),
    DriverDefect(
        "reduce/29_reduce_sum_of_min_of_pairs",
        ("gpu.cu",),
        (
            DefectSign("gpu.cu", "COPY_H2D ( d_y ,"),
            DefectSign("gpu.cu", "ALLOC ( d_y ,", absent=True),
        ),
        "right answers fail: the second vector is never allocated on the device",
    ),
    DriverDefect(
        "scan/34_scan_largest_contiguous_subarray_sum",
        BOTH,
        (DefectSign("baseline.hpp", "currSum = 0 ; for ( int i"),),
        "right answers fail: the baseline never resets its running sum (it gives 17 on its own "
        "example, which says 6); "
        "here its behaviour is the source's, so a faithful translation passes",
    ),
    DriverDefect(
        "search/37_search_find_the_closest_number_to_pi",
        ("gpu.cu",),
        (DefectSign("gpu.cu", "<<< ... >>> ( d_x , TEST_SIZE , ctx ->"),),
        "right answers fail: the kernel writes to another buffer than the one that is read back",
    ),
    DriverDefect(
        "sort/43_sort_sort_an_array_of_structs_by_key",
        BOTH,
        (DefectSign("baseline.hpp", "std :: sort ("), DefectSign("cpu.cc", ". duration !=")),
        "right answers fail: 1,024 elements have 100 keys, and how an unstable sort orders "
        "equal keys is compared too",
    ),
    DriverDefect(
        "sparse_la/48_sparse_la_sparse_axpy",
        ("cpu.cc",),
        (DefectSign("cpu.cc", "test . clear ( ) ; sparseAxpy"),),
        "right answers write out of bounds: the result vector is emptied before the call",
    ),
    DriverDefect(
        "sparse_la/48_sparse_la_sparse_axpy",
        ("gpu.cu",),
        (DefectSign("gpu.cu", "VARIABLE h_x [ i ] = { rand ( ) % ctx -> N"),),
        "right answers write out of bounds: indices go up to the timed size, the result holds "
        "1,024",
    ),
    DriverDefect(
        "stencil/51_stencil_edge_kernel",
        ("gpu.cu",),
        (
            DefectSign("gpu.cu", "correctConvolveKernel ("),
            DefectSign("baseline.hpp", "edgeKernel ["),
            DefectSign("/prompts/generation-prompts.json", "__constant__ int edgeKernel"),
        ),
        "right answers fail: the baseline reads a __constant__ table on the host, where it is "
        "all zeros",
    ),
)


def find_broken_drivers(root: str | Path) -> list[tuple[str, str]]:
    """Return (driver's path below the checkout, effect in words) of every known defect in a ParEval
    checkout; [] where there is none. root: its folder. The pairs are in the order of problems.
    """
    root = Path(root)
    found = []
    for defect in DEFECTS:
        folder = root / _BENCHMARKS / defect.problem
        if all(_shows(root, folder, sign) for sign in defect.signs):
            found += [
                (f"{_BENCHMARKS}/{defect.problem}/{name}", defect.effect)
                for name in defect.files
                if (folder / name).is_file()
            ]
    return found


def find_guarantees(problem: str) -> tuple[Guarantee, ...]:
    """Return guarantees that describe what ParEval's drivers put into the arguments of the function
    of `problem`, a name that begins with a two-digit number; () where nothing is known of it.
    Guarantees may name parameters that a problem does not have; those have no effect.
    """
    found = []
    for text in _GUARANTEES.get(problem[:2], ()):
        name, extent, word, low, high, distinct, plus, value = _GUARANTEE.fullmatch(text).groups()
        fill, arguments = (
            ({"in": "integers", "of": "uniform"}[word], (int(low), int(high)))
            if word
            else ("constant", (int(value or 0),))
        )
        if distinct or value is None and not word:
            fill, arguments = "permutation" if distinct else "", ()
        found.append(Guarantee(name, fill, arguments, plus or "", extent or ""))
    return tuple(found)


def _shows(root: Path, folder: Path, sign: DefectSign) -> bool:
    path = root / sign.file[1:] if sign.file.startswith("/") else folder / sign.file
    if not path.is_file():
        return False
    text = read_file(path)
    if path.suffix == ".json":
        return (sign.pattern in text) is not sign.absent
    return _occurs(sign.pattern, tokenize(text)) is not sign.absent


def _occurs(pattern: str, tokens: Sequence[Token]) -> bool:
    """Whether the parts of `pattern` between its `...` stand in `tokens`, one after the other."""
    at = 0
    for part in pattern.split("..."):
        wanted = part.split()
        ends = (i + n for i in range(at, len(tokens)) if (n := _match(wanted, tokens, i)))
        at = next(ends, -1)
        if at < 0:
            return False
    return True


def _match(wanted: Sequence[str], tokens: Sequence[Token], start: int) -> int:
    """How many tokens from `start` on are the wanted ones; 0 where they are not."""
    if wanted[0] == "VARIABLE":
        if start and tokens[start - 1].text in (".", "->"):
            return 0
        wanted = wanted[1:]
    found = tokens[start : start + len(wanted)]
    if len(found) < len(wanted):
        return 0
    same = (t.text == w or (w == "WORD" and t.kind == "word") for w, t in zip(wanted, found))
    return len(wanted) if all(same) else 0
