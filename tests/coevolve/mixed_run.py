"""Functions in two languages and a run over both that finishes in seconds."""

WAYS = ["cpp:openmp", "fortran:openmp-fortran"]
FORMS = {
    "axpy": (
        "int n, float a, const float *x, float *y",
        "y[i] = a * x[i] + y[i]",
        "n, a, x, y",
        "real, intent(in) :: a, x(n)\n real, intent(inout) :: y(n)",
        "y(i) = a * x(i) + y(i)",
    ),
    "square": (
        "int n, const double *x, double *y",
        "y[i] = x[i] * x[i]",
        "n, x, y",
        "real(8), intent(in) :: x(n)\n real(8), intent(out) :: y(n)",
        "y(i) = x(i) * x(i)",
    ),
    "offset": (
        "int n, int k, int *v",
        "v[i] += k",
        "n, k, v",
        "integer, intent(in) :: k\n integer, intent(inout) :: v(n)",
        "v(i) = v(i) + k",
    ),
    "backward": (
        "int n, const int *s, int *d",
        "d[n - 1 - i] = s[i]",
        "n, s, d",
        "integer, intent(in) :: s(n)\n integer, intent(out) :: d(n)",
        "d(n + 1 - i) = s(i)",
    ),
    "halves": (
        "int n, float *v",
        "v[i] *= 0.5f",
        "n, v",
        "real, intent(inout) :: v(n)",
        "v(i) = v(i) * 0.5",
    ),
    "gap": (
        "int n, const float *a, const float *b, float *g",
        "g[i] = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i]",
        "n, a, b, g",
        "real, intent(in) :: a(n), b(n)\n real, intent(out) :: g(n)",
        "g(i) = abs(a(i) - b(i))",
    ),
}
SMALL = {
    "direction": WAYS,
    "corpus": {"evaluation_fraction": 0.4},
    "model": {"max_new_tokens": 32},
    "cold_start": {"generated": 20, "suites": 12, "level": "easy"},
    "round": {"count": 1, "samples": 2, "epochs": 1.0, "replay": 1.0},
    "verify": {"least_strength": 0, "workers": 2},
    "evaluate": {"samples": 2},
    "settings": {
        "model.layers": 1,
        "model.width": 32,
        "model.heads": 2,
        "verify.mutants": 2,
        "evaluate.pass_at": [1, 2],
    },
}


def names(programs):
    return {p.name for p in programs}


def list_corpus(corpus):
    """All that a corpus holds, in memory, so that a stored one compares with one that was built."""
    return (
        [list(getattr(corpus, k)) for k in ("training_source", "training_target", "evaluation")],
        dict(corpus.references),
        corpus.held_back,
        sorted(corpus.protected, key=lambda p: p.id),
        [list_corpus(part) for part in corpus.parts],
    )
