"""The arms of benchmarks/coevolution.py: what is shared is what each would have made by itself, and
what differs is what the arm says.
"""

import json

import coevolution
import pytest

from coevolve.cli.errors import UserError
from coevolve.config.schema import format_toml
from coevolve.loop import run_workers
from coevolve.loop.services import TranslatorService
from corpora.records import Candidate

KERNEL = (
    "__global__ void {name}({parameters}) {{ int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < n) {body} }}"
)
KNOWN = {
    "axpy": ("int n, float a, const float *x, float *y", "y[i] = a * x[i] + y[i];"),
    "square": ("const double *x, double *out, int n", "out[i] = x[i] * x[i];"),
    "reverse": ("const int *src, int *dst, int n", "dst[n - 1 - i] = src[i];"),
    "clampit": (
        "float *v, int n, float lo, float hi",
        "{ if (v[i] < lo) v[i] = lo; else if (v[i] > hi) v[i] = hi; }",
    ),
    "offset": ("int *a, int n, int k", "a[i] += k;"),
    "maxpair": ("const int *a, const int *b, int *m, int n", "m[i] = a[i] > b[i] ? a[i] : b[i];"),
}


class KnowingTranslator(TranslatorService):
    """Learns like any other, and answers right what it knows, so that there are pairs to learn
    from.
    """

    def propose(self, checkpoint, programs, way, sampling):
        def text(name):
            parameters, body = KNOWN.get(name, ("int n", ";"))
            return KERNEL.format(name=name, parameters=parameters, body=body)

        return [Candidate(p.id, way, text(p.name), sample=0) for p in programs]


@pytest.fixture
def arms(tiny, tmp_path, monkeypatch):
    """One seed of the four arms, made in one process, and what plans them."""
    monkeypatch.setattr(run_workers, "make_translator", KnowingTranslator)
    (tmp_path / "c.toml").write_text(format_toml(tiny))
    names = ("coevolve", "control", "frozen-tester", "frozen-translator")

    def planned(folder, chosen=names):
        return coevolution.planned(
            tmp_path / "c.toml", ["round.replay=1"], chosen, [3], 2, tmp_path / folder
        )

    found = planned("out")
    for number in (0, 1):
        for arm in found:
            coevolution.make(
                arm, [other for other in found if other is not arm], number, use_ray=False
            )
    return {arm.name: arm for arm in found}, planned


def _stages(arm):
    rows = [json.loads(line) for line in arm.folder.timings.read_text().splitlines()]
    return [row["stage"] for row in rows if "stage" in row]


def _weights(arm, number, model):
    return (arm.folder.round(number).folder / model / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_arms_share_what_is_equal_and_differ_where_they_must(arms):
    made, planned = arms
    coevolve, control, no_tester, no_translator = made.values()
    assert "suites" in _stages(coevolve) and "propose and verify" in _stages(coevolve)
    assert _stages(control) == ["learn", "evaluate"]  # two models of its own; all else was there
    assert (
        _stages(no_tester) == _stages(no_translator) == ["learn"]
    )  # carried on, and both halves evaluated before
    assert coevolve.folder.round(1).triplets.stat().st_size
    cold = [_weights(coevolve, 0, model) for model in ("translator", "tester")]
    after = {
        name: [_weights(arm, 1, model) for model in ("translator", "tester")]
        for name, arm in made.items()
    }
    assert all(new != old for new, old in zip(after["coevolve"], cold))
    assert all(w not in (a, b) for w, a, b in zip(after["control"], after["coevolve"], cold))
    assert after["frozen-tester"] == [after["coevolve"][0], cold[1]]
    assert after["frozen-translator"] == [cold[0], after["coevolve"][1]]

    # An arm that is made all by itself is the same, byte for byte.
    (alone,) = planned("alone", ["frozen-tester"])
    coevolution.make(alone, [], 1, use_ray=False)
    files = [p.relative_to(alone.folder.root) for p in alone.folder.root.rglob("*") if p.is_file()]
    compared = [f for f in files if f.name not in ("timings.jsonl", "config.toml")]
    assert len(compared) > 20
    for file in compared:
        assert (alone.folder.root / file).read_bytes() == (
            no_tester.folder.root / file
        ).read_bytes(), file

    before = _stages(control)
    coevolution.make(control, [coevolve], 1, use_ray=False)
    assert _stages(control) == before
    for arm, others in ((coevolve, [control]), (control, [coevolve])):
        coevolution.make(arm, others, 2, use_ray=False)
    assert _stages(control) == before + [
        "learn",
        "evaluate",
    ]  # its own models would have kept other pairs; it learns as much as the other did
    assert (
        control.folder.round(2).triplets.read_bytes()
        == coevolve.folder.round(2).triplets.read_bytes()
    )
    assert _weights(control, 2, "translator") not in (
        _weights(coevolve, 2, "translator"),
        _weights(control, 1, "translator"),
    )
    rows = coevolution.table(list(made.values())).splitlines()
    assert [row.split(" | ")[1] for row in rows[2:]] == [
        "all",
        "coevolve",
        "control",
        "frozen-tester",
        "frozen-translator",
    ]
    assert rows[5].split(" | ")[3:5] != ["–", "–"] and rows[4].split(" | ")[5] == "–"


def test_a_gain_over_the_control_is_that_of_the_same_programs_and_seeds(tmp_path, tiny):
    (tmp_path / "c.toml").write_text(format_toml(tiny))
    found = coevolution.planned(
        tmp_path / "c.toml", [], ["coevolve", "control"], [1, 2], 1, tmp_path
    )
    passed = {
        ("coevolve", 0): [0, 2],
        ("control", 0): [0, 2],
        ("coevolve", 1): [2, 4],
        ("control", 1): [2, 2],
    }
    for arm in found:
        for number in (0, 1):
            paths = arm.folder.round(number)
            paths.folder.mkdir(parents=True)
            rows = [
                {"id": name, "passed": n, "samples": 4}
                for name, n in zip("xy", passed[arm.name, number])
            ]
            paths.evaluation.write_text(
                json.dumps(
                    {
                        "items": rows[:: 1 if arm.seed == 1 else -1],
                        "tester_valid_rate": 50.0 + arm.seed,
                    }
                )
            )
            paths.triplets.write_text("{}\n" * arm.seed)
    rows = coevolution.table(found).splitlines()
    assert rows[2].startswith(
        "| cold | all | 2 | 25.0 (0.0 to 50.0) | – | – | – | 51.5 (51.0 to 52.0) |"
    )
    assert rows[3].startswith(
        "| 1 | coevolve | 2 | 75.0 (50.0 to 100.0) | +50.0 (+50.0 to +50.0) | +25.0 (+0.0 to "
        "+50.0) | 1.5 (1.0 to 2.0) |"
    )
    (found[1].folder.round(1).evaluation).unlink()
    assert coevolution.table(found).splitlines()[3].split(" | ")[2] == "1"


def test_an_arm_that_does_not_exist_is_named(tmp_path, tiny):
    (tmp_path / "c.toml").write_text(format_toml(tiny))
    with pytest.raises(UserError, match="'frozen'; arms are coevolve, control"):
        coevolution.planned(tmp_path / "c.toml", [], ["frozen"], [1], 1, tmp_path)
