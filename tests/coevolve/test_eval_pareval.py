"""ParEval checkouts as they really are: conditionals, what the prompt defines, copies, lambdas,
drivers that cannot judge.
"""

import json
from dataclasses import replace
from pathlib import Path

import evaluation_forms as forms
import pytest

from coevolve.evaluation.corpus import Guarantee
from coevolve.evaluation.guarantees import apply_guarantees
from coevolve.evaluation.items import load_items
from coevolve.evaluation.pareval import resolve_conditionals
from coevolve.evaluation.pareval_drivers import BOTH, DEFECTS, find_broken_drivers, find_guarantees
from coevolve.evaluation.scoring import ScoringWork, score_items
from coevolve.evaluation.vectors import convert_to_pointers
from corpora.datasets.loaders import CorpusError
from corpora.records import ArrayValue, Fill, ScalarValue, UnitTest

TABLE = "const int weight[2] = {3, -1};\n\nbool odd(int x) {\n   return x % 2;\n}\n\n"
MARKED = (
    "#pragma once\n#include <vector>\n//bool odd(int);\n#if defined(USE_CUDA) || "
    "defined(USE_HIP)\n/* FOR THE DEVICE */\n"
    "bool oddHOST(int x) { return x % 2; }\n#endif\n\nvoid NO_INLINE "
    "correctMarkOdd(std::vector<int> const& x, std::vector<int> &mask) {\n"
    "    for (int i = 0; i < x.size(); i++) {\n        #if defined(USE_CUDA) || "
    "defined(USE_HIP)\n        mask[i] = oddHOST(x[i]) * weight[0];\n"
    "        #else\n        mask[i] = odd(x[i]) * weight[0];\n        #endif\n    }\n}"
)


def checkout(folder, name, baseline, omp, cuda, above=""):
    """The stand-in with one more problem, in the same form: prompts for several models, comments,
    includes.
    """
    root = forms.pareval(folder)
    path = root / "drivers/cpp/benchmarks" / name / "baseline.hpp"
    path.parent.mkdir(parents=True)
    path.write_text(baseline)
    prompts = root / "prompts" / "generation-prompts.json"
    kind, short = name.split("/")
    heads = {
        "kokkos": "#include <K.hpp>\nvoid k(View<int*> &x) {",
        "serial": above + omp,
        "omp": f"#include <omp.h>\n\n{above}{omp}",
        "cuda": f"__constant__ int T;\n{cuda}",
    }
    rows = [
        {
            "problem_type": kind,
            "language": "cpp",
            "name": short,
            "parallelism_model": model,
            "prompt": head.replace(omp, f"/* Do (it); well. */\n{omp}"),
        }
        for model, head in heads.items()
    ]
    prompts.write_text(json.dumps(json.loads(prompts.read_text()) + rows, indent=4))
    return root


@pytest.mark.parametrize("way", ["cpp:cuda", "cpp:openmp"])
def test_a_baseline_keeps_the_branch_for_the_host_and_gets_what_its_prompt_defines(tmp_path, way):
    root = checkout(
        tmp_path,
        "transform/07_transform_mark",
        MARKED,
        "void markOdd(std::vector<int> const& x, std::vector<int> &mask) {",
        "__global__ void markOdd(const int *x, int *mask, size_t N) {",
        TABLE,
    )
    item = next(i for i in load_items(str(root), way).items if i.id == "07_transform_mark")
    assert (
        "odd(x[i])" in item.source.text
        and "HOST" not in item.source.text
        and "weight[2]" in item.source.text
        and "bool odd" in item.source.text
    )
    score = score_items(
        [ScoringWork(item, (item.source.text.replace("x[i]", "x[ i ]"),), way.split(":")[1])]
    )[0]
    assert score.decided and score.passed == 1, score.first.detail


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("#if defined(USE_CUDA)", "b"),
        ("#if !defined(USE_CUDA)", "a"),
        ("#ifdef USE_HIP", "b"),
        ("#ifndef USE_HIP", "a"),
        ("#if !defined(M_PI)", "b"),
        ("  #  if defined(USE_CUDA) || defined(M_PI)", "a"),
        ("#if defined(USE_CUDA) && defined(M_PI)", "b"),
        ("#if 0", "b"),
        ("#ifdef", "b"),
    ],
)
def test_conditionals(condition, kept):
    assert resolve_conditionals(f"x\n{condition}\na\n#else\nb\n#endif\ny") == f"x\n{kept}\ny"


