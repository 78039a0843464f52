"""OpenMP target regions on memory of their own: mapping errors are found without a device, right
programs pass, what cannot be judged is refused.
"""

import shutil

import offload_maps as maps
import pytest

from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora import builtin
from corpora.dialects import guess_dialect
from corpora.records import Outcome, Program
from gpu_runtime.openmp.offload import explain_refusal, expose_target_scalars, find_device_compilers
from gpu_runtime.wall.check import check_program
from translator.judge import judge

SERIAL = (
    "void work(int n, float a, const float *x, float *y) { for (int i = 0; i < n; i++) "
    "y[i] = a * x[i] + y[i]; }"
)
SUM = (
    "float work(int n, const float *x) { float s = 0; for (int i = 0; i < n; i++) s += "
    "x[i]; return s; }"
)
SUITE = "\n".join(
    f"n:i32={n} a:f32={a} x:f32[n]=uniform(-1,1)@{n} y:f32[n]=uniform(-1,1)@{n + 1}"
    for n, a in ((1, 2), (37, -1.5), (200, 0.5))
)
SUM_SUITE = "\n".join(f"n:i32={n} x:f32[n]=uniform(0,1)@{n}" for n in (1, 37, 200))
LOOP = "for (int i = 0; i < n; i++) y[i] = a * x[i] + y[i];"
TEAMS = "#pragma omp target teams distribute parallel for"
MAPS = "map(to: x[0:n]) map(tofrom: y[0:n])"

