"""Models asked for an evaluation: answers of a Translator to items, and how valid a Tester's tests
are.

Contract: equal model, items and sampling give equal answers. Nothing that a model writes is
repaired.

    coevolve eval --model runs/demo --corpus builtin --direction cpp:cuda --out result.json
"""

from __future__ import annotations

from coevolve.cli.progress import ProgressBar
from coevolve.config.schema import parse
from coevolve.evaluation.corpus import EvalCorpus
from coevolve.evaluation.statistics import bootstrap_mean
from coevolve.loop.checkpoints import use_all_cores
from coevolve.loop.services import PROMPT_STYLES, SUITE_STYLES
from coevolve.loop.stage_run import split_into_chunks
from coevolve.named_models import NamedModel
from coevolve.verification.verifier import Verifier
from gpu_runtime.models.decoded import Decoded
from gpu_runtime.models.protocol import LanguageModel, Sampling
from tester.generate.propose import Tester
from translator.prompting.translate import Translator


def collect_answers(
    model: NamedModel, corpus: EvalCorpus, sampling: Sampling, spell: bool = True
) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Ask a Translator for `sampling.n` answers to each item of a corpus.

    model: a Translator, opened here. spell: whether rules normalize the source before it is shown.
    Returns (answers, notes): a tuple of `sampling.n` texts for each item, in order, and lines for
    the reader about how the model was prompted and what it used. Raises ModelError if the model
    cannot be opened.
    """
    # a large model takes a while to open
    with ProgressBar("asking the Translator", len(corpus.items)) as bar:
        use_all_cores()
        opened = model.open()
        translator = Translator(opened, PROMPT_STYLES[model.kind], spell=spell)
        found: list[tuple[str, ...]] = []
        streams = hasattr(opened, "watch")
        if streams:  # it tells how far it is itself, and does best with all of its prompts at once
            opened.watch = lambda decoded: bar.set(
                decoded.answers // sampling.n, speed_note(decoded)
            )
        for chunk in [corpus.items] if streams else split_into_chunks(corpus.items):
            sources = [item.source for item in chunk]
            candidates = translator.propose(sources, corpus.direction, sampling)
            texts = [c.text for c in candidates]
            found += [tuple(texts[i : i + sampling.n]) for i in range(0, len(texts), sampling.n)]
            bar.set(len(found))
    spelled = sum(
        translator.normalize_question(item.source, corpus.direction)[0] is not item.source
        for item in corpus.items
    )
    how = (
        f"{spelled} of {len(corpus.items)} sources were asked in C++ that is written by rule "
        f"(--as-written: none)"
        if spelled
        else ""
    )
    return found, tuple(note for note in (describe_usage(opened), how) if note)


def speed_note(decoded: Decoded) -> str:
    """Return a short note on a model's speed for a progress bar: tokens written per second or,
    before the first, the number of tokens read so far.
    """
    if not decoded.new_ids:
        return f"read {decoded.prompt_ids} tokens"
    return f"{decoded.new_ids / max(decoded.seconds, 1e-3):.1f} tokens/s"


def describe_usage(model: LanguageModel) -> str:
    """Return a line with the numbers of requests and tokens that a model at an endpoint has used;
    '' for a model that does not count them.
    """
    used = getattr(model, "usage", None)
    if used is None:
        return ""
    again = f", {used.retries} of them repeated after a failure" if used.retries else ""
    return (
        f"{used.requests} requests{again}: {used.prompt_tokens} prompt and {used.answer_tokens} "
        f"answer tokens"
    )


def measure_tester(
    model: NamedModel, corpus: EvalCorpus, sampling: Sampling, backend: str, seed: int
) -> dict:
    """Measure how many of a Tester's tests are valid on the corpus's sources.

    model: a Tester, opened here. sampling: how many answers per source, and how they are drawn.
        backend: `auto`, `cuda` or `emulated`. seed: of suites and intervals.
    Returns JSON values by name: `tester` (the model's label), `tester_valid_rate` (the mean share
    in [0, 1] over items with tests as `value`, its interval `ci95`, and `n_items`; None without
    tests), `tester_tests` and `tester_tests_valid` (numbers of tests written and valid). Raises
    ModelError if the model cannot be opened.
    """
    settings = {
        "direction": str(corpus.direction),
        "seed": seed,
        "verify": {"backend": backend, "least_strength": 0.0},
        "settings": {"verify.mutants": 0},
    }
    verifier = Verifier(parse(settings, "evaluation"))
    shares, written, valid = [], 0, 0
    try:
        with ProgressBar("asking the Tester", len(corpus.items)) as bar:
            use_all_cores()
            tester = Tester(model.open(), style=SUITE_STYLES[model.kind])
            for chunk in split_into_chunks(corpus.items):
                programs = [item.judged_as for item in chunk]
                answers = tester.answers(programs, sampling)
                for program, proposed in zip(programs, answers, strict=True):
                    counted = verifier.prepare(program, proposed)
                    written, valid = written + counted.written, valid + counted.valid
                    if counted.written:
                        shares.append(counted.valid / counted.written)
                bar.advance(len(chunk))
    finally:
        verifier.engine.close()
    rate = (
        {
            "value": sum(shares) / len(shares),
            "ci95": list(bootstrap_mean(shares, seed) or ()),
            "n_items": len(shares),
        }
        if shares
        else None
    )
    return {
        "tester": model.label,
        "tester_valid_rate": rate,
        "tester_tests": written,
        "tester_tests_valid": valid,
    }