def test_nested_and_chained_conditionals():
    text = (
        "#ifdef A\n1\n#ifdef M_PI\n2\n#endif\n#elif defined(M_PI)\n3\n#if defined(B)\n4\n"
        "#else\n5\n#endif\n#else\n6\n#endif\n7\n#endif\n8"
    )
    assert resolve_conditionals(text) == "3\n5\n7\n8", "and an end too many ends nothing"


def test_copies_captures_and_lambdas_that_reuse_a_name():
    text = (
        "int kth(std::vector<int> const& x, int k) { std::vector<int> c = x; "
        "std::sort(c.begin(), c.end()); return c[k]; }"
    )
    assert "std::vector<int> c(x, x + x_size);" in convert_to_pointers(text, "kth", "kth")
    text = (
        "void g(std::vector<int> const& x, std::vector<int> &o) { std::sort(o.begin(), "
        "o.end(), [&x](int a, int b) { return x[a] < x[b]; }); }"
    )
    assert "[&x](int a" in convert_to_pointers(text, "g", "g")
    text = (
        "void h(std::vector<double> &x) { std::transform(x.begin(), x.end(), x.begin(), "
        "[](double x) { return 1 - 1 / x; }); x[0] = 2; }"
    )
    found = convert_to_pointers(text, "h", "h")
    assert "[](double x) { return 1 - 1 / x; }" in found and "x[0] = 2" in found
    assert "std::transform(x, (x + x_size), x, " in found


# Text in the form of each defect, and the same without it; written here.
DRIVERS = {
    "fft/07_fft_fft_conjugate": {
        "baseline.hpp": (
            "void fftCooleyTookey(V &x) { fftCooleyTookey(odd); x[i] = std::conj(x[i]); }",
            "void fftCooleyTookey(V &x) { fftCooleyTookey(odd); }",
        ),
        "cpu.cc": ("V c = x; fftCooleyTookey(c);",) * 2,
    },
    "fft/08_fft_split_fft": {
        "gpu.cu": ("if (!fequal(r, s)) return false;", "if (!fequal(r, s, 1e-4)) return false;")
    },
    "histogram/22_histogram_count_quadrants": {
        "gpu.cu": (
            "COPY_H2D(d_points, h_points.data(), h_points.size());",
            "COPY_H2D(d_points, h_points.data(), h_points.size() * sizeof(Point));",
        )
    },
    "reduce/25_reduce_xor": {
        "gpu.cu": ("ALLOC(d, n * sizeof(BOOL));", "ALLOC(d, n * sizeof(bool));")
    },
    "reduce/29_reduce_sum_of_min_of_pairs": {
        "gpu.cu": (
            "ALLOC(ctx->d_y, n); // ALLOC(d_y, n)\nCOPY_H2D(d_y, y, n);",
            "ALLOC(d_y, n); COPY_H2D(d_y, y, n);",
        )
    },
    "scan/34_scan_largest_contiguous_subarray_sum": {
        "baseline.hpp": (
            "int currSum = 0;\nfor (int i = 0; i < n; i++) { for (;;) {} }",
            "for (int i = 0; i < n; i++) { int currSum = 0; for (;;) {} }",
        ),
        "cpu.cc": ("",) * 2,
        "gpu.cu": ("",) * 2,
    },
    "search/37_search_find_the_closest_number_to_pi": {
        "gpu.cu": (
            "f<<<g, b>>>(d_x, TEST_SIZE, ctx->i); COPY_D2H(&t, d_i, 8);",
            "f<<<g, b>>>(d_x, TEST_SIZE, d_i);",
        )
    },
    "sort/43_sort_sort_an_array_of_structs_by_key": {
        "baseline.hpp": (
            "std::sort(r.begin(), r.end(), less);",
            "std::stable_sort(r.begin(), r.end(), less);",
        ),
        "cpu.cc": ("if (a.duration != b.duration) {}",) * 2,
        "gpu.cu": ("",) * 2,
    },
    "sparse_la/48_sparse_la_sparse_axpy": {
        "cpu.cc": ("test.clear();\nsparseAxpy(a, x, y, test);", "sparseAxpy(a, x, y, test);"),
        "gpu.cu": (
            "ctx->h_x[i] = {rand() % ctx->N, 1}; h_x[i] = {rand() % ctx->N, 1};",
            "ctx->h_x[i] = {rand() % ctx->N, 1}; h_x[i] = {rand() % TEST_SIZE, 1};",
        ),
    },
    "stencil/51_stencil_edge_kernel": {
        "baseline.hpp": ("s += edgeKernel[k][l];",) * 2,
        "gpu.cu": ("correctConvolveKernel(h, c, n);", "// correctConvolveKernel(h, c, n);"),
    },
}