RIGHT = {
    "combined": f"{TEAMS} {MAPS}\n{LOOP}",
    "one_thread_at_a_time": f"#pragma omp target {MAPS}\n{{\n#pragma omp parallel for\n{LOOP}\n}}",
    "teams_then_distribute": f"#pragma omp target {MAPS}\n#pragma omp teams\n#pragma omp "
    f"distribute parallel for\n{LOOP}",
    "a_number_of_teams": f"{TEAMS} num_teams(5) thread_limit(4) {MAPS}\n{LOOP}",
    "by_team_number": f"#pragma omp target teams {MAPS}\nfor (int i = omp_get_team_num(); i < "
    f"n; i += omp_get_num_teams()) y[i] = a * x[i] + y[i];",
    "data_region": f"#pragma omp target data {MAPS}\n{{\n{TEAMS}\n{LOOP}\n}}",
    "present_is_not_copied_again": f"#pragma omp target data {MAPS}\n{{\n{TEAMS} map(to: "
    f"x[0:n], y[0:n])\n{LOOP}\n}}",
    "enter_and_exit": f"#pragma omp target enter data map(to: x[0:n], y[0:n])\n{TEAMS}\n{LOOP}\n"
    f"#pragma omp target exit data map(from: y[0:n]) map(delete: x[0:n])",
    "updated": f"#pragma omp target data map(to: x[0:n]) map(alloc: y[0:n])\n{{\n#pragma omp "
    f"target update to(y[0:n])\n{TEAMS}\n{LOOP}\n#pragma omp target update "
    f"from(y[0:n])\n}}",
    "always": f"#pragma omp target data map(to: x[0:n], y[0:n])\n{{\n{TEAMS} map(always, from: "
    f"y[0:n])\n{LOOP}\n}}",
    "in_halves": "int h = n / 2;\n#pragma omp target map(to: x[0:h]) map(tofrom: y[0:h])\nfor "
    "(int i = 0; i < h; i++) y[i] = a * x[i] + y[i];\n"
    "#pragma omp target map(to: x[h:n-h]) map(tofrom: y[h:n-h])\nfor (int i = h; i < n; "
    "i++) y[i] = a * x[i] + y[i];",
    "scratch_on_the_stack": f"float t[256];\n#pragma omp target data {MAPS} map(alloc: t)\n{{\n"
    f"{TEAMS}\nfor (int i = 0; i < n; i++) t[i] = a * x[i];\n"
    f"{TEAMS}\nfor (int i = 0; i < n; i++) y[i] = t[i] + y[i];\n}}",
    "scratch_on_the_heap": f"float *t = (float *)malloc(4 * n);\n#pragma omp target data {MAPS} "
    f"map(alloc: t[0:n])\n{{\n{TEAMS}\n"
    f"for (int i = 0; i < n; i++) t[i] = a * x[i];\n{TEAMS}\nfor (int i = 0; i < n; i++) "
    f"y[i] = t[i] + y[i];\n}}\nfree(t);",
    "a_table_of_constants": "const float w[3] = {1, 0.5, 0.25};\n"
    + f"{TEAMS} {MAPS}\nfor (int i = 0; i < n; i++) y[i] = a * x[i] + y[i] * w[i - i];",
    "one_array_by_two_names": f"const float *z = y;\n{TEAMS} map(to: x[0:n], z[0:n]) "
    f"map(tofrom: y[0:n])\nfor (int i = 0; i < n; i++) y[i] = a * "
    f"x[i] + z[i];",
    "lanes": f"#pragma omp target simd simdlen(8) aligned(x: 4) {MAPS}\n{LOOP}",
    "lanes_with_a_distance": f"#pragma omp target teams distribute simd safelen(2) {MAPS}\n{LOOP}",
    "league_of_single_threads": f"#pragma omp target teams distribute {MAPS}\n{LOOP}",
    "loop_construct": f"#pragma omp target teams loop {MAPS}\n{LOOP}",
    "a_scalar_comes_back": f"int done = 0;\n#pragma omp target {MAPS} map(from: done)\n{{ "
    f"{LOOP} done = n; }}\nfor (int i = done; i < n; i++) y[i] = 0;",
}
WRONG = {
    "output_only_to": (f"{TEAMS} map(to: x[0:n], y[0:n])\n{LOOP}", Outcome.MISMATCH),
    "input_only_from": (f"{TEAMS} map(to: x[0:n]) map(from: y[0:n])\n{LOOP}", Outcome.MISMATCH),
    "input_only_allocated": (
        f"{TEAMS} map(alloc: x[0:n]) map(tofrom: y[0:n])\n{LOOP}",
        Outcome.MISMATCH,
    ),
    "input_not_mapped": (f"{TEAMS} map(tofrom: y[0:n])\n{LOOP}", Outcome.MEMORY_ERROR),
    "one_element_short": (
        f"{TEAMS} map(to: x[0:n-1]) map(tofrom: y[0:n])\n{LOOP}",
        Outcome.MEMORY_ERROR,
    ),
    "output_one_element_short": (
        f"{TEAMS} map(to: x[0:n]) map(tofrom: y[0:n-1])\n{LOOP}",
        Outcome.MEMORY_ERROR,
    ),
    "begins_one_too_late": (
        f"{TEAMS} map(to: x[1:n-1]) map(tofrom: y[0:n])\n{LOOP}",
        Outcome.MEMORY_ERROR,
    ),
    "more_than_the_array_has": (
        f"{TEAMS} map(to: x[0:n+1]) map(tofrom: y[0:n])\n{LOOP}",
        Outcome.MEMORY_ERROR,
    ),
    "from_inside_to_outside": (
        f"#pragma omp target data map(to: x[0:n], y[0:n])\n{{\n{TEAMS} map(tofrom: y[0:n])\n"
        f"{LOOP}\n}}",
        Outcome.MISMATCH,
    ),
    "never_updated": (
        f"#pragma omp target enter data map(to: x[0:n], y[0:n])\n{TEAMS}\n{LOOP}\n#pragma omp "
        f"target exit data map(release: x[0:n], y[0:n])",
        Outcome.MISMATCH,
    ),
    "scratch_shared_by_a_team": (
        f"#pragma omp target teams distribute {MAPS}\nfor (int b = 0; b < n; b += 8) {{\nfloat "
        f"t = 0;\n#pragma omp parallel for\n"
        "for (int i = b; i < (b + 8 < n ? b + 8 : n); i++) { t = a * x[i]; y[i] = t + y[i]; }\n}",
        Outcome.RACE,
    ),
    "scalar_shared_by_the_teams": (
        f"float t;\n#pragma omp target teams distribute {MAPS}\nfor (int i = 0; i < n; i++) {{ "
        f"t = a * x[i]; y[i] = t + y[i]; }}",
        Outcome.RACE,
    ),
    "lanes_need_each_other": (
        f"#pragma omp target simd {MAPS}\nfor (int i = 0; i < n; i++) y[i] = a * x[i] + y[i] + "
        f"(i ? 0 * y[i - 1] : 0);",
        Outcome.RACE,
    ),
    "lanes_of_teams_need_each_other": (
        f"#pragma omp target teams distribute \\\n  simd simdlen(4) {MAPS}\n"
        "for (int i = 0; i < n; i++) y[i] = a * x[i] + y[i] + (i ? 0 * y[i - 1] : 0);",
        Outcome.RACE,
    ),
    "host_reads_too_early": (
        f"float before = y[0];\n#pragma omp target data {MAPS}\n{{\n{TEAMS}\n{LOOP}\nif (y[0] "
        f"== before && a * x[0] != 0) n = 0;\n"
        "#pragma omp target\nfor (int i = 0; i < 1; i++) if (n == 0) y[0] = 0;\n}",
        Outcome.MISMATCH,
    ),
    "left_on_the_device": (
        f"#pragma omp target enter data map(to: x[0:n], y[0:n])\n{TEAMS}\n{LOOP}\n#pragma omp "
        f"target update from(y[0:n])",
        Outcome.RUNTIME_ERROR,
    ),
    "half_mapped_then_whole": (
        f"#pragma omp target data map(to: x[0:n/2+1])\n{{\n{TEAMS} {MAPS}\n{LOOP}\n}}",
        Outcome.MEMORY_ERROR,
    ),
    "scratch_not_mapped": (
        f"float *t = (float *)malloc(4 * n); for (int i = 0; i < n; i++) t[i] = a * x[i];\n"
        f"{TEAMS} map(tofrom: y[0:n])\nfor (int i = 0; i < n; i++) y[i] = t[i] + y[i];\nfree(t);",
        Outcome.MEMORY_ERROR,
    ),
    "scalar_does_not_come_back": (
        f"int done = 0;\n#pragma omp target {MAPS}\n{{ {LOOP} done = n; }}\nfor (int i = done; "
        f"i < n; i++) y[i] = 0;",
        Outcome.MISMATCH,
    ),
    "reads_before_what_is_mapped": (
        f"#pragma omp target {MAPS}\nfor (int i = 0; i < n; i++) y[i] = a * x[i] + (i ? y[i] : "
        f"y[i] + 0 * y[i - 1]);",
        Outcome.MEMORY_ERROR,
    ),
    "league_does_it_all_each": (
        f"#pragma omp target teams num_teams(3) {MAPS}\n{LOOP}",
        Outcome.MISMATCH,
    ),
    "race_between_threads": (
        f"float t;\n{TEAMS} {MAPS} shared(t)\nfor (int i = 0; i < n; i++) {{ t = a * x[i]; "
        f"y[i] = t + y[i]; }}",
        Outcome.RACE,
    ),
}
SUMS = {
    "reduction": (
        f"float s = 0;\n{TEAMS} reduction(+:s) map(to: x[0:n]) map(tofrom: s)\nfor (int i = 0; "
        f"i < n; i++) s += x[i];\nreturn s;",
        Outcome.EQUIVALENT,
    ),
    "reduction_stays_there": (
        "float s = 0;\n#pragma omp target map(to: x[0:n])\nfor (int i = 0; i < n; i++) s += "
        "x[i];\nreturn s;",
        Outcome.MISMATCH,
    ),
    "race_between_teams": (
        "float s = 0;\n#pragma omp target teams distribute map(to: x[0:n]) map(tofrom: s)\nfor "
        "(int i = 0; i < n; i++) s += x[i];\nreturn s;",
        Outcome.RACE,
    ),
    "atomic": (
        f"float s = 0;\n{TEAMS} map(to: x[0:n]) map(tofrom: s)\nfor (int i = 0; i < n; i++) "
        f"{{\n#pragma omp atomic\ns += x[i]; }}\nreturn s;",
        Outcome.EQUIVALENT,
    ),
}
UNJUDGED = {
    "host_pointer_by_value": f"{TEAMS} firstprivate(x) map(tofrom: y[0:n])\n{LOOP}",
    "host_pointer_as_a_number": f"long at = (long)x;\n{TEAMS} map(tofrom: y[0:n])\nfor (int i = "
    f"0; i < n; i++) y[i] = a * ((const float *)at)[i] + y[i];",
    "host_pointer_in_a_struct": f"struct {{ const float *p; }} s; s.p = x;\n{TEAMS} map(tofrom: "
    f"y[0:n])\nfor (int i = 0; i < n; i++) y[i] = a * s.p[i] + y[i];",
    "is_device_ptr": f"{TEAMS} is_device_ptr(x) map(tofrom: y[0:n])\n{LOOP}",
    "nowait": f"{TEAMS} nowait {MAPS}\n{LOOP}\n#pragma omp taskwait",
    "asks_where_it_runs": f"if (omp_is_initial_device()) n = n;\n{TEAMS} {MAPS}\n{LOOP}",
    "another_device": f"{TEAMS} device(n > 1) {MAPS}\n{LOOP}",
    "on_the_host_if_small": f"{TEAMS} if(n > 100) {MAPS}\n{LOOP}",
    "inside_a_team": f"#pragma omp parallel num_threads(2)\n#pragma omp master\n{{\n{TEAMS} "
    f"{MAPS}\n{LOOP}\n}}",
    "rows_of_pointers": "const float *rows[1] = {x};\n"
    + f"{TEAMS} map(to: rows) map(tofrom: y[0:n])\nfor (int i = 0; i < n; i++) y[i] = a * "
    f"rows[0][i] + y[i];",
    "no_target_region": f"#pragma omp parallel for\n{LOOP}",
    "only_in_a_comment": f"// #pragma omp target\n#pragma omp parallel for\n{LOOP}",
}


