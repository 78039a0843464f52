"""Export: checkpoints as Hugging Face folders with model cards, verified pairs as Parquet with
their evidence.

Contract: the checkpoints load with `AutoModelForCausalLM.from_pretrained` (or Seq2Seq) and
`AutoTokenizer` in a fresh process without this project. The export folder appears only when
complete.

    coevolve export runs/demo --out exported
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from coevolve.cli.errors import UserError
from coevolve.config.schema import Config
from coevolve.evaluation.contamination import read_manifest
from coevolve.loop.directions import find_checkpoints, list_translators
from coevolve.loop.run_folder import RoundPaths, RunFolder
from coevolve.report.data import list_rounds
from coevolve.report.page import collect_figures, make_table, open_run
from corpora.files import write_folder
from corpora.records import Triplet
from corpora.store import read_jsonl, write_triplets
from gpu_runtime.models.backends import classify_model


def export_run(
    root: Path, out: Path | None = None, number: int | None = None, half: bool = False
) -> Path:
    """Write a run's models, and its kept pairs as Parquet, as they were after one round. Returns
    the folder's path.

    root: the run's folder. out: where to write; None: `export/` in the run. number: the round;
        None: the last finished one. half: write weights as float16.
    Raises UserError if there is no run, or the round has no checkpoints.
    """
    folder, config = open_run(root)
    last = folder.last_round(lambda each: _whole(config, each)) if number is None else number
    paths = folder.round(last)
    if not _whole(config, paths):
        raise UserError(
            f"'{root}' has no finished checkpoints of round {last}; see 'coevolve report {root}'"
        )
    for number in range(1, last + 1):  # what is shipped is what was verified
        folder.is_finished(folder.round(number).triplets)
    target = out or folder.export
    if target.resolve() != folder.export.resolve() and target.exists():
        raise UserError(f"'{target}' exists already; choose another --out or delete it")

    def fill(temporary: Path) -> None:
        until = [row for row in collect_figures(folder, config) if row.number <= last]
        header, rows = _strip_times(*make_table(folder, config, until))
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
            backend = classify_model(copied)
            (copied / "README.md").write_text(
                make_model_card(kind, backend, directions, last, header, rows), encoding="utf-8"
            )
        write_triplets(temporary / "pairs.parquet", triplets_until(folder, last))

    write_folder(target, fill)
    return target


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
    """Return every triplet kept in rounds 1 to `last`, each once, in order. Raises StoreError if a
    file is damaged.
    """
    rounds = (k for k in list_rounds(folder) if 0 < k <= last)
    found = (
        t
        for k in rounds
        if folder.round(k).triplets.exists()
        for t in read_jsonl(folder.round(k).triplets, Triplet)
    )
    return list({t.id: t for t in found}.values())


def _whole(config: Config, paths: RoundPaths) -> bool:
    return all(path.exists() for path in (*find_checkpoints(config, paths.folder), paths.tester))


_ASKED = {
    (
        "Translator",
        "scratch",
    ): "input is the canonical token form of the project (identifiers renamed, numbers "
    "split), which "
    "`translator.prompting.translate` makes and undoes.",
    (
        "Translator",
        "words",
    ): "it is asked in words with the program in a fenced block "
    "(`translator.prompting.translate`, plain style).",
    (
        "Tester",
        "scratch",
    ): "the function is given in the project's canonical token form (`tester.generate.propose`).",
    (
        "Tester",
        "words",
    ): "it is asked in words with the function in a fenced block (`tester.generate.propose`, "
    "plain style).",
}


def make_model_card(
    kind: str,
    backend: str,
    directions: Sequence[str],
    number: int,
    header: list[str],
    rows: list[list[str]],
) -> str:
    """Return a Hugging Face model card as Markdown with YAML in front.

    kind: `Translator` or `Tester`. backend: of the model, such as `scratch` or `pretrained`; it
        decides the prompts. directions: such as `cpp:cuda`. number: the round. header, rows: the
        run's table, as text.
    """
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    purpose = {
        "Translator": f"translates code ({', '.join(directions)} and the reverse where both "
        "corpora were given)",
        "Tester": "writes unit tests in the project's text form",
    }[kind]
    return (
        f"---\nlibrary_name: transformers\ntags: [code-translation, hpc, "
        f"{', '.join(direction.replace(':', '-to-') for direction in directions)}]\n---\n\n"
        f"# {kind} after round {number}\n\nThis model {purpose}; "
        f"{_ASKED[kind, backend if backend == 'scratch' else 'words']}\n\n## Figures of the run\n\n"
        "Measured on held-out programs by execution; no held-out program or near-duplicate was "
        "trained on.\n\n" + "\n".join(lines) + "\n"
    )
