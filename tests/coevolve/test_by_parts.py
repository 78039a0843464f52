"""Functions of several dependent loop nests, ported nest by nest by the model that comes with the
project, and judged whole; by hand and in a round.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from coevolve.cli import main as cli
from coevolve.config.schema import parse
from coevolve.loop import stages
from coevolve.loop.join_stage import AUTHOR
from coevolve.loop.run_corpus import RunCorpus
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.services import PROMPT_STYLES, make_tester, make_translator, make_verifier
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from coevolve.named_models import resolve_model
from coevolve.port.by_parts import PortAssembly, port_by_parts
from coevolve.verification.engine import Engine, Pair, VerifyConfig
from corpora.dialects import parse_direction
from corpora.records import Candidate, Outcome, Program, Triplet
from corpora.store import read_jsonl
from gpu_runtime.compile.toolchain import find_toolchain
from gpu_runtime.models.protocol import Sampling
from translator.prompting.translate import Translator

needs_fortran = pytest.mark.skipif(
    find_toolchain().gfortran is None, reason="gfortran is not installed"
)

HEAT = """subroutine heat(n, steps, r, u, v)
  implicit none
  integer, intent(in) :: n, steps
  real(8), intent(in) :: r
  real(8), intent(inout) :: u(n), v(n)
  integer :: i, t
  do t = 1, steps
    do i = 2, n - 1
      v(i) = u(i) + r * (u(i - 1) - 2 * u(i) + u(i + 1))
    end do
    do i = 2, n - 1
      u(i) = v(i)
    end do
  end do
end subroutine heat
"""
CHAIN = """subroutine chain(n, x)
  implicit none
  integer, intent(in) :: n
  real(8), intent(inout) :: x(n)
  integer :: i
  do i = 2, n
    x(i) = x(i) + 0.5d0 * x(i - 1)
  end do