def program(
    body: str, head: str = "void work(int n, float a, const float *x, float *y)"
) -> Program:
    return Program("openmp-target", "work", f"{head} {{\n{body}\n}}")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """All of them, compiled together, which is most of the time."""
    engine = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path_factory.mktemp("cache"))
    bodies = RIGHT | {n: b for n, (b, _) in WRONG.items()} | UNJUDGED
    pairs = {
        name: Pair(Program("cpp", "work", SERIAL), program(body), SUITE)
        for name, body in bodies.items()
    }
    pairs |= {
        name: Pair(
            Program("cpp", "work", SUM),
            program(body, "float work(int n, const float *x)"),
            SUM_SUITE,
        )
        for name, (body, _) in SUMS.items()
    }
    engine.prepare(list(pairs.values()))
    yield {name: engine.verify(pair) for name, pair in pairs.items()}
    engine.close()


@pytest.mark.parametrize("name", RIGHT)
def test_right_maps_are_accepted_and_the_verdict_says_that_no_device_ran_them(verdicts, name):
    verdict = verdicts[name]
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.detail
    assert verdict.backend.startswith("offload-host") and not verdict.backend.startswith("cuda")


@pytest.mark.parametrize("name", [*WRONG, *SUMS])
def test_wrong_maps_are_found_although_the_memory_is_really_shared(verdicts, name):
    expected = (WRONG | SUMS)[name][1]
    assert verdicts[name].outcome is expected, (verdicts[name].outcome, verdicts[name].detail)


