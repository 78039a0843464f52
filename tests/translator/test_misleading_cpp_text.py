"""C++ functions that mislead readers of words: brackets and names in comments and strings, macros
around loops, continued lines, conditional text, odd names.
"""

from __future__ import annotations

import pytest

from corpora.frontends.queries import declarations_in
from corpora.ir import Literal, find
from corpora.records import Program
from translator.normalize.c_tree import (
    declare_inside,
    print_function,
    read_statements,
    sets_scalar,
)
from translator.normalize.unsupported import UnsupportedConstruct
from translator.outline.outliner import Outliner, ResultPassing
from translator.outline.parse_cpp import normalize, parse_function
from translator.outline.reassemble import (
    PortedKernel,
    can_insert_port,
    emit_host_launcher,
    emit_single_kernel,
    insert_directives,
)
from translator.parallelize.propose import propose_kernels


def read(body: str, head: str = "void f(int n, double *x, const double *a)"):
    return parse_function(Program("cpp", "f", f"{head} {{\n{body}\n}}"))


def lines(body: str) -> list[str]:
    return [line.strip() for line in read(body).text.splitlines()[1:-1]]


LOOP = ["for (int i = 0; i < n; i++) {", "x[i] = a[i];", "}"]


@pytest.mark.parametrize(
    "body",
    [
        "for (int i = 0; i < n; i++) /* { ( */ x[i] = a[i]; // } i++",
        "#define EACH(k, m) for (int k = 0; k < m; k++)\nEACH(i, n) { x[i] = a[i]; }\n#undef EACH",
        "for (int i = 0; \\\n  i < n; i++) \\\n  x[i] = a[i];",
        "#if 1\nfor (int i = 0; i < n; i++)\n#else\nfor (int i = 0; i > n; i--)\n#endif\n"
        "x[i] = a[i];",
        "for (int i = 0; i < n; i++) { { x[i] = ((a[(i)])); } }",
    ],
)
def test_one_loop_however_it_is_spelled(body):
    assert lines(body) == LOOP


@pytest.mark.parametrize("name", ["used", "cin", "kept", "part", "swap_of", "d_x", "blockIdx_"])
def test_odd_names_of_locals_are_names(name):
    found = read(f"double {name} = 0; for (int i = 0; i < n; i++) {name} += a[i]; x[0] = {name};")
    cut = Outliner(found, ResultPassing.POINTERS)
    part = cut.part([found.body[1]], {name: "double"}, found.body[2:])
    assert part.results == {name: "double"} and f"{name}[0] += a[i];" in part.program.text


def test_letters_and_strings_are_no_uses():
    assert lines("int t; t = 1; x[0] = 't' + t; x[1] = 't';")[0] == "int t = 1;"
    body = read_statements('if (n) { x[0] = "t = 1;"[0]; } t = 2;')
    assert print_function("void f()", declare_inside(body, "t", "int")).count("int t = 2;") == 1
    assert not sets_scalar(body[0], "t")


def test_a_variable_that_hides_another_one_is_left():
    for body in (
        "int k = 0; for (int i = 0; i < n; i++) { double k = a[i]; x[i] = k; } x[0] = k;",
        "for (int i = 0; i < n; i++) { int n = 2; x[i] = n; }",
        "{ double x = 1; }",
    ):
        with pytest.raises(UnsupportedConstruct, match="two variables called"):
            read(body)


def test_blocks_whose_variables_have_one_name_stay_blocks():
    text = read("{ int t = 1; x[0] = t; } { double t = 2; x[1] = t; }").text
    assert text.count("    {\n") == 2 and "int t = 1;" in text and "double t = 2;" in text


def test_bytes_of_another_type_are_no_elements():
    read("memset(x, 0, n * sizeof(double)); memset(x, 0, n * sizeof(*x));")
    for body in (
        "memset(x, 0, n * sizeof(float));",
        "double *t = (double *)malloc(n * sizeof(float)); free(t);",
        "double *t = (double *)calloc(n, 8); free(t);",
    ):
        with pytest.raises(UnsupportedConstruct, match="bytes"):
            read(body)


def test_elements_that_a_loop_copies_have_the_type_it_says():
    head = "void f(std::vector<double> &x)"
    assert "int e = x[at_x];" in read("for (int e : x) x[e] = 1;", head).text
    assert "double e = x[at_x];" in read("for (const auto e : x) x[0] = e;", head).text
    with pytest.raises(UnsupportedConstruct, match="another type"):
        read("for (const int &e : x) x[0] = e;", head)


