"""`coevolve plan CONFIG`: what a run would need, before anything is rented or downloaded.

Contract: reads the configuration and its corpora, never weights. Parameters are exact where the
model's shape is known and say so where they are guessed; memory, hours and disk are estimates with
their assumptions printed beside them. Whether the run fits on a cluster is said of the one that the
options describe, never of the machine that this runs on.

    coevolve plan configs/qwen.toml --machine h100 --nodes 2 --gpus 8 --cpus 64
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coevolve.cli.errors import UserError
from coevolve.config.schema import Config
from coevolve.loop.directions import find_taught_directions, list_translators
from corpora.cores import count_usable_cores
from corpora.records import Program
from gpu_runtime.models.options import METHODS
from gpu_runtime.models.sizes import (
    MACHINES,
    Machine,
    ModelShape,
    estimate_generate_bytes,
    estimate_generate_seconds,
    estimate_train_bytes,
    estimate_train_seconds,
    find_model_shape,
)

if TYPE_CHECKING:
    from coevolve.loop.run_corpus import RunCorpus

GIB, GB = 2.0**30, 1e9
ROWS = {
    "scratch": 64,
    "vllm": 256,
}  # side by side; vLLM fits as many as its memory holds, up to this
"""Answers decoded side by side; see PretrainedConfig and ScratchConfig."""
CHARACTERS_PER_TOKEN = 3.2
"""Of code, in a vocabulary of a hundred thousand pieces; canonical words of a scratch model are
about as long.
"""
SCRATCH_VOCABULARY = 400
TESTS_TOKENS = 160
"""Of an answer of the Tester: four tests of one line."""
VERIFY_CPU_S = 0.2
"""CPU seconds for one program's share of suite, mutants and candidates
(docs/results/throughput.md).
"""
RECORD_BYTES = 6000
"""Of one candidate with its verdict in a run folder."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The nodes that a run is planned for, all alike.

    nodes: their number. gpus: GPUs of a node. cpus: CPUs of a node. None: nobody said.
    """

    nodes: int | None = None
    gpus: int | None = None
    cpus: int | None = None

    @property
    def is_said(self) -> bool:
        """Return whether anything is known of it."""
        return (self.nodes, self.gpus, self.cpus) != (None, None, None)

    @property
    def all_gpus(self) -> int:
        """Return the GPUs of all nodes, 0 where nobody said."""
        return (self.nodes or 1) * (self.gpus or 0)

    @property
    def all_cpus(self) -> int:
        """Return the CPUs of all nodes; where nobody said, a node has as many as this machine."""
        return (self.nodes or 1) * (self.cpus or count_usable_cores())


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a run fits on a cluster. fits: None where nobody said what the cluster has. text: one
    line that says so, with what is needed and what is given.
    """

    fits: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class WorkEstimate:
    """Estimated work of a whole run for one of its two models.

    programs: number of training programs. held_out: number of programs to evaluate on.
    prompt, answer: tokens of one prompt and of one answer.
    answers_per_round: answers proposed per round. answers_evaluated: answers per evaluation.
    learnt_per_round: tokens trained on per round, on average.
    cold_tokens: tokens trained on before the first round: in the cold start and the ladder before
        it.
    """

    programs: int
    held_out: int
    prompt: int
    answer: int
    answers_per_round: int
    answers_evaluated: int
    learnt_per_round: float
    cold_tokens: float
    """Of the cold start and of the ladder before it."""

    def answers(self, rounds: int) -> int:
        """Return the number of answers in a run of `rounds` rounds, evaluations included."""
        return rounds * self.answers_per_round + (rounds + 1) * self.answers_evaluated

    def learnt(self, rounds: int) -> float:
        """Return the number of tokens trained on in a run of `rounds` rounds, the cold start
        included.
        """
        return self.cold_tokens + rounds * self.learnt_per_round


