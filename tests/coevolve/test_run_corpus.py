"""The programs of a run: what is trained on, what is held out, and that neither side of a held-out
pair is trained on.
"""

import re
from dataclasses import replace

import pytest
from mixed_run import FORMS, WAYS, list_corpus, names

from coevolve.cli.errors import UserError
from coevolve.config.schema import ConfigError, parse
from coevolve.loop.directions import list_direction_corpora
from coevolve.loop.run_corpus import build_corpus, load_stored_corpus, open_corpus
from coevolve.loop.run_folder import RunFolder
from corpora.datasets.loaders import load_corpus, load_pairs
from corpora.splits import EvaluationGuard


def test_the_forms_of_a_computation_in_two_languages_fall_on_one_side(mixed):
    corpus = build_corpus(mixed)
    held_out, trained = names(corpus.evaluation), names(corpus.training_source)
    assert held_out and trained and not held_out & trained and held_out | trained == set(FORMS)
    for part in corpus.parts:
        assert names(part.evaluation) == held_out and names(part.training_source) == trained
    assert {p.dialect for p in corpus.protected} == {"cpp", "fortran"}


def test_all_forms_of_the_built_in_functions_fall_on_one_side():
    ways = [
        "cpp:cuda",
        "cpp:openmp",
        "fortran:openmp-fortran",
        "fortran:cpp",
        "openmp-fortran:fortran",
    ]
    corpus = build_corpus(
        parse(
            {
                "direction": ways,
                "corpus": {"evaluation_fraction": 0.4, "target": ["builtin", "", "", "", ""]},
            },
            "t",
        )
    )
    held_out = names(corpus.protected)
    assert not held_out & names((*corpus.training_source, *corpus.training_target))
    assert len(corpus.parts) == 5 and all(len(part.evaluation) > 20 for part in corpus.parts)
    assert len({p.id for p in corpus.training_source}) == len(
        corpus.training_source
    )  # once, though several start from it
    assert all(
        r.dialect == way.target.name
        for way, part in zip(
            [e.direction for e in list_direction_corpora(parse({"direction": ways}, "t"))],
            corpus.parts,
        )
        for r in part.references.values()
    )


def test_a_limit_takes_the_same_computations_in_every_language(short):
    for part in (parts := build_corpus(short).parts):
        assert len(part.evaluation) == len(part.training_source) == 2
    assert names(parts[0].evaluation) == names(parts[1].evaluation) and names(
        parts[0].training_source
    ) == names(parts[1].training_source)


def test_the_columns_of_a_table_are_forms_of_one_computation(tmp_path, two_languages):
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        suffix: [(two_languages / f"{name}.{suffix}").read_text() for name in FORMS]
        for suffix in ("cpp", "f90")
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    source = [f"{tmp_path}/t.parquet#cpp", f"{tmp_path}/t.parquet#f90"]
    corpus = build_corpus(
        parse({"direction": WAYS, "corpus": {"source": source, "evaluation_fraction": 0.4}}, "t")
    )
    assert not names(corpus.evaluation) & names(corpus.training_source)


def test_each_direction_has_its_own_corpora(two_languages):
    config = parse(
        {
            "direction": ["cpp:cuda", "fortran:cuda"],
            "corpus": {"source": ["builtin", str(two_languages)], "target": ["builtin", ""]},
        },
        "t",
    )
    corpus = build_corpus(config)
    assert names(corpus.parts[1].evaluation) | names(corpus.parts[1].training_source) == set(FORMS)
    assert [
        (str(way), {p.dialect for p in programs}) for way, programs in corpus.sides(config)
    ] == [
        ("cpp:cuda", {"cpp"}),
        ("cuda:cpp", {"cuda"}),
        ("fortran:cuda", {"fortran"}),
    ]


def test_a_direction_and_the_reverse_of_another_are_one_side():
    ways = ["cpp:cuda", "cuda:cpp"]
    config = parse({"direction": ways, "corpus": {"target": ["builtin", ""]}}, "t")
    sides = build_corpus(config).sides(config)
    assert [str(way) for way, _ in sides] == ways
    assert all(len({p.id for p in programs}) == len(programs) for _, programs in sides)


