"""Parallel versions of loop nests by rule, read as text. tests/coevolve/test_by_parts.py executes
them.
"""

from __future__ import annotations

import pytest

from corpora.analysis.updates import update_of
from corpora.emit.c_family import emit_c_family
from corpora.frontends.c_family import parse_c_family
from corpora.records import Program
from translator.normalize.c_tree import read_statements
from translator.outline.outliner import OutlinedPart, Outliner, ResultPassing
from translator.outline.parse_cpp import parse_function
from translator.parallelize.propose import propose_kernels, propose_parallel_loops


def part_of(
    text: str,
    results: ResultPassing = ResultPassing.POINTERS,
    scope: dict[str, str] | None = None,
    after: tuple[str, ...] = (),
) -> OutlinedPart:
    """The last nest of a function."""
    cut = Outliner(parse_function(Program("cpp", "f", text)), results)
    return cut.part(cut.units(cut.function.body)[-1], scope or {}, after)


def test_a_thread_has_an_iteration_of_the_loops_that_stand_inside_each_other():
    both, outer = propose_kernels(
        part_of(
            "void f(int n, int m, float *x) { for (int i = 0; i < n; i++) for (int j = 2; j <= "
            "m; j += 3) x[i * m + j] = 1; }"
        )
    )
    assert both == (
        "__global__ void f_part1(float *x, int n, int m) {\n"
        "    int i = blockIdx.y * blockDim.y + threadIdx.y;\n"
        "    if (i < n) {\n"
        "        int j = 2 + 3 * (blockIdx.x * blockDim.x + threadIdx.x);\n"
        "        if (j <= m) {\n"
        "            x[i * m + j] = 1;\n"
        "        }\n"
        "    }\n"
        "}\n"
    )
    assert "for (int j = 2; j <= m; j += 3) {" in outer and "int i = blockIdx.x" in outer


def test_loops_that_count_down_and_end_iterations_early():
    (text,) = propose_kernels(
        part_of(
            "void f(int n, float *x) { for (int i = n - 1; i >= 0; i--) { if (x[i] > 0) "
            "continue; x[i] = 1; } }"
        )
    )
    assert (
        "int i = n - 1 - (blockIdx.x * blockDim.x + threadIdx.x);" in text
        and "return;" in text
        and "continue" not in text
    )


@pytest.mark.parametrize(
    "loop",
    [
        "for (int i = 0; i < n; i++) { if (x[i] > 0) break; x[i] = 1; }",
        "for (int i = 0; i < n; i++) { x[i] = 1; if (x[i] > m) i++; }",
        "for (int i = 0; i < n && x[i] > 0; i++) x[i] = 1;",
        "for (int i = 1; i < n; i *= 2) x[i] = 1;",
        "for (unsigned i = n; i > 0; i--) x[i] = 1;",
        "for (int i = 0; i < n; i--) x[i] = 1;",
    ],
)
def test_other_loops_are_left_alone(loop):
    part = part_of(f"void f(int n, int m, float *x) {{ {loop} }}")
    assert part is None or (propose_kernels(part), propose_parallel_loops(part)) == ([], [])


def test_openmp_takes_conditions_in_its_own_form():
    part = part_of(
        "void f(int n, float *x, float *y) { for (int i = 1; i + 1 < n; i++) y[i] = x[i]; }",
        ResultPassing.RETURNED,
    )
    assert propose_parallel_loops(part)[0].splitlines()[1:3] == [
        "    #pragma omp parallel for",
        "    for (int i = 1; i < n - 1; i++) {",
    ]
    assert "if (i + 1 < n) {" in propose_kernels(part)[0]


def test_what_is_gathered_is_added_atomically_or_reduced():
    text = (
        "double f(int n, const double *x) { double s = 0; for (int i = 0; i < n; i++) { if "
        "(x[i] < 0) continue; s -= x[i]; } return s; }"
    )
    source = parse_function(Program("cpp", "f", text))
    nest = source.body[1]
    by_pointer, returned = (
        Outliner(source, how).part([nest], {"s": "double"}, read_statements("return s;"))
        for how in (ResultPassing.POINTERS, ResultPassing.RETURNED)
    )
    assert "atomicAdd(&s[0], -x[i]);" in propose_kernels(by_pointer)[0]
    assert (
        propose_parallel_loops(returned)[0].splitlines()[1]
        == "    #pragma omp parallel for reduction(+:s)"
    )


