"""The rule-based tester: suites from execution alone, without a model.

Contract: `generate_suite` runs the program on sketches of tests, learns from what it touches which
scalars are sizes and which arrays hold indices, and returns tests of growing size whose extents are
exact and on which the program stays inside its arrays. Whether a test is *valid* is for
`tester.validity` to say. Same program and seed: same suite.

    python -c "from tester.generate.rules import generate_suite; help(generate_suite)"
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from corpora.dialects import get_dialect
from corpora.records import ArrayValue, Fill, Program, Signature, UnitTest, UnitTestSuite
from gpu_runtime.backend import Compiled, CompileRequest, ExecutionBackend, Variant
from gpu_runtime.call.materialize import get_integer_scalars
from tester.generate.completion import (
    CompletedSketch,
    complete_sketches,
    confirm_tests,
    find_cached_run,
    is_run_as_probed,
    keep_probed_run,
)
from tester.generate.data_classes import find_ranges
from tester.generate.extent_inference import infer_extents
from tester.generate.extents import GeometryOf, Sketch, build_test, no_geometry
from tester.generate.linked_indices import make_linked_tests
from tester.generate.null_arrays import make_null_tests
from tester.generate.proposals import (
    DATA,
    TELLS,
    combine_changes,
    make_end_sketches,
    propose_sketches,
)
from tester.generate.roles import (
    LAST_RESORT,
    NoSuiteError,
    ProgramTooLargeError,
    TrialSetting,
    explain_no_base_run,
    find_base_run,
    find_pitches,
    infer_roles,
    recall_roles,
)
from tester.generate.searches import (
    MOST_LATE,
    MOST_WHOLE,
    TURNS,
    fill_without_match,
    make_late_match_tests,
)
from tester.generate.sketches import (
    LARGE,
    PROFILES,
    ParameterRoles,
    Values,
    choose_assumed_extent,
    draw_contents,
    draw_reduced_sizes,
    draw_sizes,
)
from tester.generate.source_facts import (
    find_option_letters,
    find_signed,
    has_conditional_reads,
    has_unspecified_nan,
    may_contents_matter,
)
from tester.generate.source_tree import read_source
from tester.generate.states import fill_with_states, find_state_arrays
from tester.generate.structure_sizes import fit_structure_sizes

FEW = 4
"""Tests that change something, below which others are looked for."""
LARGEST = 66_560
"""Elements of one array: a square of 257, one more than a usual block has threads, and
something.
"""
VAST = 1 << 22
"""Elements of one array beyond which a second test of constant extents is not made."""
TWICE = 2
"""Steps after which two arrays that are exchanged have both been written."""
OTHER_TURNS = 3
"""Other contents that are tried where some elements are read only beside others that are as asked
for.
"""
MAX_PARTICULAR = 12
"""Tests of a suite beside the usual ones (tester.generate.proposals), and not more than there
are of those.
"""


def generate_suite(
    program: Program,
    signature: Signature,
    backend: ExecutionBackend,
    *,
    seed: int = 0,
    tests: int = 12,
    largest: int = LARGEST,
    big: bool = False,
    launch: str = "",
    combined: int = 0,
) -> UnitTestSuite:
    """Return a suite of at most `tests` usual tests and as many at boundary values, smallest first.

    seed: of values and contents; equal seeds give equal suites. largest: most elements of one
        array. big: add a test of at least 2^20 elements where the program
        allows one. launch: the launch plan of a kernel; '' finds one by trial.
    combined: how many tests combine several boundary values, in place of single ones; 0: single
        ones. Raises NoSuiteError if the program does not compile or has no valid test, ValueError
        if the launch plan cannot be read.
    """
    compiled = backend.compile([CompileRequest(program, signature, Variant.RECORDED)])[0]
    if not compiled.ok:
        raise NoSuiteError(f"the program does not compile: {_first_line(compiled.diagnostics)}")
    plan, geometry_of = _plan(program, signature, backend, compiled, launch, seed)
    source = read_source(program, signature)
    setting = TrialSetting(
        backend,
        compiled,
        signature,
        geometry_of,
        largest,
        seed,
        find_pitches(signature, source),
        find_option_letters(signature, source),
    )
    try:
        roles = infer_roles(setting, plan)
        made = sorted(
            fit_structure_sizes(
                setting,
                roles,
                infer_extents(setting, roles, _tests(setting, roles, tests, combined)),
            ),
            key=count_elements,
        )
        made = sorted([*make_null_tests(setting, made), *made], key=count_elements)
    except ProgramTooLargeError as error:
        roles = ParameterRoles()
        made = _constant_tests(replace(setting, largest=LAST_RESORT), str(error))
    if big and roles.base:
        made += _make_big_test(setting, roles)
    if not made:
        raise NoSuiteError("the program runs clean on no sketch of a test")
    return UnitTestSuite(program.id, tuple(made), "rules", launch=plan)


def generate_more_tests(
    suite: UnitTestSuite,
    program: Program,
    signature: Signature,
    backend: ExecutionBackend,
    seed: int,
    tests: int = 12,
    combined: int = 0,
) -> UnitTestSuite:
    """Return another suite of generated tests for the program of `suite`, under the same launch
    plan.

    seed: of values and contents; another than that of `suite` gives other tests. tests: most usual
        tests. combined: how many tests combine several boundary values, in place of single ones.
        Raises NoSuiteError if there is no valid test, or if all tests of `suite` are large.
    """
    if has_only_large_tests(suite):
        raise NoSuiteError("all tests of the program are large")
    return generate_suite(
        program,
        signature,
        backend,
        seed=seed,
        tests=tests,
        launch=suite.launch,
        combined=combined,
    )


def find_sizes(
    suite: UnitTestSuite, program: Program, signature: Signature, backend: ExecutionBackend
) -> frozenset[str]:
    """Return the names of the scalars that the lengths of arrays depend on, as found when the suite
    was made by rules. Distances between rows or elements, places, and sizes that must equal another
    are left out. The set is empty if nothing was found then.
    """
    compiled = backend.compile([CompileRequest(program, signature, Variant.RECORDED)])[0]
    roles = recall_roles(compiled, suite.launch, LARGEST) if compiled.ok else None
    if roles is None:
        return frozenset()
    aside = roles.leading | roles.steps | roles.within.keys() | {name for _, name in roles.alike}
    return roles.sizes - aside


def has_only_large_tests(suite: UnitTestSuite) -> bool:
    """Return whether all tests of a suite have more than 2^18 elements, so that
    `generate_more_tests` makes no others.
    """
    return all(count_elements(test) > 1 << 18 for test in suite.tests)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no diagnostics")


def make_geometry_function(launch: str) -> GeometryOf:
    """Return a function from a test to its launch (grid and block). launch: text of a plan; ''
    gives None for every test. Raises ValueError if the plan cannot be read. The function returned
    raises ValueError for a test that the plan does not fit.
    """
    if not launch:
        return no_geometry
    from gpu_runtime.call.materialize import get_extents, get_integer_scalars
    from gpu_runtime.launch.plans import parse_plan

    plan = parse_plan(launch)
    return lambda test: plan.geometry(get_integer_scalars(test), get_extents(test))


def choose_launch(
    program: Program, signature: Signature, backend: ExecutionBackend, seed: int = 0
) -> str:
    """Return the text of the launch plan under which a bare kernel runs best: one that its text
    gives, else the first under which it writes most; '' for a function. seed: of the inputs that
    are tried. Raises NoSuiteError if it does not compile or run under any.
    """
    compiled = backend.compile([CompileRequest(program, signature, Variant.RECORDED)])[0]
    if not compiled.ok:
        raise NoSuiteError(f"the program does not compile: {_first_line(compiled.diagnostics)}")
    return _plan(program, signature, backend, compiled, "", seed)[0]


def _plan(
    program: Program,
    signature: Signature,
    backend: ExecutionBackend,
    compiled: Compiled,
    launch: str,
    seed: int,
) -> tuple[str, GeometryOf]:
    """The launch plan of a bare kernel: of those on which it runs clean, the first that makes it
    write most.
    """
    if signature.style != "kernel" or launch:
        return launch, make_geometry_function(launch)
    from gpu_runtime.launch.plans import list_candidate_plans
    from gpu_runtime.launch.row_plans import propose_source_plans

    best: tuple[int, str] = (0, "")
    setting = None
    for plan in propose_source_plans(
        program, signature
    ):  # read off the text: what writes more does rows that are not there
        base = find_base_run(
            TrialSetting(
                backend, compiled, signature, make_geometry_function(str(plan)), 1 << 14, seed
            ),
            count=8,
        )
        if base is not None and any(m.written for m in base.arrays.values()):
            return str(plan), make_geometry_function(str(plan))
    plans = list_candidate_plans(program, signature, None)
    # An extent is measured under a launch: a launch that follows from extents is for kernels that
    # have no size at all.
    counted = [plan for plan in plans if "len(" not in str(plan)]
    for plan in counted or plans:
        setting = TrialSetting(
            backend, compiled, signature, make_geometry_function(str(plan)), 1 << 14, seed
        )
        base = find_base_run(setting, count=8)
        if base is not None:
            work = sum(math.prod(m.extents) for m in base.arrays.values() if m.written)
            if work > best[0]:
                best = (work, str(plan))
    if not best[0]:
        raise NoSuiteError(
            f"the kernel runs clean under no candidate launch plan: "
            f"{explain_no_base_run(setting) if setting else 'there is none'}"
        )
    return best[1], make_geometry_function(best[1])


def _tests(
    setting: TrialSetting, roles: ParameterRoles, count: int, combined: int
) -> list[UnitTest]:
    sketches = _make_sketches(
        setting, roles, draw_sizes(setting.signature, roles, setting.seed, count + 8)
    )
    first, rest = (
        sketches[: count + 1],
        sketches[count + 1 :],
    )  # the others are there for programs that take few of the first
    own = (
        combine_changes(setting, roles, combined) if combined else propose_sketches(setting, roles)
    )
    ends = [] if combined else _make_end_sketches(setting, roles)
    tried = [*own, *first, *ends]
    made = _complete_sketches(setting, roles, tried)
    at_ends = [c for c in made[len(made) - len(ends) :] if c.test is not None]
    made = made[: len(made) - len(ends)]
    told = [
        c
        for s, c in zip(own, made, strict=False)
        if c.test is not None and (c.changed or s.label == TELLS)
    ]
    classes = sum(
        s.label == DATA for s, c in zip(own, made, strict=False) if c.test is not None and c.changed
    )
    special = told[: combined or min(MAX_PARTICULAR, count) + classes]
    good = [c for c in made[len(own) :] if c.test is not None] + [
        c for c in made[: len(own)] if c.test is not None and not c.changed
    ]
    if roles.searches:
        good = [c for c in _make_search_tests(setting, roles) if c.test is not None] + good
    beyond_a_block = (
        c.changed
        for s, c in zip(tried, made, strict=False)
        if s.label.partition("/")[0] in LARGE and c.test is not None
    )
    if roles.sizes and roles.base and not any(beyond_a_block):
        quiet = _complete_sketches(
            setting,
            roles,
            _make_sketches(
                setting, roles, draw_reduced_sizes(setting.signature, roles, setting.seed)
            ),
        )
        good = [c for c in quiet if c.test is not None and c.changed][:1] + good
    if sum(c.changed for c in [*special, *good]) < count - 1:
        good += [c for c in _complete_sketches(setting, roles, rest) if c.test is not None]
    if roles.indices and sum(c.changed for c in [*special, *good]) < FEW:
        tests = make_linked_tests(setting.signature, roles, first, setting.seed, setting.largest)
        good += [
            c
            for c in confirm_tests(
                setting.backend, setting.compiled, tests, setting.geometry_of, setting.largest
            )
            if c.test is not None
        ]
    # Tests on which nothing happens are kept for what they forbid, but they must not crowd out the
    # others. `i < n - 1` of unsigned numbers is wrong at no elements only.
    idle = [c for c in good if not c.changed]
    empty = [c for c in idle if _is_empty(c.test, roles)]  # type: ignore[arg-type]
    chosen: dict[UnitTest, UnitTest] = {}
    for c in [
        *special,
        *at_ends,
        *[c for c in good if c.changed][: count - 1],
        *idle[:1],
        *empty[:1],
    ]:
        chosen.setdefault(c.test, c.test)  # type: ignore[arg-type]
    return sorted(chosen.values(), key=count_elements)


def _is_empty(test: UnitTest, roles: ParameterRoles) -> bool:
    """Whether all sizes are zero. Of several, each by itself zero is among the end sketches."""
    values = get_integer_scalars(test)
    return bool(roles.sizes) and all(values.get(name) == 0 for name in roles.sizes)


def _make_end_sketches(setting: TrialSetting, roles: ParameterRoles) -> list[Sketch]:
    """Of several sizes each by itself zero, and one, beside others that are neither. They count
    although the program may do nothing there.
    """
    return make_end_sketches(setting, roles, (0, 1) if _takes_none(setting) else (1,))


def _takes_none(setting: TrialSetting) -> bool:
    """Whether a size of zero says anything. Nobody launches an empty grid: what a CUDA program does
    for it binds no translation.
    """
    return get_dialect(setting.compiled.request.program.dialect).model != "cuda"


def _drop_empty_size_tests(
    setting: TrialSetting,
    roles: ParameterRoles,
    sketches: Sequence[Sketch],
    made: list[CompletedSketch],
) -> list[CompletedSketch]:
    """Without tests of size zero in which the program touches an array that has no element at that
    size (`sum = a[0]` before a loop from 1): the array would have elements that its size denies,
    which host code that copies by size cannot know of. The same goes for sizes below zero, unless
    the program asks for them, as BLAS does for increments.
    """
    signed = find_signed(setting.source)
    for pair in find_ranges(setting.signature, setting.source):
        signed = signed | {setting.source.spell(name) for name in pair}
    sizes = {p for p in roles.sizes if setting.source.spell(p) not in signed}

    def find_none(sketch: Sketch) -> set[str]:
        return {name for name in sizes if int(sketch.scalars[name]) <= 0}  # type: ignore[arg-type]

    def is_empty(sketch: Sketch) -> bool:
        return sketch.label.startswith("zero/") or bool(find_none(sketch))

    lengths: dict[str, set[tuple[int, ...]]] = {}
    for sketch, one in zip(sketches, made, strict=True):
        if one.test is not None and not is_empty(sketch):
            for a in one.test.assignments:
                if isinstance(a, ArrayValue):
                    lengths.setdefault(a.name, set()).add(a.extents)
    grown = {name for name, extents in lengths.items() if len(extents) > 1}

    def denied(sketch: Sketch, one: CompletedSketch) -> bool:
        known = (
            find_cached_run(one.test, setting.compiled)
            if one.test is not None and is_empty(sketch)
            else None
        )
        touched = zip(setting.signature.parameters, known[1], strict=True) if known else ()
        gone = grown
        if none := find_none(sketch):
            gone = grown & frozenset().union(*(roles.emptied.get(name, grown) for name in none))
        return any(
            p.name in gone and (a.last_read is not None or a.last_write is not None)
            for p, a in touched
        )

    return [
        CompletedSketch(None, "it touches what its size denies") if denied(s, c) else c
        for s, c in zip(sketches, made, strict=True)
    ]


def _make_sketches(
    setting: TrialSetting, roles: ParameterRoles, draws: Sequence[tuple[str, Values]]
) -> list[Sketch]:
    """Draws with contents, each with the next profile."""
    sized = _takes_none(setting)
    sketches = []
    for i, (label, scalars) in enumerate(draws):
        if label == "zero" and not sized:
            continue
        profile = PROFILES[i % len(PROFILES)]
        if profile == "special" and has_unspecified_nan(setting.source):
            profile = "wide"
        fills = draw_contents(setting.signature, roles, profile, scalars, setting.seed + i)
        # Matrices that must be square (or of one shape for a product) fail on the wider ones, which
        # then do not count.
        sketches.append(
            Sketch(
                scalars,
                fills,
                f"{label}/{profile}",
                choose_assumed_extent(scalars, setting.signature, i),
                WIDER[i % len(WIDER)],
            )
        )
    return sketches


def _complete_sketches(
    setting: TrialSetting, roles: ParameterRoles, sketches: Sequence[Sketch]
) -> list[CompletedSketch]:
    """Their tests, where what they touch fits their sizes."""
    return _drop_empty_size_tests(
        setting,
        roles,
        sketches,
        complete_sketches(
            setting.backend,
            setting.compiled,
            sketches,
            _make_other_contents(setting, roles),
            setting.geometry_of,
            setting.largest,
        ),
    )


def _constant_tests(setting: TrialSetting, complaint: str) -> list[UnitTest]:
    """Two tests of a program whose extents are large constants; one where they are so large that
    its usual contents hold ties and extremes of every kind. Raises NoSuiteError.
    """
    base = find_base_run(setting, count=2)
    if base is None:
        raise NoSuiteError(complaint)
    other = replace(
        base.sketch,
        fills=draw_contents(
            setting.signature, ParameterRoles(), "ties", base.sketch.scalars, setting.seed + 1
        ),
    )
    extents = {name: m.extents if m.extents != (0,) else (1,) for name, m in base.arrays.items()}
    vast = max(map(math.prod, extents.values()), default=0) > VAST
    tests = [build_test(s, extents, setting.signature) for s in (base.sketch, other)]
    if vast:
        tests = tests[:1]
    made = []
    if is_run_as_probed(base, setting.geometry_of):  # such a run may take a second
        made.append(keep_probed_run(tests.pop(0), base, setting.compiled))
    made += confirm_tests(
        setting.backend, setting.compiled, tests, setting.geometry_of, setting.largest
    )
    return [c.test for c in made if c.test is not None]


WIDER = (0, 3, 0, -2)
"""By how much the second extent of assumed-shape matrices exceeds the first, in turn."""


def _make_other_contents(
    setting: TrialSetting, roles: ParameterRoles
) -> Callable[[Sketch], Sequence[Sketch]]:
    """Other contents of the same size: usual ones, such that no search finds what it looks for, and
    states that are all asked for.
    """
    matter = may_contents_matter(setting.source)
    states = find_state_arrays(setting.signature, setting.source) if roles.indices else {}
    by_turns = has_conditional_reads(setting.source) or bool(roles.gates)

    def usual_of(sketch: Sketch, stream: int) -> dict[str, Fill]:
        return draw_contents(
            setting.signature, roles, "default", sketch.scalars, setting.seed + stream
        )

    def others(sketch: Sketch) -> Sequence[Sketch]:
        far = [
            fill_without_match(sketch, kind, setting.signature, roles)
            for kind in (roles.searches or ("high",) if matter else ())
        ]
        if (
            sketch.label == TELLS
        ):  # where it returns at once it touches nothing, yet its arrays are there
            far.append(replace(sketch, scalars=dict(roles.base)))
        few = {name: TWICE for name in roles.counts if int(sketch.scalars[name]) < TWICE}  # type: ignore[arg-type]
        if few:  # where no step is done, or only one, all arrays are there as well
            far.append(replace(sketch, scalars=sketch.scalars | few))
        if not matter:
            return far
        if (
            not roles.indices and roles.base
        ):  # whatever arrays held, the program touched the same of them, or searched them
            return [
                *far,
                *(
                    replace(sketch, fills=usual_of(sketch, 1000 + k))
                    for k in range(OTHER_TURNS if by_turns else 0)
                ),
            ]
        return [
            replace(sketch, fills=usual_of(sketch, 1000)),
            *far,
            *fill_with_states(sketch, states),
        ]

    return others


def _make_search_tests(setting: TrialSetting, roles: ParameterRoles) -> list[CompletedSketch]:
    """Where contents decide how far the program goes: searches that end late, and such as never
    end.
    """
    signature, seed = setting.signature, setting.seed
    draws = [
        dict(draw_sizes(signature, roles, seed, 3))["warp"],
        draw_reduced_sizes(signature, roles, seed)[-1][1],
    ]
    kinds = [kind for kind in roles.searches[:2] for _ in draws]
    sketches = []
    for turn, (kind, scalars) in enumerate(zip(kinds, draws * 2, strict=False)):
        own = Sketch(
            scalars,
            draw_contents(signature, roles, "default", scalars, seed + turn),
            f"warp/{kind}",
            choose_assumed_extent(scalars, signature, turn),
        )
        sketches.append(fill_without_match(own, kind, signature, roles))
    made = [
        (c, kind)
        for c, kind in zip(_complete_sketches(setting, roles, sketches), kinds, strict=True)
        if c.test is not None
    ]
    late = [make_late_match_tests(c.test, kind, signature, roles) for c, kind in made]  # type: ignore[arg-type]
    begun = [TURNS[i % len(TURNS)] % max(len(tests), 1) for i, tests in enumerate(late)]
    turned = [[*tests[k:], *tests[:k]] for k, tests in zip(begun, late, strict=True)]
    tests = [
        test for row in itertools.zip_longest(*turned) for test in row if test is not None
    ]  # of each in turn
    ended = confirm_tests(
        setting.backend, setting.compiled, tests[:MOST_LATE], setting.geometry_of, setting.largest
    )
    return [*ended, *(c for c, _ in made[:MOST_WHOLE])]


def _make_big_test(setting: TrialSetting, roles: ParameterRoles) -> list[UnitTest]:
    """One test with at least 2^20 elements in some array, or none."""
    most = 1 << 23
    names = sorted(
        roles.sizes, key=lambda n: [p.name for p in setting.signature.parameters].index(n)
    )
    sketches = []
    for used in range(1, len(names) + 1):
        side = int(2 ** (20 / used)) + 3
        scalars = {**roles.base, **dict.fromkeys(names[:used], side)}
        sketches.append(
            Sketch(
                scalars,
                draw_contents(setting.signature, roles, "default", scalars, setting.seed),
                "big",
            )
        )
    made = (
        complete_sketches(
            setting.backend, setting.compiled, sketches, lambda s: (), setting.geometry_of, most
        )
        if sketches
        else []
    )
    return [c.test for c in made if c.test is not None and count_elements(c.test) >= 1 << 20][:1]


def count_elements(test: UnitTest) -> int:
    """Return the number of elements of all arrays of a test together."""
    return sum(math.prod(a.extents) for a in test.assignments if isinstance(a, ArrayValue))