end subroutine chain
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine(
        "emulated", VerifyConfig(mutants=0, tests=8), cache=tmp_path_factory.mktemp("cache")
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def translator():
    model = resolve_model("small", "translator", "fortran:cuda")
    return Translator(model.open(), PROMPT_STYLES[model.kind], spell=True)


@needs_fortran
@pytest.mark.parametrize(
    "way", ["fortran:cuda", pytest.param("fortran:openmp", marks=pytest.mark.slow)]
)
def test_time_steps_stay_and_sweeps_are_parallel(way, engine, translator):
    program = Program("fortran", "heat", HEAT)
    made = port_by_parts(program, parse_direction(way), translator, engine, Sampling(1, 0.0))
    verdict = engine.verify(Pair(program, made))
    assert (verdict.outcome, verdict.serial) == (Outcome.EQUIVALENT, False)
    if way == "fortran:cuda":
        assert (
            made.text.count("__global__") == made.text.count("<<<") == 2
            and "for (int t = 0; t < steps; t++) {" in made.text
        )
    else:
        assert made.text.count("#pragma omp parallel for") == 2


@needs_fortran
@pytest.mark.parametrize("way", ["fortran:cuda", "fortran:openmp"])
def test_a_recurrence_has_no_parallel_parts(way, engine, translator):
    assert (
        port_by_parts(
            Program("fortran", "chain", CHAIN),
            parse_direction(way),
            translator,
            engine,
            Sampling(1, 0.0),
        )
        is None
    )


def test_other_directions_are_not_cut(engine, translator):
    assert (
        port_by_parts(
            Program("cuda", "f", "__global__ void f(float *x) { x[0] = 1; }"),
            parse_direction("cuda:cpp"),
            translator,
            engine,
            Sampling(1, 0.0),
        )
        is None
    )
    with pytest.raises(ValueError, match="fortran:openmp-fortran"):
        PortAssembly(
            Program("fortran", "heat", HEAT), parse_direction("fortran:openmp-fortran"), None
        )


HEAT_CPP = """void heat(int n, int m, int steps, double r, double *u, double *v) {
    int t, i, j;
    if (n < 3) return;
    for (t = 0; t < steps; t++) {
        for (i = 1; i < n - 1; i++)
            for (j = 1; j < m - 1; j++)
                v[i*m+j] = u[i*m+j] + r * (u[(i-1)*m+j] + u[(i+1)*m+j] - 2 * u[i*m+j]);
        for (i = 1; i < n - 1; i++)
            for (j = 1; j < m - 1; j++)
                u[i*m+j] = v[i*m+j];
    }
}
"""
NORM_CPP = """double normalise(int n, double *x) {
    double s = 0, t;
    int i;
    for (i = 0; i < n; i++) s += x[i] * x[i];
    for (i = 0; i < n; i++) { t = x[i] / (1 + s); x[i] = t; }
    return s;
}
"""
CHOLESKY_CPP = """void cholesky(int n, double *p, double *A) {
    int i, j, k;
    double x;
    for (i = 0; i < n; ++i) {
        x = A[i * n + i];
        for (j = 0; j <= i - 1; ++j) x = x - A[i * n + j] * A[i * n + j];
        p[i] = 1.0 / sqrt(x);
        for (j = i + 1; j < n; ++j) {
            x = A[i * n + j];
            for (k = 0; k <= i - 1; ++k) x = x - A[j * n + k] * A[i * n + k];
            A[j * n + i] = x * p[i];
        }
    }
}
"""
LOOKUP_CPP = """void lookup(int n, const int *at, const float *table, float *out, float *twice) {
    for (int i = 0; i < n; i++) out[i] = table[at[i]];
    for (int i = 0; i < n; i++) twice[i] = 2 * out[i];
}
"""


@pytest.mark.parametrize(
    "way, name, text",
    [
        ("cpp:cuda", "normalise", NORM_CPP),
        pytest.param("cpp:cuda", "cholesky", CHOLESKY_CPP, marks=pytest.mark.slow),
        *(
            pytest.param(way, "heat", HEAT_CPP, marks=pytest.mark.slow)
            for way in ("cpp:cuda", "cpp:openmp")
        ),
    ],
)
def test_cpp_is_cut_too(way, name, text, engine, translator):
    program = Program("cpp", name, text)
    made = port_by_parts(program, parse_direction(way), translator, engine, Sampling(1, 0.0))
    verdict = engine.verify(Pair(program, made))
    assert (verdict.outcome, verdict.serial) == (Outcome.EQUIVALENT, False), made.text
    assert ("<<<" in made.text) if way == "cpp:cuda" else ("#pragma omp parallel for" in made.text)


def test_host_code_copies_nothing_whose_length_contents_decide(engine, translator):
    assert (
        port_by_parts(
            Program("cpp", "lookup", LOOKUP_CPP),
            parse_direction("cpp:cuda"),
            translator,
            engine,
            Sampling(1, 0.0),
        )
        is None
    )
    made = port_by_parts(
        Program("cpp", "lookup", LOOKUP_CPP),
        parse_direction("cpp:openmp"),
        translator,
        engine,
        Sampling(1, 0.0),
    )
    assert made.text.count("#pragma omp parallel for") == 2


class Silent:
    """A Translator without an answer to anything."""

    def propose(self, programs, way, sampling):
        return [Candidate(p.id, str(way), "nothing") for p in programs]


STRETCH_CPP = """float stretch(int n, float *x) {
    float low = 1e30f, high = -1e30f;
    for (int i = 0; i < n; i++) {
        if (x[i] < low) low = x[i];
        if (x[i] > high) high = x[i];
    }
    if (high <= low) return 0;
    for (int i = 0; i < n; i++) x[i] = (x[i] - low) / (high - low);
    return high - low;
}
"""
BINS_CPP = """void bins(int n, const int *key, const double *w, double *sums) {
    for (int i = 0; i < n; i++) {
        if (key[i] < 0) continue;
        sums[key[i]] += w[i];
    }
}
"""
LARGEST_CPP = """double largest(int n, const double *x) {
    double most = -1e300;
    for (int i = 0; i < n; i++) if (x[i] > most) most = x[i];
    return most;
}
"""
STENCIL_CPP = """void stencil(int n, int m, double *u, double *v) {
    for (int i = 1; i + 1 < n; i++)
        for (int j = 1; j + 1 < m; j++)
            v[i * m + j] = 0.25 * (u[(i - 1) * m + j] + u[(i + 1) * m + j] + u[i * m + j - 1] + \
u[i * m + j + 1]);
}
"""


DISTANCE_CPP = """double distance(int rows, int cols, const float *a, int lda, const float *b, \
int ldb) {
    double sum = 0;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            double d = (double)a[r * lda + c] - b[r * ldb + c];
            sum += d * d;
        }
    return sqrt(sum);
}
"""


LIFT_CPP = """#define FOR(i, n) for (int i = 0; i < (n); ++i)
static const float HALF = 0.5f;
static float square(float v) { return v * v; }
void lift(int n, const float *u, float *x) { FOR(i, n) x[i] += HALF * square(u[i]); }
"""


COURANT_CPP = """double courant(int n, const double *ss, const double *vdov, const double *area) {
    double dt = 1.0e+20;
    for (int i = 0; i < n; ++i) {
        double each = area[i] / sqrt(ss[i] * ss[i] + 1.0);
        if (vdov[i] != 0. && each < dt) dt = each;
    }
    return dt;
}
"""
PRODUCT_CPP = (
    "void product(int n, const double *x, const double *y, double &sum) { for (int i "
    "= 0; i < n; i++) sum += x[i] * y[i]; }"
)
RESCALED_CPP = (
    "void rescaled(int n, float &a, float *x) { a = 2 * a; for (int i = 0; i < n; i++) x[i] *= a; }"
)
"""A kernel could not give its caller what is taken by reference: these have host code."""
SOONEST_CPP = (
    "double soonest(int n, const double *x) { double dt = 1000; for (int i = 0; i < "
    "n; i++) dt = fmin(dt, 0.5 * x[i]); return dt; }"
)
CORNERS_CPP = """static double across(const double x[4], const double w[4]) { \
return (x[3] - x[0]) * (w[2] - w[1]); }
void corners(int n, const int *nodes, const double *x, double *out) {
    for (int k = 0; k < n; ++k) {
        double own[4];
        for (int j = 0; j < 4; ++j) own[j] = x[nodes[4 * k + j]];
        out[k] = across(own, own);
    }
}
"""
"""What is gathered from a mesh lies in a small array of each thread; how long x is only
data say.
"""


@pytest.mark.parametrize(
    "way, name, text, told",
    [
        ("cpp:cuda", "courant", COURANT_CPP, "keep_min_double(&dt[0], each);"),
        ("cpp:openmp", "courant", COURANT_CPP, "reduction(min:dt)"),
        (
            "cpp:cuda",
            "product",
            PRODUCT_CPP,
            "cudaMemcpy(&sum, d_sum, sizeof(double), cudaMemcpyDeviceToHost);",
        ),
        ("cpp:openmp", "product", PRODUCT_CPP, "reduction(+:sum)"),
        (
            "cpp:cuda",
            "rescaled",
            RESCALED_CPP,
            "void rescaled(int n, float &a, float *x) {\n    float *d_x;",
        ),
        ("cpp:cuda", "soonest", SOONEST_CPP, "keep_fmin_double(&dt[0], 0.5 * x[i]);"),
        ("cpp:cuda", "corners", CORNERS_CPP, "__global__ void corners("),
        ("cpp:cuda", "distance", DISTANCE_CPP, "(lda * rows + cols - lda) * sizeof(float)"),
        ("cpp:cuda", "stretch", STRETCH_CPP, "keep_max_float(&high[0], x[i]);"),
        ("cpp:cuda", "bins", BINS_CPP, "atomicAdd(&sums[key[i]], w[i]);"),
        ("cpp:openmp", "bins", BINS_CPP, "#pragma omp atomic"),
        ("cpp:openmp", "largest", LARGEST_CPP, "reduction(max:most)"),
        ("cpp:cuda", "largest", LARGEST_CPP, "keep_max_double(&most[0], x[i]);"),
        ("cpp:cuda", "stencil", STENCIL_CPP, "if (i + 1 < n) {"),
        ("cpp:openmp", "stencil", STENCIL_CPP, "for (int i = 1; i < n - 1; i++) {"),
        ("cpp:cuda", "lift", LIFT_CPP, "u[i] * u[i]"),
    ],
)
def test_rules_spread_nests_that_the_model_cannot_port(way, name, text, told, engine):
    program = Program("cpp", name, text)
    made = port_by_parts(program, parse_direction(way), Silent(), engine, Sampling(1, 0.0))
    verdict = engine.verify(Pair(program, made))
    assert (verdict.outcome, verdict.serial) == (Outcome.EQUIVALENT, False), (
        f"{verdict.detail}\n{made.text}"
    )
    assert told in made.text


SWAPS_CPP = """void swaps(int n, int steps, double k, double *a, double *b) {
    for (int t = 0; t < steps; t++) {
        for (int i = 1; i < n - 1; i++) b[i] = a[i] + k * (a[i - 1] + a[i + 1] - 2 * a[i]);
        double *kept = a;
        a = b;
        b = kept;
    }
}
"""
CONVERGES_CPP = """int converges(int n, float *u, float tol, int most) {
    std::vector<float> v(n);
    int times = 0;
    float change;
    do {
        change = 0;
        for (int i = 1; i < n - 1; i++) v[i] = 0.5f * (u[i - 1] + u[i + 1]);
        for (int i = 1; i < n - 1; i++) change += fabsf(v[i] - u[i]);
        std::copy(v.begin(), v.end(), u);
        times++;
    } while (change > tol && times < most);
    return times;
}
"""
BORROWS_CPP = """void borrows(int n, float *u) {
    float *kept = (float *)malloc(n * sizeof(float));
    if (kept == NULL) return;
    memcpy(kept, u, n * sizeof(float));
    for (int i = 1; i < n - 1; i++) u[i] = kept[i - 1] + kept[i + 1];
    free(kept);
}
"""


@pytest.mark.parametrize("way", ["cpp:cuda", "cpp:openmp"])
@pytest.mark.parametrize(
    "name, text",
    [
        ("swaps", SWAPS_CPP),
        pytest.param("converges", CONVERGES_CPP, marks=pytest.mark.slow),
        ("borrows", BORROWS_CPP),
    ],
)
def test_memory_of_its_own_and_arrays_that_change_places(way, name, text, engine):
    program = Program("cpp", name, text)
    made = port_by_parts(program, parse_direction(way), Silent(), engine, Sampling(1, 0.0))
    verdict = engine.verify(Pair(program, made))
    assert (verdict.outcome, verdict.serial) == (Outcome.EQUIVALENT, False), (
        f"{verdict.detail}\n{made.text}"
    )


FACTORS_CPP = """#define N 12
void factors(double A[N][N]) {
    for (int k = 0; k < N; k++)
        for (int i = k + 1; i < N; i++) {
            A[i][k] /= A[k][k];
            for (int j = k + 1; j < N; j++) A[i][j] -= A[i][k] * A[k][j];
        }
}
"""
LEVELS_CPP = """void levels(unsigned char *x, int n) {
    int seen[256];
    for (int i = 0; i < 256; i++) seen[i] = 0;
    for (int i = 0; i < n; i++) seen[x[i]]++;
    for (int i = 0; i < n; i++) x[i] = seen[x[i]] > 2 ? 255 : 0;
}
"""


@pytest.mark.parametrize(
    "way, name, text, told",
    [
        ("cpp:openmp", "factors", FACTORS_CPP, "A[i][j] -= A[i][k] * A[k][j];"),
        ("cpp:cuda", "factors", FACTORS_CPP, "double A[12][12]"),
        ("cpp:cuda", "levels", LEVELS_CPP, "cudaMalloc((void **)&d_seen, 256 * sizeof(int));"),
    ],
)
def test_arrays_of_several_dimensions_and_tables_of_its_own(way, name, text, told, engine):
    program = Program("cpp", name, text)
    made = port_by_parts(program, parse_direction(way), Silent(), engine, Sampling(1, 0.0))
    verdict = engine.verify(Pair(program, made))
    assert (verdict.outcome, verdict.serial) == (Outcome.EQUIVALENT, False), (
        f"{verdict.detail}\n{made.text}"
    )
    assert told in made.text


SETTLES = """subroutine settles(u, tol, most)
  implicit none
  real(8), intent(inout) :: u(:, :)
  real(8), intent(in) :: tol
  integer, intent(in) :: most
  real(8), allocatable :: v(:, :)
  real(8) :: change
  integer :: i, j, k
  allocate(v(size(u, 1), size(u, 2)))
  change = 2 * tol
  k = 0
  do while (change > tol .and. k < most)
    v = u
    do j = 2, size(u, 2) - 1
      do i = 2, size(u, 1) - 1
        u(i, j) = 0.25d0 * (v(i - 1, j) + v(i + 1, j) + v(i, j - 1) + v(i, j + 1))
      end do
    end do
    change = sum(abs(u - v))
    k = k + 1
  end do
  deallocate(v)
end subroutine settles
"""


@needs_fortran
def test_fortran_whose_arrays_bring_their_shape(engine):
    program = Program("fortran", "settles", SETTLES)
    made = port_by_parts(
        program, parse_direction("fortran:cuda"), Silent(), engine, Sampling(1, 0.0)
    )
    verdict = engine.verify(Pair(program, made))
    assert (verdict.outcome, verdict.serial) == (Outcome.EQUIVALENT, False), (
        f"{verdict.detail}\n{made.text}"
    )


class WholeFails:
    """The model, with no answer to whole functions."""

    def __init__(self, service):
        self._service, self.asked = service, []

    def __getattr__(self, name):
        return getattr(self._service, name)

    def propose(self, checkpoint, programs, way, sampling):
        self.asked.append([p.name for p in programs])
        whole = {p.id for p in programs if "_part" not in p.name}
        return [
            replace(c, text="nothing") if c.source_id in whole else c
            for c in self._service.propose(checkpoint, programs, way, sampling)
        ]


@pytest.mark.slow
def test_a_round_keeps_joined_ports(tmp_path):
    config = parse(
        {
            "direction": "cpp:cuda",
            "run_dir": str(tmp_path),
            "model": {"backend": "pretrained", "name_or_path": "small"},
            "cold_start": {"generated": 0, "suites": 0},
            "round": {"by_parts": True, "samples": 1, "replay": 0},
            "verify": {"least_strength": 0.1, "backend": "emulated"},
            "settings": {"round.suites": 1, "verify.mutants": 4},
        },
        "t",
    )
    sources = (
        Program("cpp", "heat", HEAT_CPP),
        Program("cpp", "normalise", NORM_CPP),
        Program("cpp", "lookup", LOOKUP_CPP),
    )
    asking, verifier = WholeFails(make_translator(config)), make_verifier(config)
    workers = RunWorkers(
        FixedPool(LocalWorker(asking)),
        FixedPool(LocalWorker(make_tester(config))),
        FixedPool(LocalWorker(verifier)),
    )
    run = stages.Run(config, RunFolder(tmp_path), RunCorpus(sources, (), (), {}), workers)
    try:
        stages.run_cold_start(run)
        stages.make_suites(run, 1)
        stages.propose_and_verify(run, 1)
        stages.keep_triplets(run, 1)
    finally:
        verifier.engine.close()
    kept = {t.source.name: t for t in read_jsonl(run.folder.round(1).triplets, Triplet)}
    assert set(kept) == {"heat", "normalise"} and all("<<<" in t.target.text for t in kept.values())
    assert {c.author for c in read_jsonl(run.folder.round(1).proposals, Candidate)} == {
        "translator",
        AUTHOR,
    }
    nests = [names for names in asking.asked if "_part" in names[0]]
    assert {name.partition("_")[0] for name in nests[0]} >= {"heat", "normalise"}  # asked together


@needs_fortran
def test_to_cpp_it_is_spelled_where_the_model_has_no_answer(tmp_path, capsys, own_cache):
    (tmp_path / "heat.f90").write_text(HEAT.replace("do t = 1, steps", "do t = 3, steps, 2"))
    assert (
        cli.main(
            [
                "translate",
                str(tmp_path / "heat.f90"),
                "--to",
                "cpp",
                "--backend",
                "emulated",
                "--samples",
                "1",
            ]
        )
        == 0
    )
    said = capsys.readouterr()
    assert "verified cpp port" in said.err and "void heat(" in said.out


@needs_fortran
def test_translate_joins_where_the_whole_has_no_parallel_port(tmp_path, capsys, own_cache):
    (tmp_path / "heat.f90").write_text(HEAT)
    assert (
        cli.main(
            [
                "translate",
                str(tmp_path / "heat.f90"),
                "--to",
                "cuda",
                "--backend",
                "emulated",
                "--samples",
                "1",
            ]
        )
        == 0
    )
    said = capsys.readouterr()
    assert "loop nest by loop nest" in said.err and said.out.count("<<<") == 2