def test_elements_that_data_choose_are_changed_atomically_first_and_then_plainly():
    text = (
        "void f(int n, const int *b, const float *w, float *h) { for (int i = 0; i < n; i++) "
        "h[b[i]] += w[i]; }"
    )
    atomic, plain = propose_kernels(part_of(text))
    assert "h[b[i]] += w[i];" in plain and "atomicAdd(&h[b[i]], w[i]);" in atomic
    atomic, plain = propose_parallel_loops(part_of(text, ResultPassing.RETURNED))
    assert (
        "atomic" not in plain and "        #pragma omp atomic\n        h[b[i]] += w[i];" in atomic
    )


def test_larger_floats_are_kept_by_a_loop_around_compare_and_swap_whole_numbers_by_the_operation():
    text = (
        "void f(int n, const float *x, const int *k, float *m, int *low) { for (int i = 0; i "
        "< n; i++) { if (x[i] > m[0]) m[0] = x[i]; if (k[i] < low[0]) low[0] = k[i]; } }"
    )
    (made,) = propose_kernels(part_of(text))
    assert (
        made.startswith("__device__ void f_part1_keep_max_float(float *place, float value) {")
        and "while (value > __int_as_float(old))" in made
    )
    assert "f_part1_keep_max_float(&m[0], x[i]);" in made and "atomicMin(&low[0], k[i]);" in made


def update_in(statement: str) -> tuple[str, ...] | None:
    """Place, operator, value and conditions of the update that a statement is."""
    (function,) = parse_c_family(f"void f() {{ {statement} }}", "cpp").items
    found = update_of(function.body[0])
    return found and (
        emit_c_family(found.target),
        found.operator,
        emit_c_family(found.value),
        *map(emit_c_family, found.conditions),
    )


@pytest.mark.parametrize(
    "statement, found",
    [
        ("h[b[i]]++;", ("h[b[i]]", "+", "1")),
        ("--s;", ("s", "+", "-1")),
        ("s -= x[i] - 1;", ("s", "+", "-(x[i] - 1)")),
        ("s = s * x[i];", ("s", "*", "x[i]")),
        ("s = a + s - b;", ("s", "+", "a - b")),
        ("s = s - a - b;", ("s", "+", "-a - b")),
        ("m = std::max(m, x[i]);", ("m", "max", "x[i]")),
        ("m = fminf(m, x[i]);", ("m", "min", "x[i]")),
        ("s |= x[i];", ("s", "|", "x[i]")),
        ("s /= 2;", ("s", "/", "2")),
        ("p->s[k] += x[i];", ("p->s[k]", "+", "x[i]")),
        ('h[b[i] /* ] + [ */] += w["x += 1"[0]];', ("h[b[i]]", "+", 'w["x += 1"[0]]')),
        ("s = t + x[i];", None),
        ("s = x[i] - s;", None),
        ("s += s;", None),
        ("x[i] = x[j] + 1;", None),
        ("if (x[i] > m) m = x[i];", ("m", "max", "x[i]")),
        ("if (m > x[i]) { m = x[i]; }", ("m", "min", "x[i]")),
        ("if (x[i] > m) { m = x[i]; at = i; }", None),
        ("if (x[i] > 2) m = x[i];", None),
        ("if (x[i] < m && i < 9) m = x[i];", ("m", "min", "x[i]", "i < 9")),
        ("if (x[i] < m || i < 9) m = x[i];", None),
        ("m = x[i] > m ? x[i] : m;", ("m", "max", "x[i]")),
        ("m = (m <= f(x[i])) ? m : (f(x[i]));", ("m", "min", "f(x[i])")),
        ("m = x[i] > m ? m : x[i];", ("m", "min", "x[i]")),
        ("m = x[i] > m ? x[i] : 0;", None),
        ("m = x[i] > t ? x[i] : t;", None),
        ("m = x[i] ? 1 : m;", None),
    ],
)
def test_statements_that_change_a_place_by_what_it_was(statement, found):
    assert update_in(statement) == found


@pytest.mark.parametrize(
    "condition, guard",
    [
        ("v[i] != 0 && x[i] < m[0]", "if (v[i] != 0) {"),
        ("x[i] < m[0] && (v[i] > 0 || i < 3) && i < 9", "if ((v[i] > 0 || i < 3) && i < 9) {"),
    ],
)
def test_a_search_under_a_condition_is_one_too(condition, guard):
    text = (
        f"void f(int n, const double *x, const double *v, double *m) {{ for (int i = 0; i < "
        f"n; i++) if ({condition}) m[0] = x[i]; }}"
    )
    (made,) = propose_kernels(part_of(text))
    assert guard in made and "f_part1_keep_min_double(&m[0], x[i]);" in made
    source = parse_function(
        Program(
            "cpp",
            "f",
            f"double f(int n, const double *x, const double *v) {{ double m = 9; for (int i = "
            f"0; i < n; i++) if ({condition.replace('m[0]', 'm')}) m = x[i]; return m; }}",
        )
    )
    assert (
        "#pragma omp parallel for reduction(min:m)"
        in propose_parallel_loops(
            Outliner(source, ResultPassing.RETURNED).part(
                [source.body[1]], {"m": "double"}, read_statements("return m;")
            )
        )[0]
    )