STENCIL = (
    "void work(int n, int m, const double *a, double *b) { for (int i = 1; i < n - 1; "
    "i++) for (int j = 1; j < m - 1; j++) b[i * m + j] = a[i * m + j - 1] + a[i * m + j + "
    "1]; }"
)
INNER = (
    "for (int i = 1; i < n - 1; i++) for (int j = 1; j < m - 1; j++) b[i * m + j] = a[i * "
    "m + j - 1] + a[i * m + j + 1];"
)
UNTOUCHED = {
    "whole_arrays": (
        f"{TEAMS} map(to: a[0:n*m]) map(tofrom: b[0:n*m])\n{INNER}",
        Outcome.EQUIVALENT,
    ),
    "whole_arrays_kept": (
        f"#pragma omp target data map(to: a[0:n*m]) map(tofrom: b[0:n*m])\n{{\n{TEAMS}\n"
        f"{INNER}\n#pragma omp target update from(b[0:n*m])\n}}",
        Outcome.EQUIVALENT,
    ),
    "more_than_there_is": (
        f"{TEAMS} map(to: a[0:n*m+5]) map(tofrom: b[0:n*m])\n{INNER}",
        Outcome.MEMORY_ERROR,
    ),
    "the_rim_is_written": (
        f"{TEAMS} map(to: a[0:n*m]) map(tofrom: b[0:n*m])\nfor (int i = 1; i < n; i++) for "
        f"(int j = 1; j < m; j++) b[i * m + j] = i < n - 1 && j < m - 1 ? a[i * m + j - 1] + "
        f"a[i * m + j + 1] : b[i * m + j] * 0;",
        Outcome.MEMORY_ERROR,
    ),
}
"""The source touches neither the first nor the last row: the arrays of a test end where it does."""