def test_nested_template_brackets_are_read():
    with pytest.raises(UnsupportedConstruct, match="vector of something else"):
        read("std::vector<std::vector<double>> t(n); x[0] = t[0][0];")
    made = read("std::vector<double> t(n > 2 ? n : 2, a[n >> 1]); x[0] = t[0];")
    assert made.arrays["t"].count == "n > 2 ? n : 2"


def test_what_the_front_end_does_not_know_is_named_with_its_line():
    with pytest.raises(UnsupportedConstruct, match="lambda_expression in line 3"):
        read("\nx[0] = [](int k) { return k; }(n);")


def test_functions_read_again_are_the_same():
    body = (
        "double s = 0; int k; for (k = 0; k < n; k++) { if (a[k] > s) s = a[k]; else if (k) "
        "x[k] = (s - a[k]) * -2 / (n % 3 + 1); } x[0] = s;"
    )
    once = normalize(Program("cpp", "f", f"void f(int n, double *x, const double *a) {{ {body} }}"))
    assert normalize(once).text == once.text


PART_TEXT = "double s = 0; for (int i = 0; i < n; i++) { s += a[i]; } x[0] = s;"


def sum_part():
    found = read(PART_TEXT)
    cut = Outliner(found, ResultPassing.RETURNED)
    return found, cut.part([found.body[1]], {"s": "double"}, found.body[2:])


def test_ports_are_put_in_by_their_trees():
    found, part = sum_part()
    port = (
        "// double f_part1() { return s; }\n" + part.head + " {\n    #pragma omp parallel for "
        "reduction(+:s)\n    for (int i = 0; i < n; i++) { s += a[i]; /* } return s; */ }\n"
        "    return (s);\n}\n"
    )
    assert can_insert_port(part, port)
    nodes = [found.body[0], PortedKernel(part, port), *found.body[2:]]
    text = insert_directives(found, nodes)
    assert "#pragma omp parallel for reduction(+:s)\n" in text and "return" not in text
    for other in (
        port + "void g() { }\n",
        port.replace("return (s);", "if (n) return s; return s;"),
        port.replace("return (s);", "return -s;"),
        port[:-2],
    ):
        assert not can_insert_port(part, other)


def test_a_kernel_is_found_among_its_helpers():
    found = read("for (int i = 0; i < n; i++) x[i] = a[i];")
    part = Outliner(found, ResultPassing.POINTERS).part(found.body, {})
    kernel = propose_kernels(part)[0]
    helper = "// __global__ void f_part1()\n__device__ double twice(double v) { return 2 * v; }\n"
    port = PortedKernel(part, helper + kernel.replace("= a[i]", "= twice(a[i])"))
    text = emit_single_kernel(found, [port])
    assert text.index("double twice(double v)") < text.index("__global__ void f(int n")
    assert emit_single_kernel(found, [PortedKernel(part, helper)]) is None


def test_host_code_keeps_its_branches():
    body = "if (n > 4) { for (int i = 0; i < n; i++) x[i] = a[i]; } else { n = 1; } x[0] = n;"
    found = read(body)
    found.arrays.update(
        {k: type(v)(v.type, "n", is_const=v.is_const) for k, v in found.arrays.items()}
    )
    cut = Outliner(found, ResultPassing.POINTERS)
    inner = cut.part(found.body[0].then, {})
    (branch, last) = found.body
    opened = type(branch)(branch.test, (PortedKernel(inner, inner.one_thread),), branch.otherwise)
    tail = cut.part([last], {})
    text = emit_host_launcher(found, [opened, PortedKernel(tail, tail.one_thread)])
    rows = [row.strip() for row in text.splitlines()]
    at = rows.index("if (n > 4) {")
    assert rows[at + 1].startswith("f_part1<<<1, 1>>>(") and rows[at + 2] == "} else {"


def test_the_tree_of_a_function_holds_what_its_text_says():
    found = read("double w[2] = {1, 2}; for (int i = 0; i < n; i++) x[i] = w[i % 2];")
    assert [each.name for each in declarations_in(found.tree)] == ["w", "i"]
    assert {each.text for each in find(found.tree.body, Literal)} == {"0", "1", "2"}