def estimate_translator_work(config: Config, corpus: RunCorpus) -> WorkEstimate:
    """Return upper bounds of the Translator's work. The bounds assume that candidates are as long
    as their sources, and that as many survive of each source as are learnt from.
    """
    programs = [p for _, side in corpus.sides(config) for p in side]
    held_out = sum(len(part.evaluation) for _, part in corpus.by_direction(config))
    words, code = _count_request_tokens(config, programs)
    answer = min(config.model.max_new_tokens, code)
    pair = words + code + answer
    lessons = 0.0 if config.round.freezes_translator else _lessons(config, len(programs))
    return WorkEstimate(
        len(programs),
        held_out,
        words + code,
        answer,
        len(programs) * config.round.samples,
        held_out * config.evaluate.samples,
        lessons * pair * config.round.epochs,
        config.cold_start.generated * _count_taught_pairs(config) * pair * config.cold_start.epochs
        + count_pretraining_examples(config) * pair,
    )


def estimate_tester_work(config: Config, corpus: RunCorpus) -> WorkEstimate:
    """Return upper bounds of the Tester's work. The bounds assume that every program has a suite to
    learn from in every round.
    """
    programs = list({p.id: p for _, side in corpus.sides(config) for p in side}.values())
    held_out, wanted = len(corpus.evaluation), config.round
    words, code = _count_request_tokens(config, programs)
    answer = min(config.model.max_new_tokens, TESTS_TOKENS)
    pair = words + code + answer
    rounds = {"accumulate": (wanted.count + 1) / 2, "replace": 1.0, "mix": 2.0}[
        wanted.experience
    ]  # of which suites are learnt from
    lessons = 0.0 if wanted.freezes_tester else len(programs) * rounds * (1 + wanted.replay)
    return WorkEstimate(
        len(programs),
        held_out,
        words + code,
        answer,
        len(programs) * wanted.suites,
        held_out,
        lessons * pair * wanted.epochs,
        config.cold_start.suites * pair * config.cold_start.epochs,
    )


def _count_request_tokens(config: Config, programs: Sequence[Program]) -> tuple[int, int]:
    """Tokens of a request's words, and of the code in it."""
    characters = sum(len(p.text) for p in programs) / max(1, len(programs))
    code = int(characters / CHARACTERS_PER_TOKEN) + 1
    return 0 if config.model.backend == "scratch" else 150 + config.model.few_shot * 2 * code, code


def _lessons(config: Config, programs: int) -> float:
    """Most lessons of a Translator in one round; a preference is two, a program whose answers are
    rewarded as many as it has.
    """
    wanted = config.round
    if wanted.learn == "grpo":
        return programs * max(2, wanted.samples)
    kept = programs * min(wanted.per_source, wanted.samples * max(1, wanted.count))
    if wanted.learn == "dpo":
        return 2 * kept
    return kept * (
        (2 if wanted.learn == "both" else 1) + wanted.replay * _count_taught_pairs(config)
    )


def _count_taught_pairs(config: Config) -> float:
    """Generated pairs for each of those in the run's own directions, with what is taught beside
    them.
    """
    return 1 + (
        config.cold_start.beside if find_taught_directions(config, config.directions) else 0.0
    )


def count_pretraining_examples(config: Config) -> int:
    """Return the number of examples in all passes of the pretraining on unpaired functions, which
    precedes the cold start; 0 if none is configured.

    Back-translation has its pairs and as many denoising examples.
    """
    from coevolve.loop.pretraining_lessons import count_passes, list_steps

    dialects = len({name for direction in config.directions for name in direction.split(":")})
    whole = sum(count_passes(config, step) for step in list_steps(config) if step != "bt")
    back = (
        4 * len(config.directions) * config.ladder.translated if "bt" in config.ladder.steps else 0
    )
    return whole * dialects * config.ladder.examples + back