def test_maps_may_hold_what_the_source_never_touches(tmp_path):
    suite = "\n".join(
        f"n:i32={n} m:i32={m} a:f64[{(n - 1) * m}]=uniform(-1,1)@{n} "
        f"b:f64[{(n - 1) * m - 1}]=uniform(-1,1)@{m}"
        for n, m in ((3, 4), (9, 7), (5, 700))
    )
    engine = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path)
    head = "void work(int n, int m, const double *a, double *b)"
    found = {
        name: engine.verify(Pair(Program("cpp", "work", STENCIL), program(body, head), suite))
        for name, (body, _) in UNTOUCHED.items()
    }
    engine.close()
    assert {name: v.outcome for name, v in found.items()} == {
        name: outcome for name, (_, outcome) in UNTOUCHED.items()
    }, found


@pytest.mark.parametrize("name", UNJUDGED)
def test_what_cannot_be_judged_without_a_device_is_refused(verdicts, name):
    assert verdicts[name].outcome is Outcome.REFUSED, (
        verdicts[name].outcome,
        verdicts[name].detail,
    )
    assert verdicts[name].equivalent is None


def test_work_that_stays_on_the_host_is_called_serial(tmp_path):
    """A region for form's sake, all work in a team on the host: equivalent, and said to be no
    parallel work of a device.
    """
    engine = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path)
    idle = program(f"#pragma omp target\n{{ }}\n#pragma omp parallel for\n{LOOP}")
    alone = program(f"#pragma omp target {MAPS}\n{LOOP}")
    parallel = (program(RIGHT["combined"]), program(RIGHT["league_of_single_threads"]))
    found = [
        engine.verify(Pair(Program("cpp", "work", SERIAL), p, SUITE))
        for p in (idle, alone, *parallel)
    ]
    assert [(v.outcome, v.serial) for v in found] == [
        (Outcome.EQUIVALENT, serial) for serial in (True, True, False, False)
    ]
    engine.close()


def test_target_regions_are_judged_in_this_dialect_only(tmp_path):
    """As plain OpenMP they would run on the host's memory, where no map is wrong: there they are
    turned away.
    """
    engine = Engine("emulated", VerifyConfig(mutants=0), cache=tmp_path)
    target = Program("openmp", "work", program(WRONG["output_only_to"][0]).text)
    assert (
        engine.verify(Pair(Program("cpp", "work", SERIAL), target, SUITE)).outcome
        is Outcome.REFUSED
    )
    engine.close()


