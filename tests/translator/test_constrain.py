"""What each level of constrained decoding forbids, and that none forbids what is right."""

from __future__ import annotations

import os

import pytest
from hypothesis import example, given, strategies as st

from corpora import builtin, development
from corpora.dialects import parse_direction
from corpora.generator import generate
from corpora.records import Program
from translator.decoding.c_words import END
from translator.decoding.constraints import CONSTRAINTS, ConstraintLevel
from translator.decoding.forced_prefix import find_forced_prefix, find_host_head
from translator.prompting.translate import (
    LONGEST_LAUNCH,
    LONGEST_PLUS,
    LONGEST_TIMES,
    Translator,
    build_prompt,
    canonicalize_program,
    make_example,
)

PAIRS = int(os.environ.get("PAIRS", "120"))
"""Generated computations tried; 5000 were, once."""
WAYS = ("cpp:cuda", "cuda:cpp", "cpp:openmp", "openmp:cpp", "fortran:cuda", "fortran:openmp")
SOURCE = Program(
    "cpp",
    "f",
    "void f(int n, float a, const float *x, float *y, int *k) {"
    " for (int i = 0; i < n; i++) { if (x[i] > 0.25f) y[i] = a * expf(x[i]) + 128; else "
    "k[i] = i % 3; } }",
)
LOCAL = "int V6 = 0 ;"


def first_forbidden(source: Program, target: Program, level: ConstraintLevel) -> str:
    """The first word of the target that the constraint would have forbidden, with what stood before
    it.
    """
    way = parse_direction(f"{source.dialect}:{target.dialect}")
    words, names = make_example(source, target).answer.split(), canonicalize_program(source)
    prefix = find_forced_prefix(source, names, way).split()
    prefix = prefix if words[: len(prefix)] == prefix else []
    same = way.source.language == way.target.language
    model = "cuda" if source.text == target.text and source.dialect == "cuda" else way.target.model
    head = () if find_forced_prefix(source, names, way) else find_host_head(names, way).split()
    state = CONSTRAINTS[way.target.language](
        names.tokens, prefix, len(names.names), level, same, model, head
    )()
    for place, word in enumerate([*words, END]):
        if place < len(prefix):
            continue
        if word in state.forbidden():
            return " ".join(words[max(0, place - 12) : place]) + f" >> {word}"
        state.advance(word)
    return ""


def forbidden_in(
    pairs: list[tuple[Program, Program]], level: ConstraintLevel
) -> list[tuple[str, str]]:
    found = [(a.name, first_forbidden(a, b, level)) for a, b in pairs]
    return [(name, text) for name, text in found if text]


def test_nothing_generated_is_forbidden() -> None:
    items = list(generate(PAIRS, 31))
    for way in WAYS:
        a, b = way.split(":")
        pairs = [
            (i.programs[a], i.programs[b]) for i in items if a in i.programs and b in i.programs
        ]
        assert len(pairs) > PAIRS // 2 and forbidden_in(pairs, ConstraintLevel.FULL) == [], way
        plus = {q.id: LONGEST_PLUS + (LONGEST_LAUNCH if "<<<" in q.text else 0) for _, q in pairs}
        longest = [
            (p, q)
            for p, q in pairs
            if len(canonicalize_program(q).tokens)
            > LONGEST_TIMES * len(canonicalize_program(p).tokens) + plus[q.id]
        ]
        assert longest == [], way


