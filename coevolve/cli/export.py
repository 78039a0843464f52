"""Export: checkpoints as Hugging Face folders with model cards, verified pairs as Parquet with
their evidence, or as chats to fine-tune a model on.

Contract: the checkpoints load with `AutoModelForCausalLM.from_pretrained` (or Seq2Seq) and
`AutoTokenizer` in a fresh process without this project. An export appears only when complete.

    coevolve export runs/demo --out exported
    coevolve export exported/pairs.parquet --format sft --out pairs.jsonl
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from coevolve.cli.cards import RunFacts, choose_license, make_dataset_card, make_model_card
from coevolve.cli.errors import UserError
from coevolve.config.schema import Config
from coevolve.evaluation.contamination import read_manifest
from coevolve.loop.directions import has_checkpoints, list_translators
from coevolve.loop.run_folder import RunFolder
from coevolve.report.data import list_rounds
from coevolve.report.page import collect_figures, make_table, open_run
from coevolve.report.rises import count_unlearnt_rounds, describe_unlearnt
from corpora import builtin, development
from corpora.files import write_atomically, write_folder
from corpora.fingerprints import compute_fingerprints
from corpora.records import Program, Triplet
from corpora.splits import name_groups
from corpora.store import read_grouped_triplets, read_jsonl, write_triplets
from gpu_runtime.models.backends import classify_model


def export_run(
    root: Path,
    out: Path | None = None,
    number: int | None = None,
    half: bool = False,
    license: str = "",
) -> Path:
    """Write a run's models, and its kept pairs as Parquet, as they were after one round, each with
    its card. Returns the folder's path.

    root: the run's folder. out: where to write; None: `export/` in the run. number: the round;
        None: the last finished one. half: write weights as float16. license: what the
        card of the pairs names, such as `mit`; '' for what follows from corpora and models, as
        the models' own cards have it.
    Raises UserError if there is no run, or the round has no checkpoints.
    """
    folder, config = open_run(root)
    last = _find_round(root, folder, config, number)
    paths = folder.round(last)
    for number in range(1, last + 1):  # what is shipped is what was verified
        folder.is_finished(folder.round(number).triplets)
    target = out or folder.export
    if target.resolve() != folder.export.resolve() and target.exists():
        raise UserError(f"'{target}' exists already; choose another --out or delete it")

    def fill(temporary: Path) -> None:
        until = [row for row in collect_figures(folder, config) if row.number <= last]
        header, rows = _strip_times(*make_table(folder, config, until))
        unlearnt = last if 0 < last <= count_unlearnt_rounds(folder) else 0
        facts = replace(
            _collect_facts(config, last),
            header=header,
            rows=rows,
            unlearnt=describe_unlearnt(folder, unlearnt) if unlearnt else "",
        )
        models = [
            ("Translator", paths.folder / served.name, served.directions)
            for served in list_translators(config)
        ]
        for kind, source, directions in (*models, ("Tester", paths.tester, config.directions)):
            copied = temporary / source.name
            shutil.copytree(source, copied)
            if half:
                _halve_precision(copied)
            if (trained := read_manifest(source)) is not None:
                trained.write(
                    copied
                )  # beside the weights wherever they go: `coevolve eval` reads it
            canonical = classify_model(copied) == "scratch"
            own = replace(facts, directions=tuple(directions))
            card = make_model_card(kind, source.name, canonical, own)
            (copied / "README.md").write_text(card, encoding="utf-8")
        pairs = triplets_until(folder, last)
        write_triplets(temporary / "pairs.parquet", pairs)
        facts = replace(facts, license=license or facts.license)
        own_sources = _count_own([t.source for t in pairs])
        card = make_dataset_card(len(pairs), facts, own_sources, _count_pairs(pairs))
        (temporary / "README.md").write_text(card, encoding="utf-8")

    write_folder(target, fill)
    return target


def export_chats(what: Path, out: Path, number: int | None = None) -> int:
    """Write verified pairs as JSONL, one chat a row, all or nothing: `messages` (what a model is
    asked, and its answer), `id`, `direction` and `group` of the pair; pairs of one `group` are
    alike. Returns how many rows.

    what: a run's folder, or a `.parquet` file of pairs: of an export, or what `coevolve
        decontaminate` left of one. out: a .jsonl file. number: the run's round, up to which pairs
        are taken; None: its last.
    Raises UserError if there is no such run or round or `out` ends otherwise, StoreError if the
    file is something else.
    """
    from coevolve.prompts import write_conversation

    if out.suffix != ".jsonl":
        raise UserError(f"--out '{out}' must end with .jsonl: --format sft writes one file")
    if what.suffix == ".parquet":
        if number is not None:
            raise UserError(f"--round {number}: '{what}' is a file of pairs; name the run's folder")
        rows = read_grouped_triplets(what)
    else:
        folder, _ = open_run(what)
        last = max(list_rounds(folder), default=0)
        if number is not None and not 0 <= number <= last:
            raise UserError(f"'{what}' has no round {number}; its last is {last}")
        triplets = triplets_until(folder, last if number is None else number)
        groups = name_groups([(t.source, t.target) for t in triplets])
        rows = list(zip(groups, triplets, strict=True))
    lines = [
        {
            "messages": write_conversation(t.source, t.target),
            "id": t.id,
            "direction": t.direction,
            "group": group,
        }
        for group, t in rows
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_atomically(out, lambda file: file.write(text.encode("utf-8", "surrogatepass")))
    return len(lines)


def _count_own(programs: Sequence[Program]) -> int:
    """How many programs come with this project, in whatever folder they were found."""
    own = [
        p
        for name in sorted({p.dialect for p in programs})
        for module in (builtin, development)
        for p in module.programs(name)
    ]
    known = set(compute_fingerprints(own).exact)
    return sum(key in known for key in compute_fingerprints(programs).exact)


def _find_round(root: Path, folder: RunFolder, config: Config, number: int | None) -> int:
    """The round to export: `number`, or the last whose models are there. Raises UserError if there
    is none.
    """
    there = folder.find_last(lambda paths: has_checkpoints(config, paths.folder))
    if there is None:
        raise UserError(
            f"'{root}' has no finished checkpoints yet; 'coevolve run --resume {root}' goes on"
        )
    if number is None or has_checkpoints(config, folder.round(number).folder):
        return there if number is None else number
    removed = folder.was_made(folder.round(number).tester)
    why = ", since 'coevolve gc' removed them" if removed else ""
    raise UserError(
        f"'{root}' has no finished checkpoints of round {number}{why}; the last are of round "
        f"{there}"
    )


def _collect_facts(config: Config, number: int) -> RunFacts:
    given = (config.corpus.source, config.corpus.target)
    several = (each for one in given for each in ((one,) if isinstance(one, str) else one))
    corpora = tuple(dict.fromkeys(each for each in several if each))
    began = config.model.name_or_path if config.model.backend != "scratch" else ""
    license = choose_license(corpora, began)
    shown = tuple(each if _is_public(each) else Path(each).name for each in corpora)
    wanted = config.round
    made = (
        f"Made by coevolve {version('coevolve')} with seed {config.seed}: {wanted.samples} answers "
        f"a program and round at temperature {wanted.temperature:g}; verdicts by "
        f"`verify.mutants` = {config.verify.mutants}, "
        f"`verify.least_strength` = {config.verify.least_strength:g}. "
        f"{_describe_held_out(config)}"
    )
    return RunFacts(config.directions, number, shown, began, license, made=made)


def _describe_held_out(config: Config) -> str:
    evaluation = config.corpus.evaluation
    if not evaluation:
        share = config.corpus.evaluation_fraction
        return f"A share of {share:g} of the sources was held out, with whatever is like it."
    named = [evaluation] if isinstance(evaluation, str) else dict.fromkeys(evaluation)
    words = ", ".join(f"`{each if _is_public(each) else Path(each).name}`" for each in named)
    return f"Held out, with whatever is like it: {words}."


def _count_pairs(pairs: Sequence[Triplet]) -> list[tuple[str, ...]]:
    """Rows of (direction, pairs, of which proved, sources, groups)."""
    groups = name_groups([(t.source, t.target) for t in pairs])
    rows = []
    for direction in dict.fromkeys(t.direction for t in pairs):
        own = [(t, g) for t, g in zip(pairs, groups, strict=True) if t.direction == direction]
        counts = (
            len(own),
            sum(t.verdict.evidence == "proved" for t, _ in own),
            len({t.source.id for t, _ in own}),
            len({g for _, g in own}),
        )
        rows.append((direction, *map(str, counts)))
    return rows


def _is_public(corpus: str) -> bool:
    """Whether a corpus is named by a word, and not by a path of somebody's machine."""
    return "/" not in corpus or corpus.startswith("hf:")


def push_export(folder: Path, repo: str) -> list[str]:
    """Upload an export to the hub: each model to a repository `REPO-NAME` of its own, such as
    `me/demo-translator`, and the pairs with their card to the data set `REPO-pairs`. Returns their
    addresses, the models' first.

    folder: the export's. repo: OWNER/NAME. Private repositories are made where there are none; a
        token is found as huggingface_hub finds it. Raises UserError if the hub refuses, or `repo`
        has another form.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    owner, slash, name = repo.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise UserError(f"--push '{repo}' is no name of a repository; give OWNER/NAME")
    hub, pushed = HfApi(), []
    models = sorted(each for each in folder.iterdir() if each.is_dir())
    places = [(each, f"{repo}-{each.name}", "model", None) for each in models]
    places.append((folder, f"{repo}-pairs", "dataset", ["pairs.parquet", "README.md"]))
    try:
        for source, to, kind, only in places:
            hub.create_repo(to, repo_type=kind, private=True, exist_ok=True)
            hub.upload_folder(repo_id=to, folder_path=source, repo_type=kind, allow_patterns=only)
            pushed.append(f"{hub.endpoint}/{'datasets/' if kind == 'dataset' else ''}{to}")
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"--push {repo}: the hub refused: {reason}; the export is in '{folder}'"
        ) from None
    return pushed


def _halve_precision(folder: Path) -> None:
    """Store every weight of 32 bits in 16."""
    import torch
    from safetensors.torch import load_file, save_file

    for path in folder.glob("*.safetensors"):
        tensors = load_file(path)
        save_file(
            {
                name: t.to(torch.float16) if t.dtype == torch.float32 else t
                for name, t in tensors.items()
            },
            path,
            metadata={"format": "pt"},
        )
    shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(
        json.dumps(shape | {"dtype": "float16"}, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )


def _strip_times(header: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The table without its times, so that equal runs export equal files."""
    kept = [i for i, name in enumerate(header) if not name.startswith("seconds")]
    return [header[i] for i in kept], [[row[i] for i in kept] for row in rows]


def triplets_until(folder: RunFolder, last: int) -> list[Triplet]:
    """Return every triplet that a run kept in rounds 1 to `last`, each once, in order. folder: the
    run's. Raises StoreError if a file is damaged.
    """
    rounds = (k for k in list_rounds(folder) if 0 < k <= last)
    found = (
        t
        for k in rounds
        if folder.round(k).triplets.exists()
        for t in read_jsonl(folder.round(k).triplets, Triplet)
    )
    return list({t.id: t for t in found}.values())