def find_shape(config: Config) -> ModelShape | None:
    """Return the shape of the configured model: the Translator's, as layers, widths and vocabulary;
    None for one behind an endpoint. No weights are read. Raises ModelError if the shape cannot be
    found.
    """
    wanted = config.model
    if wanted.backend == "openai":
        return None
    if wanted.backend != "scratch":
        from coevolve.loop.checkpoints import CheckpointCache

        return find_model_shape(
            CheckpointCache(config, "translator", list_translators(config)[0].name).start
        )
    kept = wanted.heads // 3 if wanted.heads % 3 == 0 else wanted.heads
    return ModelShape(
        wanted.layers,
        wanted.width,
        512,
        wanted.heads,
        kept,
        SCRATCH_VOCABULARY,
        True,
        known="configuration; vocabulary estimated",
    )


EXAMPLES = ("cpu", "a100")
"""Machines of MACHINES whose hours are shown where nobody says which it will be."""


def format_plan(
    config: Config, corpus: RunCorpus, machine: Machine | None, cluster: Cluster = Cluster()
) -> str:
    """Return what a run of `config` on `corpus` would need on `machine`, as text: parameters,
    memory, GPUs, hours, disk and assumptions. For a model behind an endpoint it is what its tokens
    cost.

    machine: None: nobody said which; the hours are those of two examples, a CPU and an A100, and
        say so. cluster: what a line of the text says the run fits on, or does not.
    Raises ModelError if the model's shape cannot be found.
    """
    works, shape = (
        (estimate_translator_work(config, corpus), estimate_tester_work(config, corpus)),
        find_shape(config),
    )
    rounds = config.round.count
    work, answers = works[0], works[0].answers(rounds)
    lines = [
        f"{config.title}, {rounds} rounds, {work.programs} programs to translate, "
        f"{work.held_out} held out",
        f"about {work.prompt} prompt and {work.answer} answer tokens each (at most "
        f"{config.model.max_new_tokens}), "
        f"{answers} candidates in all, and {works[1].answers(rounds)} answers of the Tester",
    ]
    fit = [f"cluster      {explain_fit(config, cluster).text}"]
    if shape is None:
        return "\n".join(lines + _format_bill(config, works) + fit)
    lines += [
        "",
        f"model        {config.model.name_or_path or 'scratch'}: {shape.parameters / 1e6:,.1f} "
        f"M parameters ({shape.known})",
    ]
    shown = [machine] if machine else [MACHINES[name] for name in EXAMPLES]
    lines += _memory(config, work, shape, shown[-1]) + _gpus(config, cluster) + fit
    for each in shown:
        lines += _hours(config, works, shape, each, cluster)
    if not machine:
        lines.append("examples     both, since no machine was named: --machine")
    lines += _disk(config, shape, answers)
    return "\n".join(lines)


def _format_bill(config: Config, works: Sequence[WorkEstimate]) -> list[str]:
    rounds = config.round.count
    tokens = (
        sum(w.answers(rounds) * w.prompt for w in works),
        sum(w.answers(rounds) * w.answer for w in works),
    )
    cost = sum(n * price for n, price in zip(tokens, config.model.prices)) / 1e6
    priced = (
        f"cost about {cost:.2f} at model.prices"
        if any(config.model.prices)
        else "set model.prices to see the cost"
    )
    return [
        "",
        f"endpoint     {config.model.name_or_path} at {config.model.endpoint}: no memory here, "
        f"nothing is trained",
        f"tokens       {tokens[0] / 1e6:.2f} M prompt, {tokens[1] / 1e6:.2f} M answer; {priced}",
    ]