@pytest.mark.parametrize("way", ["cpp:cuda", "cpp:openmp", "cuda:cpp"])
def test_nothing_of_structures_is_forbidden(way: str) -> None:
    """Nor is a structure written again; and the head that is forced is the one that is taught."""
    a, b = way.split(":")
    items = [
        i
        for i in generate(PAIRS // 2, 31, structures=1.0)
        if a in i.programs and b in i.programs and (i.told or a != "cuda")
    ]
    pairs = [(i.programs[a], i.programs[b]) for i in items]
    assert len(pairs) > PAIRS // 8 and forbidden_in(pairs, ConstraintLevel.FULL) == []
    lessons = [
        (make_example(p, q).answer, build_prompt(p, parse_direction(way)).prefix, p)
        for p, q in pairs
    ]
    assert not [
        answer
        for answer, _, p in lessons
        if answer.startswith(("struct", "typedef")) and p.dialect != "cuda"
    ]
    forced = [
        (answer, prefix) for answer, prefix, p in lessons if prefix and "__restrict__" not in p.text
    ]
    assert (
        len(forced) > len(pairs) // 3
        and [pair for pair in forced if not pair[0].startswith(pair[1])] == []
    )


STRUCTURED = Program(
    "cpp",
    "f",
    "struct grid { int n; float *u; }; struct body { float m; int k; }; typedef struct { "
    "float a; } par;"
    " void f(const grid &g, body *b, const par *p, float s) { for (int i = 0; i < g.n; "
    "i++) b[i].m = g.u[i] * p->a + s; }",
)


def test_the_head_of_a_kernel_of_structures_follows() -> None:
    """A structure that holds pointers goes by value, as does what is taken by reference."""
    named = dict(zip((f"V{k}" for k in range(64)), canonicalize_program(STRUCTURED).names))
    heads = {
        way: " ".join(
            named.get(w, w) for w in build_prompt(STRUCTURED, parse_direction(way)).prefix.split()
        )
        for way in ("cpp:cuda", "cpp:openmp")
    }
    assert (
        heads["cpp:cuda"] == "__global__ void F0 ( grid g , body * b , const par * p , float s ) {"
    )
    assert (
        heads["cpp:openmp"] == "void F0 ( const grid & g , body * b , const par * p , float s ) {"
    )


ALLOWED = {("g", "."), ("b", "["), ("b [ 0 ]", "."), ("p", "->"), ("g . ", "u")}


@pytest.mark.parametrize(
    ("answer", "last"),
    [
        ("g", "."),
        ("b", "["),
        ("b [ 0 ]", "."),
        ("p", "->"),
        ("g . ", "u"),
        ("b [ 0 ] . ", "z"),
        ("", "u"),
        ("g . ", "s"),
        ("", "z"),
        ("s", "."),
        ("g", "->"),
        ("g", "["),
        ("g", "+"),
        ("b", "."),
        ("b [ 0 ]", "->"),
        ("b [ 0 ]", "-"),
        ("b [ 0 ] .", ""),
    ],
)
def test_fields_are_no_variables(answer: str, last: str) -> None:
    words = {name: f"V{k}" for k, name in enumerate(canonicalize_program(STRUCTURED).names)} | {
        "z": "V40"
    }
    state = build_prompt(STRUCTURED, parse_direction("cpp:cuda")).constraint()
    for word in answer.split():
        assert words.get(word, word) not in state.forbidden(), word
        state.advance(words.get(word, word))
    assert (words.get(last, last) in state.forbidden()) == ((answer, last) not in ALLOWED)


def as_its_own_answer(program: Program) -> tuple[Program, Program]:
    """A text says nothing new when it translates itself (CUDA's own host code apart, serial C++
    stands for all).
    """
    return program, Program(
        "cpp" if program.dialect != "cpp" else "openmp", program.name, program.text
    )


@pytest.mark.parametrize("corpus", [builtin, development])
def test_no_real_text_is_forbidden_as_an_answer_to_itself(corpus) -> None:
    for dialect in ("cpp", "cuda", "openmp"):
        pairs = [as_its_own_answer(program) for program in corpus.programs(dialect)]
        assert forbidden_in(pairs, ConstraintLevel.FULL) == []


NEW_LIBRARY_NAMES = {
    "rgb_to_yuv",
    "fft_radix2",
    "cross_entropy",
    "softmax_rows",
    "laplace_residual",
}
"""References that use a constant or function of a library that their source does not have: no word
of the vocabulary.
"""
NEW_NUMBERS = {
    "matrix_transpose",
    "inclusive_scan",
    "waxpby",
    "count_ones",
    "rank_by_count",
    "rle_flags",
    "variance",
}
"""References that choose a number or an intrinsic of their own (a tile of 16, `__popc`); `full`
gives these up.
"""


@pytest.mark.parametrize("corpus", [builtin, development])
@pytest.mark.parametrize("way", ["cpp:cuda", "cuda:cpp", "cpp:openmp", "openmp:cpp"])
def test_references_are_allowed_but_for_known_ones(corpus, way: str) -> None:
    assert {
        name for name, _ in forbidden_in(corpus.pairs(way), ConstraintLevel.TYPES)
    } <= NEW_LIBRARY_NAMES
    assert {
        name for name, _ in forbidden_in(corpus.pairs(way), ConstraintLevel.FULL)
    } <= NEW_LIBRARY_NAMES | NEW_NUMBERS


@pytest.mark.parametrize(
    ("level", "answer"),
    [
        ("syntax", "if ( V0 = = "),
        ("syntax", "V0 V0"),
        ("syntax", "V0 3"),
        ("syntax", "V3 [ V0 ] = V1 + ;"),
        ("syntax", "V3 [ V0 ] = ( V1 * )"),
        ("syntax", "V3 [ V0 ] = V1 * /"),
        ("syntax", "V3 [ V0 ] + V1 ="),
        ("syntax", "V3 [ ]"),
        ("syntax", "_5"),
        ("syntax", "V3 [ 0 ] = 1 _. _0 _f _f"),
        ("syntax", "V3 [ 0 ] = 1 _f"),
        ("syntax", "V3 [ 0 ] = 1 _e ;"),
        ("syntax", "else"),
        ("syntax", "if ( V0 ) V3 [ 0 ] = 1 ; V3 [ 1 ] = 2 ; else"),
        ("syntax", "if ( V0 ) return ; else return ; else"),
        ("syntax", "for ( V0 = 0 ; V0 < 3 )"),
        ("syntax", "for ( V0 = 0 ; V0 < 3 ; V0 ++ ;"),
        ("syntax", "if ( )"),
        ("syntax", "V1 = V0 ? V1 ;"),
        ("syntax", "V1 = V0 :"),
        ("syntax", "break"),
        ("syntax", "continue"),
        ("syntax", "for ( V0 = 0 ; V0 < 3 ; V0 ++ ) { continue ; } continue"),
        ("syntax", "return return"),
        ("syntax", "int ="),
        ("syntax", "int V6 +"),
        ("syntax", "for ( int V6 = 0 ; V6 < 3 ; V6 ++ ) V0 = V6 ; V0 = V6"),
        ("syntax", "threadIdx +"),
        ("syntax", "threadIdx . V0"),
        ("syntax", "expf ;"),
        ("syntax", "expf ( V1 ) ="),
        ("syntax", "V3 [ 0 ] = 1 ; #pragma unroll <nl> V3 [ 0 ] = V1 V1"),
        ("types", "V3 [ V1"),
        ("types", "V3 [ V0 + V1"),
        ("types", "V3 [ 1 _."),
        ("types", "V3 [ V2"),
        ("types", "V1 %"),
        ("types", "V2 [ V0 ] %"),
        ("types", "V0 % V1"),
        ("types", "V0 = V0 << V1"),
        ("types", "V0 ["),
        ("types", "V2 [ 0 ] ["),
        ("types", "V2 [ 0 ] ="),
        ("types", "V2 [ 0 ] ++"),
        ("types", "V3 ="),
        ("types", "V3 +"),
        ("types", "V3 *"),
        ("types", "V1 = fabsf ( V3 )"),
        ("types", "V0 ("),
        ("types", "V0 ."),
        ("types", "const int V6 = 0 ; V6 ="),
        ("types", "return V0"),
        ("full", "V3 [ 0 ] = 7"),
        ("full", "V3 [ 0 ] = 1 _2 _9"),
        ("full", "V3 [ 0 ] = 1 _2 ;"),
        ("full", "V3 [ 0 ] = 0 _. _2 _6"),
        ("full", "V3 [ 0 ] = sinf"),
    ],
)
def test_a_level_forbids_what_it_says_and_the_one_before_does_not(level: str, answer: str) -> None:
    *words, last = answer.split()
    levels = list(ConstraintLevel)
    for one in levels[1:]:
        state = build_prompt(SOURCE, parse_direction("cpp:cuda"), constrained=one).constraint()
        for word in words:
            if levels.index(one) < levels.index(ConstraintLevel(level)) or one == level:
                assert word not in state.forbidden(), (one, word)
            state.advance(word)
        assert (last in state.forbidden()) == (
            levels.index(one) >= levels.index(ConstraintLevel(level))
        ), one


def test_what_looks_strange_but_compiles_is_allowed() -> None:
    state = build_prompt(SOURCE, parse_direction("cpp:cuda")).constraint()
    text = (
        "int V6 = ( int ) V1 % 3 , V7 = V0 ; float * V8 = V3 + V0 ; * V8 ++ = V1 ; atomicAdd ( "
        "& V3 [ V6 ] , - V1 ) ; atomicAdd ( V4 , 1 ) ;"
        " __shared__ float V9 [ 2 _5 _6 ] ; V9 [ threadIdx . x ] = ( float ) V0 ; "
        "__syncthreads ( ) ; do { V6 ++ ; if ( V6 == 2 ) continue ;"
        " else break ; } while ( V6 < V0 ) ; if ( V0 ) if ( V7 ) V6 = 1 ; else V6 = 2 ; else { "
        "for ( ; ; ) { break ; } }"
        " switch ( V6 ) { case 0 : V6 = 1 ; break ; default : V6 = V0 ? 1 : 2 ; } V3 [ V4 [ V6 "
        "] ] = fabsf ( V1 ) ; return ; }"
    ).replace("fabsf", "__expf")
    for word in [*text.split(), END]:
        assert word not in state.forbidden(), word
        state.advance(word)


def test_a_number_may_begin_with_its_point_inside_a_functional_cast() -> None:
    source = Program(
        "cpp", "f", "void f(float *x) { x[0] = atan2(float(((.5 * x[1]) + 2)), x[2]); }"
    )
    assert forbidden_in([(source, Program("openmp", "f", source.text))], ConstraintLevel.FULL) == []


def test_a_word_spelled_in_characters_makes_nothing_certain() -> None:
    state = build_prompt(SOURCE, parse_direction("cpp:cuda")).constraint()
    for word in "V0 =".split() + ["", "", ""]:
        state.advance(word)
    assert not {"/", "(", ";", "["} & set(state.forbidden())


def test_the_level_is_an_option_and_none_constrains_nothing() -> None:
    assert build_prompt(SOURCE, parse_direction("cpp:cuda"), constrained="none").constraint is None
    assert build_prompt(SOURCE, parse_direction("cpp:cuda"), constrained="none").most_tokens is None
    assert build_prompt(SOURCE, parse_direction("cpp:cuda")).most_tokens > 100
    with pytest.raises(ValueError, match="wrong"):
        build_prompt(SOURCE, parse_direction("cpp:cuda"), constrained="wrong")
    assert Translator(None, constrained="types") is not None


def test_words_that_the_vocabulary_lacks_are_spelled_only_where_one_may_stand() -> None:
    for level, answer, allowed in [
        ("syntax", "V0 =", True),
        ("syntax", "V0 = 1", False),
        ("syntax", "V0 = V0", False),
        ("types", "", True),
        ("full", "V0 =", False),  # all words of this source are in the vocabulary
    ]:
        state = build_prompt(SOURCE, parse_direction("cpp:cuda"), constrained=level).constraint()
        for word in answer.split():
            state.advance(word)
        assert ("" not in state.forbidden()) == allowed, (level, answer)
        assert "<sep>" in state.forbidden() and "<cuda:cpp>" in state.forbidden()
    state = build_prompt(SOURCE, parse_direction("cpp:cuda")).constraint()
    assert "F0" in state.forbidden()  # this source does not call itself


RETURNING = Program(
    "cpp",
    "f",
    "static long f(const float *x, int n) { long k = 0; for (int i = 0; i < n; i++) if "
    "(x[i] > 3) k = i; return k; }",
)
KERNEL = (
    "__global__ void V4 ( const float * V0 , int V1 , long * V5 ) { if ( threadIdx . x == "
    "0 ) V5 [ 0 ] = V1 ; }"
)
HOST = "long F0 ( const float * V0 , int V1 ) {"


@pytest.mark.parametrize(
    "answer",
    [
        "float",
        "int",
        "return",
        "</s>",
        f"{KERNEL} float",
        f"{KERNEL} </s>",
        f"{KERNEL} long V6",
        f"{KERNEL} long F0 ( float",
        f"{KERNEL} long F0 ( const float * V0 , int V1 ,",
        f"{KERNEL} {HOST} return 0 ; }} __global__",
        f"{KERNEL} {HOST} long V6 = V4",
        f"{KERNEL} {HOST} long * V6 = 3",
        f"{KERNEL} {HOST} long * V6 = threadIdx",
        f"{KERNEL} {HOST} return 9",
        "__global__ void F0",
    ],
)
def test_a_port_of_a_function_with_a_result_ends_with_the_sources_own_head(answer: str) -> None:
    *words, last = answer.split()
    state = build_prompt(RETURNING, parse_direction("cpp:cuda")).constraint()
    for word in words:
        assert word not in state.forbidden(), word
        state.advance(word)
    assert last in state.forbidden()


def test_host_code_with_launches_is_allowed() -> None:
    state = build_prompt(RETURNING, parse_direction("cpp:cuda")).constraint()
    body = (
        "long V6 = 0 ; long * V7 ; cudaMalloc ( & V7 , sizeof ( long ) ) ; V4 <<< ( V1 + 2 "
        "_5 _5 ) / 2 _5 _6 , 2 _5 _6 >>> ( V0 , V1 , V7 ) ; return V6 ; }"
    )
    for word in [*f"{KERNEL} {HOST} {body}".split(), END]:
        assert word not in state.forbidden(), word
        state.advance(word)


def test_a_source_that_allocates_may_be_answered_by_host_code() -> None:
    source = Program(
        "cpp",
        "f",
        "void f(float *x, int n) { float *t = (float *) malloc(n * sizeof(float)); for (int i "
        "= 0; i < n; i++) t[i] = x[i]; free(t); }",
    )
    asked = build_prompt(source, parse_direction("cpp:cuda"))
    assert asked.prefix == ""
    state = asked.constraint()
    for (
        word
    ) in "__global__ void V4 ( float * V0 , int V1 ) { } void F0 ( float * V0 , int V1 ) {".split():
        assert word not in state.forbidden(), word
        state.advance(word)
    assert END in state.forbidden()


WORDS = (
    "V0 V1 V2 V3 F0 F1 int float void const struct [ ] ( ) { } ; , for if do while else "
    "return = + * & < > : ? . -> 3 7 __global__ __shared__ "
    '#pragma switch case default break template static extern "C" half unsigned'
).split() + ["\n"]


@given(
    st.lists(st.sampled_from(WORDS), min_size=3, max_size=40),
    st.sampled_from([ConstraintLevel.SYNTAX, ConstraintLevel.TYPES, ConstraintLevel.FULL]),
    st.booleans(),
)
@example("void V1 ( int V3 [ ; ]".split(), ConstraintLevel.FULL, False)
def test_no_answer_can_break_the_reader(
    words: list[str], level: ConstraintLevel, given_head: bool
) -> None:
    """A `;` within the size of a parameter ended a whole run with a KeyError."""
    names = canonicalize_program(SOURCE)
    prefix = (
        find_forced_prefix(SOURCE, names, parse_direction("cpp:cuda")).split() if given_head else []
    )
    state = CONSTRAINTS["cpp"](names.tokens, prefix, len(names.names), level, True, "cuda", ())()
    for word in words:
        state.forbidden()
        state.advance(word)
    state.forbidden()
