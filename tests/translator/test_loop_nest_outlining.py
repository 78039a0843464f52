"""Splitting a function into loop nests and joining their ports, by rules alone.
tests/coevolve/test_by_parts.py executes them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from corpora.records import Program
from translator.normalize.c_tree import read_statements, with_blocks
from translator.normalize.fortran.convert import convert_function
from translator.outline.outliner import Outliner, ResultPassing, find_first_use, has_loop
from translator.outline.parse_cpp import parse_function
from translator.outline.reassemble import (
    PortedKernel,
    can_emit_launch,
    can_insert_port,
    emit_host_launcher,
    emit_single_kernel,
    insert_directives,
)
from translator.parallelize.propose import propose_kernels

HEAD = (
    "subroutine f(n, m, x, a, s)\n integer, intent(in) :: n, m\n real(8), intent(inout) :: "
    "x(n), a(n, m), s\n integer :: i, j\n real(8) :: t\n"
)


def function(statements: str, head: str = HEAD):
    return convert_function(Program("fortran", "f", f"{head}{statements}\nend subroutine\n"))


def parts_of(statements: str):
    """The parts of loops and of what touches arrays, each with what is declared before it."""
    cut, scope, found = Outliner(function(statements)), {}, []
    for items in cut.units(cut.function.body):
        if cut.touches_array(items[0]):
            found.append(cut.part(items, scope))
        scope = cut.scope_of(items[-1], scope)
    return cut, found


def test_a_nest_is_a_function_of_what_it_names():
    _, (part,) = parts_of("do i = 1, n\n x(i) = a(i, 1) * m\n end do")
    assert part.names == ("x", "a", "n", "m")
    assert (
        part.program.text
        == "void f_part1(double *x, const double *a, int n, int m) {\n    for (int i = 0; i < "
        "n; i++) {\n        x[i] = a[i] * m;\n    }\n}\n"
    )
    assert part.one_thread.startswith("__global__ void f_part1(")


def test_scalars_that_a_nest_sets_first_are_its_own():
    _, (first, second) = parts_of(
        "do i = 1, n\n t = x(i)\n x(i) = t * t\n end do\n do i = 1, n\n t = a(i, 1)\n a(i, 1) "
        "= t + 1\n end do"
    )
    assert "double t = x[i];" in first.program.text and "double t = a[i];" in second.program.text


def test_scalars_behind_pointers_go_by_value_where_they_are_read():
    cut, (part,) = parts_of("s = 2\n do i = 1, n\n x(i) = s * x(i)\n end do")
    assert (
        part.names == ("x", "n", "*s")
        and "double s) {" in part.program.text
        and "x[i] *= s;" in part.program.text
    )
    port = PortedKernel(
        part,
        "void f_part1(double *x, int n, double s) {\n#pragma omp parallel for\n    for (int i "
        "= 0; i < n; i++) x[i] *= s;\n}\n",
    )
    assert insert_directives(cut.function, [*read_statements("*s = 2;"), port]) == (
        "void f(int n, int m, double *x, double *a, double *s) {\n    *s = 2;\n#pragma omp "
        "parallel for\n    for (int i = 0; i < n; i++) {\n        x[i] *= *s;\n    }\n}\n"
    )


NO_PART = {
    "a scalar that others read is changed": "do i = 1, n\n s = s + x(i)\n end do",
    "it leaves the function": "do i = 1, n\n if (x(i) > 0) return\n x(i) = 1\n end do",
    "a sum goes on from before": "t = x(1)\n do i = 1, n\n t = t + x(i)\n end do\n x(1) = t",
}


@pytest.mark.parametrize("why", NO_PART)
def test_what_is_no_function_of_its_own(why):
    assert None in parts_of(NO_PART[why])[1]


def test_a_break_belongs_to_its_loop():
    cut = Outliner(
        function(
            "do j = 1, m\n do i = 1, n\n if (x(i) > 0) exit\n x(i) = j\n end do\n if (x(j) < 0) "
            "exit\n end do"
        )
    )
    (outer,) = cut.function.body
    whole, leaving = (
        cut.part(items, {"j": "int", "i": "int"}) for items in ([outer], [outer.body[-1]])
    )
    assert whole is not None and leaving is None


def test_an_if_and_its_else_stay_together():
    cut = Outliner(
        function(
            "if (n > 1) then\n x(1) = 1\n else\n x(1) = 2\n end if\n x(2) = 3\n x(n) = 4\n i = 5"
        )
    )
    assert [len(items) for items in cut.units(cut.function.body)] == [1, 2, 1]


def looped(head: str, *nodes):
    """A statement with a block, and nodes in that."""
    (statement,) = read_statements(f"{head} {{ }}")
    return with_blocks(statement, [nodes])


def test_host_code_copies_what_it_must_and_launches_as_the_plan_says():
    cut, (part,) = parts_of("do j = 1, m\n do i = 1, n\n a(i, j) = x(i)\n end do\n end do")
    kernel = "__global__ void f_part1(double *a, const double *x, int m, int n) { }"
    node = PortedKernel(
        part, kernel, "grid=ceil(n/16),ceil((m-1)/8),1 block=16,8,1 shared=8*len(x)"
    )
    text = emit_host_launcher(
        cut.function,
        [looped("for (int t = 0; t < 3; t++)", node), PortedKernel(part, part.one_thread)],
    )
    assert (
        "for (int t = 0; t < 3; t++) {\n        f_part1<<<dim3((n + 15) / 16, (m - 1 + 7) / 8, "
        "1), dim3(16, 8, 1), 8 * n>>>(d_x, d_a, n, m);\n    }\n" in text
    )
    assert (
        "cudaMalloc((void **)&d_a, m * n * sizeof(double));" in text and "f_part1<<<1, 1>>>" in text
    )
    assert (
        text.count("cudaMemcpyHostToDevice") == 2
        and text.count("cudaMemcpyDeviceToHost") == 2
        and text.count("cudaFree") == 2
    )


def test_names_on_the_device_are_free_and_sizes_behind_pointers_are_read():
    head = (
        "subroutine f(n, x, d_x)\n integer, intent(inout) :: n\n real, intent(inout) :: "
        "x(8), d_x(8)\n integer :: i\n"
    )
    cut = Outliner(function("n = 8\n do i = 1, n\n x(i) = d_x(i)\n end do", head))
    part = cut.part(cut.function.body[1:], {})
    text = emit_host_launcher(
        cut.function,
        [
            *read_statements("*n = 8;"),
            PortedKernel(part, part.one_thread, "grid=ceil(n/64),1,1 block=64,1,1"),
        ],
    )
    assert "float *device_x;" in text and "float *d_d_x;" in text
    assert "f_part1<<<(*n + 63) / 64, 64>>>(device_x, d_d_x, *n);" in text


def test_plans_that_host_code_cannot_say():
    assert can_emit_launch("grid=ceil(n/64),1,1 block=64,1,1") and not can_emit_launch(
        "grid=gcd(n,64),1,1 block=64,1,1"
    )


def test_no_host_code_for_arrays_whose_length_is_not_in_the_text():
    head = HEAD.replace("x(n), a(n, m)", "x(*), a(n, m)")
    cut = Outliner(function("do i = 1, n\n x(i) = 1\n end do", head))
    part = cut.part(cut.function.body, {})
    assert emit_host_launcher(cut.function, [PortedKernel(part, part.one_thread)]) is None


def test_arrays_of_the_function_itself_live_on_the_device_alone():
    head = HEAD.replace("real(8) :: t\n", "real(8) :: t, w(8)\n")
    cut = Outliner(function("w = 1\n do i = 1, n\n x(i) = w(1)\n end do", head))
    nodes = [
        *read_statements("double w[8];"),
        *(
            PortedKernel(p, p.one_thread)
            for items in cut.units(cut.function.body)
            if (p := cut.part(items, {})) and has_loop(tuple(items))
        ),
    ]
    text = emit_host_launcher(cut.function, nodes)
    assert (
        "double w[8]" not in text
        and "cudaMalloc((void **)&d_w, 8 * sizeof(double));" in text
        and "cudaMemcpy(d_w" not in text
    )


def cut_cpp(
    body: str, results: ResultPassing, head: str = "double f(int n, double *x, const double *a)"
):
    return Outliner(parse_function(Program("cpp", "f", f"{head} {{ {body} }}")), results)


SUM = "double s = 0; for (int i = 0; i < n; i++) s += a[i]; x[0] = s; return s;"


def test_a_changed_scalar_goes_to_the_device_and_back():
    cut = cut_cpp(SUM, ResultPassing.POINTERS)
    start, loop, store, end = cut.function.body
    part = cut.part([loop], {"s": "double"}, [store, end])
    assert part.results == {"s": "double"} and part.names == ("a", "n", "&s")
    assert (
        "void f_part1(const double *a, int n, double *s)" in part.program.text
        and "s[0] += a[i];" in part.program.text
    )
    cut.function.arrays.update({"a": replace(cut.function.arrays["a"], count="n")})
    text = emit_host_launcher(
        cut.function, [start, PortedKernel(part, part.one_thread, "grid=1,1,1 block=64,1,1"), end]
    )
    there, launch, back = (
        text.index(w)
        for w in (
            "cudaMemcpy(d_s, &s, sizeof(double), cudaMemcpyHostToDevice);",
            "<<<1, 64>>>(d_a, n, d_s);",
            "cudaMemcpy(&s, d_s",
        )
    )
    assert there < launch < back < text.index("cudaFree(d_s);") < text.index("return s;")


def test_a_scalar_that_a_part_sets_first_is_not_copied_there():
    cut = cut_cpp("double s; s = a[0]; x[0] = s; return s;", ResultPassing.POINTERS)
    first, store, end = cut.function.body
    part = cut.part(read_statements("s = a[0];"), {"s": "double"}, [store, end])
    assert part.results == {"s": "double"}
    cut.function.arrays.update(
        {name: replace(a, count="n") for name, a in cut.function.arrays.items()}
    )
    text = emit_host_launcher(cut.function, [PortedKernel(part, part.one_thread)])
    assert "cudaMemcpy(d_s, &s" not in text and "cudaMemcpy(&s, d_s" in text


def test_under_openmp_a_part_returns_the_scalar_that_it_changes():
    cut = cut_cpp(SUM, ResultPassing.RETURNED)
    _, loop, store, end = cut.function.body
    part = cut.part([loop], {"s": "double"}, [store, end])
    assert part.program.text.startswith(
        "double f_part1(const double *a, int n, double s) {"
    ) and part.program.text.endswith("    return s;\n}\n")
    port = part.program.text.replace("    for", "#pragma omp parallel for reduction(+:s)\n    for")
    assert can_insert_port(part, port) and not can_insert_port(
        part, port.replace("return s;", "return 2 * s;")
    )
    assert not can_insert_port(part, port.replace("s += a[i];", "if (n) return s;"))
    joined = insert_directives(
        cut.function,
        [
            *read_statements("double s = 0;"),
            PortedKernel(part, port),
            *read_statements("return s;"),
        ],
    )
    assert joined.count("return") == 1 and "#pragma omp parallel for reduction(+:s)\n" in joined
    both = cut_cpp(
        "double s = 0, t = 0; for (int i = 0; i < n; i++) { s += a[i]; t -= a[i]; } x[0] = s; "
        "return t;",
        ResultPassing.RETURNED,
    )
    assert (
        both.part([both.function.body[2]], {"s": "double", "t": "double"}) is None
    )  # it can return one


def test_no_clause_lists_what_is_behind_a_pointer():
    cut = Outliner(function("do i = 1, n\n s = s + x(i)\n end do"), ResultPassing.RETURNED)
    part = cut.part(cut.function.body, {})
    assert "*s" in part.names and can_insert_port(part, part.program.text)
    reduced = part.program.text.replace(
        "    for", "#pragma omp parallel for reduction(+:s)\n    for", 1
    )
    assert not can_insert_port(part, reduced)


def test_scalars_that_only_kernels_set_are_not_declared_on_the_host():
    cut = cut_cpp(
        "for (int k = 0; k < n; k++) { double t; t = a[k]; x[k] = t; if (t > 1) x[k] = 1; }",
        ResultPassing.POINTERS,
    )
    cut.function.arrays.update(
        {name: replace(a, count="n") for name, a in cut.function.arrays.items()}
    )
    (loop,) = cut.function.body
    part = cut.part([loop], {})
    declared = read_statements("double t;")
    text = emit_host_launcher(
        cut.function, [with_blocks(loop, [[*declared, PortedKernel(part, part.one_thread)]])]
    )
    host = text[text.index("double f(int n") :]
    assert "double t" not in host and "for (int k = 0; k < n; k++) {" in host


def test_a_value_that_is_read_behind_a_part_goes_out():
    cut = cut_cpp(
        "double t; for (int i = 0; i < n; i++) { t = a[i]; x[i] = t; } return t;",
        ResultPassing.POINTERS,
    )
    _, loop, end = cut.function.body
    assert (
        cut.part([loop], {"t": "double"}, [end]).results == {"t": "double"}
        and not cut.part([loop], {"t": "double"}, [*read_statements("t = 0;"), end]).results
    )


@pytest.mark.parametrize(
    "text, use",
    [
        ("x[0] = t;", "read"),
        ("t = 1; x[0] = t;", "set"),
        ("t = t + 1;", "read"),
        ("t += 1;", "read"),
        ("double t = 2;", "set"),
        ("y = 1;", ""),
        ("if (n) { t = 1; x[0] = t; }", ""),
        ("if (n) { t = 1; } x[0] = t;", "read"),
        ("if (t) { t = 1; }", "read"),
        ("for (int t = 0; t < n; t++) { t = 1; }", ""),
        ("for (t = 0; t < n; t++) { y = t; } x[0] = t;", "set"),
        ('x["t"[0]] = y /* t */;', ""),
    ],
)
def test_the_first_use_of_a_name(text, use):
    assert find_first_use(read_statements(text), "t") == use


def test_nothing_is_copied_before_an_early_end():
    cut = cut_cpp(
        "if (n < 3) return; double w[2] = {1, 2}; for (int i = 0; i < n; i++) x[i] = w[i % 2];",
        ResultPassing.POINTERS,
        "void f(int n, double *x)",
    )
    cut.function.arrays.update({"x": replace(cut.function.arrays["x"], count="n")})
    early, filled, loop = cut.function.body
    part = cut.part([loop], {})
    node = PortedKernel(part, part.one_thread)
    text = emit_host_launcher(cut.function, [early, filled, node])
    assert (
        text.index("return;")
        < text.index("double w[2] = {1, 2};")
        < text.index("cudaMemcpy(d_w, w, 2 * sizeof(double), cudaMemcpyHostToDevice);")
    )
    assert "cudaMemcpy(w, d_w" not in text
    rows = emit_host_launcher(cut.function, [node, early]).splitlines()
    end = rows.index(
        "        return;"
    )  # what is on the device comes back before the function ends in the middle
    assert rows[end - 3 : end] == [
        "        cudaMemcpy(x, d_x, n * sizeof(double), cudaMemcpyDeviceToHost);",
        "        cudaFree(d_x);",
        "        cudaFree(d_w);",
    ]


def test_a_function_of_one_nest_becomes_a_kernel_itself():
    cut = cut_cpp(
        "if (n < 3) return; double a = 2 * n; for (int i = 0; i < n; i++) x[i] = a;",
        ResultPassing.POINTERS,
        "void f(int n, double *x)",
    )
    early, declared, loop = cut.function.body
    part = cut.part([loop], {"a": "double"})
    node, before = PortedKernel(part, propose_kernels(part)[0]), [early, declared]
    text = emit_single_kernel(cut.function, [*before, node, *read_statements("return;")])
    assert text.startswith(
        "__global__ void f(int n, double *x) {\n    if (n < 3) {\n        return;\n    }\n    "
        "double a = 2 * n;\n    int i = blockIdx.x"
    )
    assert (
        emit_single_kernel(cut.function, [*before, node, node])
        is emit_single_kernel(cut.function, [looped("for (int t = 0; t < n; t++)", node)])
        is None
    )
    assert (
        emit_single_kernel(
            cut.function, [*before, replace(node, text=node.text.replace("double *x", "double *y"))]
        )
        is None
    )  # other names inside


def test_elements_that_a_variable_starts_with_are_read_on_the_device():
    cut = cut_cpp("const double s = a[0]; x[0] = s; return s;", ResultPassing.POINTERS)
    assert cut.hoist_declarations(cut.function.body)[:2] == read_statements("double s; s = a[0];")


def test_arrays_that_a_nest_declares_are_its_own():
    cut = cut_cpp(
        "for (int i = 0; i < n; i++) { double w[2]; w[0] = a[i]; w[1] = 1; x[i] = w[0] + w[1]; "
        "} return n;",
        ResultPassing.POINTERS,
    )
    assert cut.part(cut.function.body[:1], {}).names == ("x", "a", "n")