def explain_fit(config: Config, cluster: Cluster) -> Fit:
    """Return whether the actors of a run of `config` fit on `cluster`, by the rules of a run that
    starts: its GPUs are there, and those of a model lie on one node. CPUs are shared, so any number
    of them serves; how much memory the models take is not compared.
    """
    from coevolve.loop.actors import count_requested_gpus

    wanted, given = config.resources, cluster.all_gpus
    if not cluster.is_said:
        return Fit(
            None, "not said: give --gpus and --cpus of a node, and --nodes, to hear if this fits"
        )
    verifiers = count_verifiers(config, cluster)
    asked = count_requested_gpus(config, verifiers)
    if not given:  # then trainers work on CPUs
        asked["trainers"] = 0.0
    needs, inside = (
        sum(asked.values()),
        ", ".join(f"{name} {n:g}" for name, n in asked.items() if n),
    )
    models, each = wanted.translators + wanted.testers, wanted.model_gpus
    if config.verify.backend == "cuda" and not wanted.verifier_gpus:
        why = "verify.backend = 'cuda' needs a share of a GPU for each verifier, none asked for: "
        why += "set resources.verifier_gpus, for example to 0.1"
    elif needs > given + 1e-6:
        why = f"needs {needs:g} GPUs, {given} given ({inside})"
    elif each and (cluster.nodes or 1) * int((cluster.gpus or 0) / each + 1e-6) < models:
        why = f"needs {each:g} GPUs of one node for each of {models} models, "
        why += f"{cluster.nodes or 1} x {cluster.gpus or 0} given"
    else:
        return Fit(
            True,
            f"fits: needs {needs:g} GPUs, {given} given; {verifiers} verifiers on "
            f"{cluster.all_cpus} CPUs{'; memory is not compared' * (given > 0)}",
        )
    return Fit(False, f"does not fit: {why}")


def count_verifiers(config: Config, cluster: Cluster) -> int:
    """Return how many verifiers a run has on a cluster: `verify.workers`, or one per CPU."""
    return config.verify.workers or cluster.all_cpus


def _gpus(config: Config, cluster: Cluster) -> list[str]:
    from coevolve.loop.actors import count_requested_gpus

    asked = count_requested_gpus(config, count_verifiers(config, cluster))
    inside = ", ".join(f"{name} {share:g}" for name, share in asked.items())
    note = (
        ""
        if config.resources.model_gpus
        else "; models then use what their node shows (resources.model_gpus)"
    )
    return [f"GPUs         {sum(asked.values()):g} asked of Ray ({inside}){note}"]


def _micro(config: Config) -> int:
    return config.finetune.micro_tokens or config.finetune.batch_tokens


def _memory(config: Config, work: WorkEstimate, shape: ModelShape, machine: Machine) -> list[str]:
    from coevolve.loop.checkpoints import make_model_options

    bytes_each = 4 if machine is MACHINES["cpu"] else 2
    rows = ROWS.get(config.model.backend, config.model.rows)
    longest = work.prompt + config.model.max_new_tokens
    lines = [
        _row(
            f"generate, {rows} rows of {longest} tokens",
            estimate_generate_bytes(shape, rows, longest, bytes_each),
        )
    ]
    tuning = make_model_options(config).tuning
    for method in METHODS if config.model.backend != "scratch" else ("full",):
        mark = "*" if method == tuning.method else " "
        lines.append(
            _row(
                f"{mark} train {method}, {_micro(config)} tokens at once",
                estimate_train_bytes(shape, replace(tuning, method=method), _micro(config)),
            )
        )
    return ["memory (estimate, GiB; * = configured; each of the two models has its own)", *lines]


def _row(label: str, parts: dict[str, float]) -> str:
    inside = ", ".join(f"{name} {value / GIB:.2f}" for name, value in parts.items())
    return f"  {label:<42} {sum(parts.values()) / GIB:8.2f}   {inside}"


def _hours(
    config: Config,
    works: Sequence[WorkEstimate],
    shape: ModelShape,
    machine: Machine,
    cluster: Cluster,
) -> list[str]:
    from coevolve.loop.checkpoints import make_model_options

    tuning, rows, rounds = (
        make_model_options(config).tuning,
        ROWS.get(config.model.backend, config.model.rows),
        config.round.count,
    )
    width = 4 if machine is MACHINES["cpu"] else 2
    workers = count_verifiers(config, cluster)
    here = "" if config.verify.workers or cluster.cpus else ", one per CPU of this machine (--cpus)"
    parts = {
        "generate": sum(
            estimate_generate_seconds(
                shape, w.answers(rounds), w.prompt, w.answer, rows, machine, width
            )
            for w in works
        ),
        "train": sum(
            estimate_train_seconds(shape, tuning, w.learnt(rounds), machine) for w in works
        ),
        "verify": VERIFY_CPU_S * works[0].answers(rounds) / workers,
    }
    inside = ", ".join(f"{name} {value / 3600:.2f}" for name, value in parts.items())
    return [
        f"hours        about {sum(parts.values()) / 3600:.2f}, Translator and Tester "
        f"({inside}); on {machine.name}: {machine.flops / 1e12:g} TFLOP/s and "
        f"{machine.bandwidth / 1e9:g} GB/s sustained, {workers} verifiers{here} (verifying "
        f"overlaps with generating); loading models and starting machines come on top"
    ]