@pytest.mark.parametrize(
    "statement",
    [
        "if (v[i] > 0 || x[i] < m[0]) m[0] = x[i];",
        "if (v[i] > 0 && x[i] < m[0]) m[0] = x[i]; else v[i] = 1;",
    ],
)
def test_other_conditions_stay(statement):
    assert "keep_" not in "".join(
        propose_kernels(
            part_of(
                f"void f(int n, const double *x, double *v, double *m) {{ for (int i = 0; i < "
                f"n; i++) {{ {statement} }} }}"
            )
        )
    )


def test_functions_that_pass_over_what_is_no_number_are_kept_as_such():
    (made,) = propose_kernels(
        part_of(
            "void f(int n, const double *x, double *m) { for (int i = 0; i < n; i++) m[0] = "
            "fmin(m[0], x[i]); }"
        )
    )
    assert (
        "while (value < __longlong_as_double(old) || (__longlong_as_double(old) != "
        "__longlong_as_double(old) && value == value)) {" in made
    )
    assert "f_part1_keep_fmin_double(&m[0], x[i]);" in made


def reduced(body: str) -> list[str]:
    """Proposals under OpenMP for a loop of which `s` is the result."""
    text = f"double f(int n, const double *x, double *y) {{ double s = 0; {body} return s; }}"
    source = parse_function(Program("cpp", "f", text))
    cut = Outliner(source, ResultPassing.RETURNED)
    part = cut.part([source.body[1]], {"s": "double"}, read_statements("return s;"))
    return propose_parallel_loops(part) if part else []


def test_a_reduction_has_one_operator():
    loop = "for (int i = 0; i < n; i++)"
    (found,) = reduced(f"{loop} {{ s += x[i]; if (x[i] > 0) s -= 1; }}")
    assert "reduction(+:s)" in found
    assert not reduced(f"{loop} {{ s += x[i]; s *= 2; }}")
    assert not reduced(f"{loop} s += s * x[i];")
    assert not reduced(f"{loop} {{ y[i] = s; s += 1; }}")


def kernels_of(parameters: str, statement: str) -> list[str]:
    return propose_kernels(
        part_of(
            f"void f(int n, const int *b, const float *x, {parameters}) {{ for (int i = 0; i < n; "
            f"i++) {statement} }}"
        )
    )


def test_types_without_an_atomic_operation_give_none():
    (plain,) = kernels_of("unsigned char *h", "h[b[i]] += 1;")
    assert "atomic" not in plain
    assert kernels_of("float *s", "s[0] *= x[i];") == []
    (added,) = kernels_of("long long *s", "s[0] += b[i];")
    assert "atomicAdd((unsigned long long *)&s[0], (unsigned long long)b[i]);" in added


def test_a_loop_that_surely_needs_an_earlier_iteration_gives_no_proposal():
    assert kernels_of("float *y", "if (i > 0) y[i] = x[i];")
    assert kernels_of("float *y", "y[i + 1] = y[i] + x[i];") == []
    unknown = kernels_of("float *y", "if (b[i] > 0) y[i + 1] = y[i];")
    assert unknown  # whether the condition keeps the iterations apart is for execution to say


def test_the_inner_loop_is_not_spread_where_it_adds_up():
    """`y[i]` is one thread's: without atomic operations, by the outer loop alone."""
    first, *_ = propose_kernels(
        part_of(
            "void f(int n, const double *a, const double *x, double *y) { for (int i = 0; i < n; "
            "i++) for (int j = 0; j < n; j++) y[i] += a[i * n + j] * x[j]; }"
        )
    )
    assert "atomic" not in first and "for (int j = 0; j < n; j++) {" in first


def test_larger_elements_are_kept_one_at_a_time_under_openmp():
    text = (
        "void f(int n, const int *b, const float *x, float *m) { for (int i = 0; i < n; i++) if "
        "(x[i] > m[b[i]]) m[b[i]] = x[i]; }"
    )
    first, *_ = propose_parallel_loops(part_of(text, ResultPassing.RETURNED))
    assert "#pragma omp critical\n        {\n            if (x[i] > m[b[i]]) {" in first