def test_a_source_with_target_regions_is_a_measure_for_serial_targets(tmp_path):
    engine = Engine("emulated", VerifyConfig(mutants=8), cache=tmp_path)
    source = program(RIGHT["data_region"])
    wrong = SERIAL.replace("+ y[i]", "- y[i]")
    assert engine.verify(Pair(source, Program("cpp", "work", SERIAL))).outcome is Outcome.EQUIVALENT
    assert engine.verify(Pair(source, Program("cpp", "work", wrong))).outcome is Outcome.MISMATCH
    bad = engine.verify(
        Pair(program(WRONG["input_not_mapped"][0]), Program("cpp", "work", SERIAL), SUITE)
    )
    assert bad.outcome is Outcome.INVALID_SUITE and bad.equivalent is None, bad
    engine.close()


def test_directives_that_nothing_here_can_judge_are_named():
    assert "requires" in explain_refusal(
        "#pragma omp requires unified_shared_memory\nvoid f(int *a) {\n#pragma omp target\n"
        "a[0] = 1; }"
    )
    assert "use_device_ptr" in explain_refusal(
        "void f(int *a) {\n#pragma omp target data \\\n use_device_ptr(a)\n{\n  #pragma omp "
        "target\n a[0] = 1; } }"
    )
    assert (
        explain_refusal(
            "void f(int *a) {\n    #pragma omp target map(from: a[0:1])\n    a[0] = 1; }"
        )
        is None
    )
    assert (
        check_program(program(RIGHT["combined"])) is None
        and check_program(Program("openmp", "f", "void f(int *a) { a[0] = 1; }")) is None
    )


def test_every_wrong_map_of_a_kernel_is_rejected(tmp_path):
    """A sample of benchmarks/offload_maps.py: directions, extents, dropped clauses, dropped
    updates.
    """
    engine = Engine("emulated", VerifyConfig(mutants=0, tests=5), cache=tmp_path)
    for name, least in (("axpy", 8), ("lu_nopivot", 5), ("floyd_warshall", 5)):
        source, target = next(
            pair for pair in builtin.pairs("cpp:openmp-target") if pair[0].name == name
        )
        mutants = maps.wrong_maps(target)
        expectations = engine.expectations(source).expectations
        found = judge(
            expectations, [target, *(p for _, p in mutants)], engine.backend, engine.config.judge
        )
        assert found[0].equivalent and len(mutants) >= least
        assert [
            what
            for (what, _), v in zip(mutants, found[1:], strict=True)
            if v.equivalent is not False
        ] == []
    engine.close()


def test_the_race_detector_is_told_of_scalars_and_lanes():
    told = expose_target_scalars(
        "#pragma omp target teams distribute simd aligned(x: 4) map(to: x[0:n])\n  #pragma omp "
        "target update to(x)\n#pragma omp target \\\n map(to: x) // why\n"
    )
    assert told == (
        "#pragma omp target teams distribute parallel for map(to: x[0:n]) defaultmap(tofrom: "
        "scalar)\n  #pragma omp target update to(x)\n"
        "#pragma omp target \\\n map(to: x) defaultmap(tofrom: scalar)\n"
    )
    assert expose_target_scalars(
        "#pragma omp target defaultmap(none)\n#pragma omp target simd safelen(4)"
    ) == (
        "#pragma omp target defaultmap(none)\n#pragma omp target simd safelen(4) "
        "defaultmap(tofrom: scalar)"
    )


def test_the_row_is_known_by_its_suffix():
    assert (
        guess_dialect("axpy.target.cpp").name == "openmp-target"
        and guess_dialect("axpy.omp.cpp").name == "openmp"
    )


def test_what_compilers_could_do_for_a_device_is_said_with_the_line_that_mends_it():
    found = {c.name: c for c in find_device_compilers()}
    assert set(found) == {"g++", "clang++"}
    for one in found.values():
        assert one.builds or one.hint
    if shutil.which("g++"):
        assert found["g++"].detail != "not installed"


def test_a_compiler_that_crashes_on_its_trial_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    find_device_compilers()
    assert not list(tmp_path.iterdir())