def drivers(root: Path, mended: bool) -> Path:
    for problem, files in DRIVERS.items():
        folder = root / "drivers/cpp/benchmarks" / problem
        folder.mkdir(parents=True, exist_ok=True)
        for name, texts in files.items():
            (folder / name).write_text(texts[mended])
    (root / "drivers/cpp/utilities.hpp").write_text(
        "template <typename V, typename FType> bool fequal(V a, V b, FType epsilon = 1e-6);\n"
    )
    (root / "prompts").mkdir(exist_ok=True)
    path = root / "prompts/generation-prompts.json"
    path.write_text(
        json.dumps(
            [
                *(json.loads(path.read_text()) if path.exists() else []),
                {"prompt": "__constant__ int edgeKernel[3][3];\n"},
            ]
        )
    )
    return root


def test_broken_drivers_are_named_with_the_reason_and_mended_ones_are_not(tmp_path):
    found = find_broken_drivers(drivers(tmp_path / "as-published", False))
    assert len(found) == len({p for p, _ in found}) == sum(len(d.files) for d in DEFECTS) == 13
    assert {p.split("benchmarks/")[1].rsplit("/", 1)[0] for p, _ in found} == set(DRIVERS)
    assert all(d.files == BOTH for d in DEFECTS if d.problem.startswith(("scan", "sort")))
    assert (
        find_broken_drivers(drivers(tmp_path / "mended", True)) == []
        and find_broken_drivers(tmp_path) == []
    )


def test_the_result_of_a_checkout_says_which_of_its_drivers_are_broken(tmp_path):
    notes = load_items(str(drivers(forms.pareval(tmp_path), False)), "cpp:cuda").notes
    said = [n for n in notes if n.startswith("ParEval's own driver is broken")]
    assert len(said) == 13 and any(
        "29_reduce_sum_of_min_of_pairs/gpu.cu: right answers fail" in n for n in said
    )


@pytest.mark.parametrize(
    "text", ["{}", "[1, 2]", '[{"prompt": 3, "name": 4, "parallelism_model": "cuda"}]']
)
def test_prompts_of_another_form_are_one_line(tmp_path, text):
    root = forms.pareval(tmp_path)
    (root / "prompts/generation-prompts.json").write_text(text)
    with pytest.raises(CorpusError, match="none of 5 ParEval problems can be used") as caught:
        load_items(str(root), "cpp:cuda")
    assert "\n" not in str(caught.value)


FLAG = (
    "36_search_flag",
    "bool correctFlag(std::vector<int> const& x, int wanted) {\n    return "
    "std::find(x.begin(), x.end(), wanted) != x.end();\n}",
    "bool flag(std::vector<int> const& x, int wanted) {",
    "__global__ void flag(const int *x, size_t N, int wanted, bool *found) {",
)
HEAD = (
    "__global__ void flag(const int *x, size_t N, int wanted, bool *found) { size_t i = "
    "blockIdx.x * blockDim.x + threadIdx.x; "
)
SETS = HEAD + "if (i < N && x[i] == wanted) *found = true; }"
CLEARS = (
    HEAD + "if (i == 0) { bool f = false; for (size_t j = 0; j < N; j++) f = f || x[j] == wanted; "
    "*found = f; } }"
)
FIRST = HEAD + "if (i == 0 && N > 0 && x[0] == wanted) *found = true; }"
NEVER = HEAD + "}"
ALWAYS = HEAD + "*found = true; }"


def test_an_answer_may_rely_on_what_the_driver_puts_into_an_output(tmp_path):
    problem, baseline, omp, cuda = FLAG
    root = checkout(tmp_path, f"search/{problem}", baseline, omp, cuda)
    item = next(i for i in load_items(str(root), "cpp:cuda").items if i.id == problem)
    assert item.guarantees == (Guarantee("found", "constant", (0,)),)
    score = score_items(
        [ScoringWork(item, (SETS, CLEARS, FIRST, NEVER, ALWAYS), "cuda")], "emulated"
    )[0]
    assert score.passes == (True, True, False, False, False), score.outcomes
    plain = score_items(
        [ScoringWork(replace(item, guarantees=()), (SETS, CLEARS), "cuda")], "emulated"
    )[0]
    assert plain.passes == (False, True)


