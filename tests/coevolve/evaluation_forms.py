"""Stand-ins for public corpora, written here in the same forms: tokenised lines, execution cases, a
ParEval checkout.
"""

import json
from pathlib import Path

CPP_LINES = (
    "void scale ( float * x , float a , int n ) { for ( int i = 0 ; i < n ; i ++ ) { x [ i "
    "] = a * x [ i ] ; } }",
    "void shift ( int * v , int n , int k ) { int i ; for ( i = 0 ; i < n ; i ++ ) v [ i ] "
    "+= k ; }",
    "void rows ( const float * m , float * s , int r , int c ) { for ( int i = 0 ; i < r ; "
    "i ++ ) { s [ i ] = 0 ; for ( int j = 0 ; j < c ; j ++ ) s [ i ] += m [ i * c + j ] ; "
    "} }",
)
CUDA_LINES = (
    "__global__ void scale ( float * x , float a , int n ) { int i = blockIdx . x * "
    "blockDim . x + threadIdx . x ; if ( i < n ) x [ i ] = a * x [ i ] ; }",
    # Not equivalent: it does nothing from the fifth element on.
    "__global__ void shift ( int * v , int n , int k ) { int i = blockIdx . x * blockDim . "
    "x + threadIdx . x ; if ( i < n && i < 4 ) v [ i ] += k ; }",
    "__global__ void rows ( const float * m , float * s , int r , int c ) { int i = "
    "blockIdx . x * blockDim . x + threadIdx . x ; if ( i < r ) { float t = 0 ; for ( int "
    "j = 0 ; j < c ; j ++ ) t += m [ i * c + j ] ; s [ i ] = t ; } }",
)


def tokenised(folder: Path) -> tuple[Path, Path]:
    """Two aligned files of lines."""
    cpp, cuda = folder / "cpp.tok", folder / "cuda.tok"
    cpp.write_text("\n".join(CPP_LINES) + "\n")
    cuda.write_text("\n".join(CUDA_LINES) + "\n")
    return cpp, cuda


def execution_cases(folder: Path) -> Path:
    """Rows with snippets as tests. Those of `shift` are too weak to see what is wrong with the
    kernel.
    """
    snippets = (
        [
            "float x1[] = {1.0, 2.0}; wrapper(scale, x1, 2.0, 2);",
            "float x2[] = {-1.5}; wrapper(scale, x2, 0.5, 1);",
        ],
        [
            "int v1[] = {1, 2, 3}; wrapper(shift, v1, 3, 2);",
            "int v2[] = {5, 6, 7}; wrapper(shift, v2, 2, 4);",
            "int v3[] = {1, 2, 3}; wrapper(shift, v3, 3, 9, 9);",
        ],
    )
    rows = [
        {
            "id": number,
            "cpp_code": CPP_LINES[number],
            "cuda_code": CUDA_LINES[number],
            "consistent_cpp_inputs": tests,
            "consistent_cuda_inputs": [t.replace("wrapper(", "wrapper(host_") for t in tests],
            "cuda_wrapper": "void host();",
            "consistent_outputs": ["Return value: void"] * len(tests),
        }
        for number, tests in enumerate(snippets)
    ]
    path = folder / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


BASELINES = {
    "reduce/01_reduce_total": '#pragma once\n#include <vector>\n#include "utilities.hpp"\n/* '
    "Sum of x. */\n"
    "double NO_INLINE correctTotal(std::vector<double> const& x) { double s = 0; for "
    "(double v : x) s += v; return s; }\n",
    "transform/02_transform_halve": "#pragma once\n#include <vector>\nbool isDouble(int);\n"
    "void NO_INLINE correctHalve(std::vector<double> &x) { if (isDouble(1)) x[0] = 1; }\n"
    "bool isDoubleHOST(int x) { return true; }\n"
    "void NO_INLINE correctHalveHOST(std::vector<double> &x) { for (size_t i = 0; i < "
    "x.size(); i++) { x[i] = x[i] * 0.5; } }\n",
    "sort/03_sort_points": "struct P { double x; };\nvoid NO_INLINE "
    "correctSortPoints(std::vector<P> &x) { std::sort(x.begin(), "
    "x.end()); }\n",
    "graph/04_graph_unasked": "int correctUnasked(std::vector<int> const& A, size_t N) { return "
    "A[N - 1]; }\n",
    "fft/05_fft_unnamed": "void other(std::vector<double> &x) { x[0] = 0; }\n",
}
HEADS = {
    "01_reduce_total": (
        "double total(std::vector<double> const& x) {",
        "__global__ void total(const double *x, size_t N, double *sum) {",
    ),
    "02_transform_halve": (
        "void halve(std::vector<double> &x) {",
        "__global__ void halve(double *x, size_t N) {",
    ),
    "03_sort_points": (
        "void sortPoints(std::vector<P> &x) {",
        "__global__ void sortPoints(P *x, size_t N) {",
    ),
    "05_fft_unnamed": (
        "void unnamed(std::vector<double> &x) {",
        "__global__ void unnamed(double *x, size_t N) {",
    ),
    "06_scan_lost": (
        "void lost(std::vector<double> &x) {",
        "__global__ void lost(double *x, size_t N) {",
    ),
}


def pareval(folder: Path) -> Path:
    """A checkout: two problems that can be used, and four that cannot, each for another reason."""
    root = folder / "checkout"
    for name, text in BASELINES.items():
        path = root / "drivers" / "cpp" / "benchmarks" / name / "baseline.hpp"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    prompts = [
        {
            "problem_type": name.split("_")[1],
            "language": "cpp",
            "name": name,
            "parallelism_model": model,
            "prompt": f"/* What is to be done.\n   Example:\n   input: [1, 2]\n*/\n{head}",
        }
        for name, heads in HEADS.items()
        for model, head in zip(("omp", "cuda"), heads, strict=True)
    ]
    (root / "prompts").mkdir()
    (root / "prompts" / "generation-prompts.json").write_text(json.dumps(prompts))
    return root