EVALUATED = {"corpus": {"source": "builtin", "target": "builtin", "evaluation": "development"}}


def test_a_corpus_of_its_own_is_held_out_whole_with_its_references(tmp_path):
    config = replace(parse(EVALUATED, "t"), run_dir=str(tmp_path))
    corpus = open_corpus(config, RunFolder(tmp_path))
    whole = build_corpus(parse({"corpus": {"source": "development"}}, "t"))
    assert {p.id for p in corpus.evaluation} == {
        p.id for p in (*whole.training_source, *whole.evaluation)
    }
    assert len(corpus.references) > 50 and all(
        r.dialect == "cuda" for r in corpus.references.values()
    )
    assert len(corpus.training_source) > 100 and len(corpus.training_target) > 50
    guard = EvaluationGuard(corpus.protected)
    assert not guard.leaks(corpus.training_source) and not guard.leaks(corpus.training_target)
    assert load_stored_corpus(RunFolder(tmp_path)) == corpus
    assert list_corpus(corpus) == list_corpus(build_corpus(config))


def test_several_directions_evaluate_on_corpora_of_their_own():
    corpus = build_corpus(parse({"direction": WAYS, **EVALUATED}, "t"))
    assert [{p.dialect for p in part.evaluation} for part in corpus.parts] == [{"cpp"}, {"fortran"}]
    assert all(
        len(part.evaluation) > 50 and len(part.training_source) > 100 for part in corpus.parts
    )


def test_what_equals_a_held_out_function_is_held_back_with_its_translation(tmp_path):
    """A held-out function is in the training corpus too, whose generator knows its kernel: neither
    may be trained on.
    """
    spec = "generated:60:5"
    programs = {p.name: p for p in load_corpus(spec, "cpp").programs}
    pairs = {a.name: b for a, b in load_pairs(spec, spec, "cpp:cuda")}
    name = next(n for n in programs if n in pairs)
    (tmp_path / "test.cpp").write_text(
        re.sub(rf"\b{name}\b", "held_out", programs[name].text) + "\n"
    )
    (tmp_path / "test.cu").write_text(
        "__global__ void held_out(int n, float *y) { if (threadIdx.x < n) y[threadIdx.x] = 0; }\n"
    )
    config = {
        "source": spec,
        "target": spec,
        "evaluation": str(tmp_path / "test.cpp"),
        "references": str(tmp_path / "test.cu"),
    }
    corpus = build_corpus(parse({"corpus": config}, "t"))
    assert names(corpus.evaluation) == {"held_out"} and [
        r.dialect for r in corpus.references.values()
    ] == ["cuda"]
    assert name not in names(corpus.training_source) and pairs[name].id not in {
        p.id for p in corpus.training_target
    }
    others = [n for n in pairs if n in names(corpus.training_source)]
    assert len(others) > 40 and {pairs[n].id for n in others} <= {
        p.id for p in corpus.training_target
    }
    assert corpus.held_back >= 2


@pytest.mark.parametrize(
    ("corpus", "words"),
    [
        ({"references": "x.cu"}, ("corpus.references", "corpus.evaluation")),
        (
            {"aligned": True, "target": "a", "evaluation": "development"},
            ("corpus.aligned", "corpus.references"),
        ),
        ({"evaluation": ["development", ""]}, ("corpus.evaluation", WAYS[1])),
        ({"evaluation": ["development"] * 3}, ("corpus.evaluation", "3 entries for 2 directions")),
        ({"evaluation": 3}, ("corpus.evaluation", "str")),
    ],
)
def test_a_held_out_corpus_that_does_not_fit_is_one_line(corpus, words):
    with pytest.raises(ConfigError) as caught:
        parse({"direction": WAYS, "corpus": corpus}, "run.toml")
    assert "\n" not in str(caught.value) and all(word in str(caught.value) for word in words), (
        caught.value
    )


def test_a_corpus_that_is_all_held_out_is_one_line():
    with pytest.raises(
        UserError, match="gives 0 programs to train on and 206 to evaluate.*corpus.evaluation"
    ):
        build_corpus(parse({"corpus": {"source": "development", "evaluation": "development"}}, "t"))