HISTOGRAM = (
    "20_histogram_levels",
    "void correctLevels(std::vector<int> const& image, std::array<size_t, 256> &bins) {\n  "
    "  for (int i = 0; i < image.size(); i++) {\n"
    "        bins[image[i]] += 1;\n    }\n}",
    "void levels(std::vector<int> const& image, std::array<size_t, 256> &bins) {",
    "__global__ void levels(const int *image, size_t N, size_t bins[256]) {",
)
SHARED = (
    "__global__ void levels(const int *image, size_t N, size_t bins[256]) { __shared__ "
    "size_t part[256];\n"
    "for (int j = threadIdx.x; j < 256; j += blockDim.x) part[j] = 0;\n__syncthreads();\n"
    "size_t i = blockIdx.x * blockDim.x + threadIdx.x;\n"
    "if (i < N) atomicAdd(&part[image[i]], 1);\n__syncthreads();\nfor (int j = "
    "threadIdx.x; j < 256; j += blockDim.x) atomicAdd(bins + j, part[j]); }"
)


def test_a_histogram_has_all_its_bins_and_adds_to_them_as_the_driver_lets_it(tmp_path):
    problem, baseline, omp, cuda = HISTOGRAM
    root = checkout(tmp_path, f"histogram/{problem}", baseline, omp, cuda)
    corpus = load_items(str(root), "cpp:cuda")
    item = next(i for i in corpus.items if i.id == problem)
    answers = tuple(
        corpus.read(item, text)
        for text in (SHARED, SHARED.replace("bins + j, part[j]", "bins + j, 1"))
    )
    score = score_items([ScoringWork(item, answers, "cuda")], "emulated")[0]
    assert score.passes == (True, False), score.first.detail


def test_guarantees_replace_contents_and_follow_a_size():
    values = (
        ScalarValue("N", "u64", 5),
        ArrayValue("x", "i32", (5,), Fill("integers", (1, 9), 3)),
        ArrayValue("at", "u64", (1,), values=(4,)),
    )
    promises = (
        Guarantee("at", "constant", (1,), "N", "3"),
        Guarantee("x", "integers", (0, 1), "", "N*2"),
        Guarantee("absent", "constant", (0,)),
    )
    made = apply_guarantees(UnitTest(values), promises)
    assert made.assignments[1:] == (
        ArrayValue("x", "i32", (10,), Fill("integers", (0, 1), 3)),
        ArrayValue("at", "u64", (3,), Fill("constant", (6,))),
    )
    place = Guarantee("N", "constant", (1,), "N")
    assert (
        apply_guarantees(
            UnitTest((replace(values[0], value=5),)),
            (place, Guarantee("N", "constant", (9,), "absent")),
        )
        .assignments[0]
        .value
        == 1
    )
    shared = UnitTest(values, (("x", "at"),))
    assert apply_guarantees(shared, promises) == shared


def test_what_drivers_put_into_arguments():
    assert find_guarantees("38_search_find_the_first_even_number")[0::2] == (
        Guarantee("x", "", (), "", "N"),
        Guarantee("firstEvenIndex", "constant", (0,), "N"),
    )
    assert find_guarantees("42_sort_sorted_ranks") == (Guarantee("x", "permutation", ()),)
    assert find_guarantees("21_histogram_bin_0-100") == (
        Guarantee("x", "uniform", (0, 100)),
        Guarantee("bins", "constant", (0,), "", "10"),
    )
    assert find_guarantees("41_sort_k-th_smallest_element")[0] == Guarantee(
        "k", "constant", (1,), "N"
    )
    assert find_guarantees("03_dense_la_axpy") == ()


PLACE = (
    "41_sort_k-th_smallest_element",
    "int correctNth(std::vector<int> const& x, int k) {\n    std::vector<int> y = x;\n    "
    "std::sort(y.begin(), y.end());\n    return y[k-1];\n}",
    "int nth(std::vector<int> const& x, int k) {",
    "__global__ void nth(const int *x, size_t N, int k, int *kthSmallest) {",
)
COUNTS = (
    "int nth(const int *x, size_t x_size, int k) { int found = 0;\n#pragma omp parallel "
    "for reduction(+ : found)\nfor (size_t i = 0; i < x_size; i++) { size_t less = 0, same "
    "= 0;"
    " for (size_t j = 0; j < x_size; j++) { less += x[j] < x[i]; same += x[j] == x[i] && j "
    "< i; } if (less + same == (size_t)k - 1) found += x[i]; } return found; }"
)


def test_a_source_that_is_defined_only_within_its_guarantees_has_a_suite(tmp_path):
    problem, baseline, omp, cuda = PLACE
    root = checkout(tmp_path, f"sort/{problem}", baseline, omp, cuda)
    item = next(i for i in load_items(str(root), "cpp:openmp").items if i.id == problem)
    score = score_items(
        [ScoringWork(item, (COUNTS, COUNTS.replace("k - 1", "k")), "openmp")], "emulated"
    )[0]
    assert score.decided and score.passes == (True, False), score.first.detail
