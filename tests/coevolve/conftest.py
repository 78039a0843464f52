"""A small corpus of real files and a configuration that finishes in seconds."""

from dataclasses import replace
from pathlib import Path

import pytest
from mixed_run import FORMS, SMALL

from coevolve.config.schema import parse
from gpu_runtime.compile.toolchain import find_cache_root

SOURCES = {
    "axpy": "void axpy(int n, float a, const float *x, float *y) { for (int i = 0; i < n; i++) "
    "y[i] = a * x[i] + y[i]; }",
    "square": "void square(const double *x, double *out, int n) { for (int i = 0; i < n; ++i) { "
    "out[i] = x[i] * x[i]; } }",
    "reverse": "void reverse(const int *src, int *dst, int n) { for (int i = 0; i < n; i++) "
    "dst[n - 1 - i] = src[i]; }",
    "rowsum": "void rowsum(const float *m, float *s, int r, int c) { for (int i = 0; i < r; "
    "i++) { float t = 0; for (int j = 0; j < c; j++) t += m[i * c + j]; s[i] = t; } }",
    "clampit": "void clampit(float *v, int n, float lo, float hi) { for (int i = 0; i < n; i++) "
    "{ if (v[i] < lo) v[i] = lo; else if (v[i] > hi) v[i] = hi; } }",
    "offset": "void offset(int *a, int n, int k) { for (int i = 0; i < n; i++) a[i] += k; }",
    "transpose": "void transpose(const float *a, float *b, int r, int c) { for (int i = 0; i < "
    "r; i++) for (int j = 0; j < c; j++) b[j * r + i] = a[i * c + j]; }",
    "maxpair": "void maxpair(const int *a, const int *b, int *m, int n) { int i; for (i = 0; i "
    "< n; i++) m[i] = a[i] > b[i] ? a[i] : b[i]; }",
}
TINY = {
    "direction": "cpp:cuda",
    "corpus": {"evaluation_fraction": 0.4},
    "model": {"max_new_tokens": 48},
    "cold_start": {"generated": 24, "suites": 24, "level": "easy"},
    "round": {"count": 1, "samples": 2, "epochs": 1.0},
    "verify": {"workers": 2},
    "evaluate": {"samples": 2},
    "settings": {
        "model.layers": 1,
        "model.width": 32,
        "model.heads": 2,
        "verify.mutants": 4,
        "evaluate.pass_at": [1, 2],
    },
}


def make_empty_cache(own: Path) -> Path:
    """A cache in which nothing is judged yet. What is compiled for all, runners and hooks, is the
    common one's: it takes seconds.
    """
    common = find_cache_root()
    own.mkdir()
    for name in ("bin", "objects"):
        (common / name).mkdir(exist_ok=True)
        (own / name).symlink_to(common / name)
    return own


@pytest.fixture
def own_cache(tmp_path, monkeypatch) -> Path:
    own = make_empty_cache(tmp_path / "cache")
    monkeypatch.setenv("COEVOLVE_CACHE", str(own))
    return own


@pytest.fixture(scope="module")
def cache_of_module(tmp_path_factory) -> Path:
    """For files whose tests judge many targets of one source."""
    return make_empty_cache(tmp_path_factory.mktemp("judged") / "cache")


@pytest.fixture(scope="session")
def source_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    for name, text in SOURCES.items():
        (folder / f"{name}.cpp").write_text(text + "\n")
    return folder


@pytest.fixture(scope="session")
def tiny_config(source_folder):
    """The configuration without a run folder of its own."""
    config = parse(TINY, "tiny")
    return replace(config, corpus=replace(config.corpus, source=str(source_folder)))


@pytest.fixture
def tiny(tiny_config, tmp_path):
    return replace(tiny_config, run_dir=str(tmp_path / "run"))


@pytest.fixture(scope="session")
def two_languages(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    for name, (c_head, c_body, names, declared, f_body) in FORMS.items():
        (folder / f"{name}.cpp").write_text(
            f"void {name}({c_head}) {{ for (int i = 0; i < n; i++) {c_body}; }}\n"
        )
        text = (
            f"subroutine {name}({names})\n integer, intent(in) :: n\n {declared}\n integer "
            f":: i\n do i = 1, n\n  {f_body}\n end do\nend subroutine\n"
        )
        (folder / f"{name}.f90").write_text(text)
    return folder


@pytest.fixture
def mixed(two_languages, tmp_path):
    config = parse(SMALL, "mixed")
    return replace(
        config,
        run_dir=str(tmp_path / "run"),
        corpus=replace(config.corpus, source=str(two_languages)),
    )


@pytest.fixture
def short(mixed):
    """The same with two programs on either side of each direction."""
    return replace(mixed, corpus=replace(mixed.corpus, evaluation_limit=2, training_limit=2))
