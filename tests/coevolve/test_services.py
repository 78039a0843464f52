"""What the models of a run are taught, without training any."""

from coevolve.config.schema import parse
from coevolve.loop.services import TranslatorService
from corpora.splits import EvaluationGuard
from translator.prompting.translate import Translator


def _tags(table):
    service = TranslatorService(parse({"cold_start": {"level": "easy"}} | table, "test"))
    examples = service._generated_examples(Translator(None), 30, 0, EvaluationGuard([]))
    return [e.prompt.split()[0] for e in examples]


def test_a_run_teaches_its_own_direction_and_the_reverse_only_where_kernels_are_real():
    assert _tags({}) == ["<cpp:cuda>"] * 30
    assert _tags({"corpus": {"target": "kernels.tok"}}).count("<cuda:cpp>") == 10


def test_named_directions_share_a_third_of_the_computations():
    tags = _tags({"cold_start": {"level": "easy", "directions": ["cuda:cpp", "cpp:openmp"]}})
    assert (
        tags.count("<cpp:cuda>") == 30
        and 3 <= tags.count("<cpp:openmp>") <= 5
        and tags.count("<cuda:cpp>") == 5
    )


def test_generated_lessons_are_as_written_and_of_cpp_too_where_fortran_is_asked_in_it():
    service = TranslatorService(
        parse({"direction": "fortran:cuda", "cold_start": {"level": "easy"}}, "test")
    )
    asked = service._generated_examples(Translator(None, spell=True), 30, 0, EvaluationGuard([]))
    assert sorted({e.prompt.split()[0] for e in asked}) == ["<cpp:cuda>", "<fortran:cuda>"]
    cpp = TranslatorService(parse({"cold_start": {"level": "easy"}}, "test"))
    spelled, written = (
        cpp._generated_examples(Translator(None, spell=spell), 30, 0, EvaluationGuard([]))
        for spell in (True, False)
    )
    assert spelled == written  # their labels show what rules would take away
