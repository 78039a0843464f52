"""What the models of a run are taught, without training any."""

from coevolve.config import parse
from coevolve.services import TranslatorService
from corpora.splits import EvaluationGuard
from translator.translate import Translator


def _tags(table):
    service = TranslatorService(parse({"cold_start": {"level": "easy"}} | table, "test"))
    examples = service._generated_examples(Translator(None), 30, 0, EvaluationGuard([]))
    return [e.prompt.split()[0] for e in examples]


def test_a_run_teaches_its_own_direction_and_the_reverse_only_where_kernels_are_real():
    assert _tags({}) == ["<cpp:cuda>"] * 30
    assert _tags({"corpus": {"target": "kernels.tok"}}).count("<cuda:cpp>") == 10


def test_named_directions_share_a_third_of_the_computations():
    tags = _tags({"cold_start": {"level": "easy", "directions": ["cuda:cpp", "cpp:openmp"]}})
    assert tags.count("<cpp:cuda>") == 30 and 3 <= tags.count("<cpp:openmp>") <= 5 and tags.count("<cuda:cpp>") == 5