def _disk(config: Config, shape: ModelShape, answers: int) -> list[str]:
    keeps = config.finetune.keep_adapter and config.finetune.method != "full"
    saved = (4 if config.model.backend == "scratch" else 2) * shape.parameters
    saved = 4 * shape.adapter_parameters(config.finetune.rank) if keeps else saved
    checkpoints = (len(list_translators(config)) + 1) * saved * (config.round.count + 2)
    trained = (
        shape.parameters
        if config.finetune.method == "full"
        else shape.adapter_parameters(config.finetune.rank)
    )
    passing = 0.0 if config.model.backend == "scratch" else 2 * 12.0 * trained
    records = RECORD_BYTES * answers
    return [
        f"disk         {(checkpoints + passing + records) / GB:.1f} GB (estimate): checkpoints "
        f"of {config.round.count + 1} stages and the export "
        f"{checkpoints / GB:.1f}, while training {passing / GB:.1f}, records {records / GB:.2f}"
    ]


def add_parser(commands):
    """Add `coevolve plan` to `commands`, the subparsers of the command line. Returns its parser."""
    parser = commands.add_parser(
        "plan",
        help="what a run would need: parameters, memory, GPUs, hours, disk, and whether it fits",
        description="Print what a configuration would need, from its corpora and the model's "
        "shape, and whether that fits on the nodes that the options describe; no weights are read "
        "or downloaded.",
    )
    parser.add_argument("config", help="TOML configuration, for example configs/qwen.toml")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override a key, for example --set finetune.method=lora",
    )
    parser.add_argument(
        "--machine",
        choices=sorted(MACHINES),
        help="what it would run on (default: cpu for scratch models, else cpu and a100 as "
        "examples)",
    )
    parser.add_argument("--nodes", type=int, metavar="N", help="nodes of the cluster (default: 1)")
    parser.add_argument("--gpus", type=int, metavar="G", help="GPUs of each node (default: 0)")
    parser.add_argument(
        "--cpus", type=int, metavar="C", help="CPUs of each node (default: as this machine)"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the lines as one JSON list; that about the cluster has 'fits'",
    )
    return parser


def run(args) -> int:
    """Print what a run of a configuration would need, and whether it fits. args: parsed by
    `add_parser`. Returns the exit code 0. Raises ConfigError, CorpusError, ModelError or UserError
    for bad input.
    """
    from coevolve.config.schema import load
    from coevolve.loop.run_corpus import build_corpus
    from corpora.datasets.loaders import CorpusError

    for name, least in (("nodes", 1), ("gpus", 0), ("cpus", 1)):
        value = getattr(args, name)
        if value is not None and value < least:
            raise UserError(f"--{name} {value}: give at least {least}")
    cluster = Cluster(args.nodes, args.gpus, args.cpus)
    config = load(args.config, tuple(args.set))
    named = args.machine or ("cpu" if config.model.backend == "scratch" else "")
    machine = MACHINES[named] if named else None
    try:
        corpus = build_corpus(config)
    except CorpusError as error:
        raise CorpusError(
            f"[corpus] of {args.config}: {error}; another one: --set corpus.source=PATH"
        ) from None
    text = format_plan(config, corpus, machine, cluster)
    if args.json:
        lines = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
        told = [{"about": about, "text": " ".join(rest)} for about, *rest in lines]
        fits = explain_fit(config, cluster).fits
        print(json.dumps([t | ({"fits": fits} if t["about"] == "cluster" else {}) for t in told]))
    else:
        print(text)
    return 0
