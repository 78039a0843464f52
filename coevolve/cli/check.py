"""`coevolve check RUN` compares a run folder with what its stages sealed. `coevolve gc RUN` frees
the space of checkpoints that nothing will read again.

Contract: `check` changes nothing; exit code 0 where all is as it was sealed, 1 where not, 2 where
there is no run. `gc` removes checkpoints of rounds before the last finished one, with those of
their controls, and nothing that a resumed run, the report, or the export, evaluation or use of the
last round reads.

    coevolve check runs/demo && coevolve gc runs/demo --dry-run
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coevolve.config.schema import Config
    from coevolve.loop.manifest import Finding
    from coevolve.loop.run_folder import RunFolder


def add_parsers(commands) -> None:
    """Add `coevolve check` and `coevolve gc` to `commands`, the argparse subparsers of the command
    line.
    """
    check = commands.add_parser(
        "check",
        help="compare a run's files with what its stages wrote",
        description="Compare every finished file of a run with the length and checksum it had "
        "when its stage ended, and the ids in its records with each other.",
    )
    check.add_argument("run", metavar="RUN", help="run folder")
    check.add_argument("--json", action="store_true", help="print the findings as a JSON object")
    check.set_defaults(handler=run_check)
    clean = commands.add_parser(
        "gc",
        help="remove checkpoints that a run needs no more",
        description="Remove the checkpoints of rounds before the last finished one, and of their "
        "controls. Records, figures, the report and the last export stay; 'export --round' of an "
        "earlier round is no longer possible.",
    )
    clean.add_argument("run", metavar="RUN", help="run folder")
    clean.add_argument(
        "--keep",
        type=int,
        default=1,
        metavar="N",
        help="rounds whose checkpoints stay, at least 1 (default 1)",
    )
    clean.add_argument("--dry-run", action="store_true", help="print what would go, and stop")
    clean.add_argument("--json", action="store_true", help="print it as a JSON object")
    clean.set_defaults(handler=run_gc)


def run_check(args) -> int:
    """Check a run's files and records and print the findings. args: parsed by `add_parsers`.
    Returns the exit code, 1 if there are findings. Raises UserError if the folder holds no run,
    ConfigError if its manifest is damaged.
    """
    from coevolve.loop.manifest import check_files, read_facts, read_manifest
    from coevolve.report.page import open_run

    folder, _ = open_run(Path(args.run))
    sealed = len(read_manifest(folder.root))
    findings = [*check_files(folder.root), *find_dangling(folder)]
    if args.json:
        value = {
            "files": sealed,
            "findings": [asdict(each) for each in findings],
            "run": read_facts(folder.root),
        }
        print(json.dumps(value, indent=1))
    else:
        for each in findings:
            print(f"{each.path}: {each.problem}")
        print(f"{sealed} files sealed, {len(findings)} findings")
    return 1 if findings else 0


def find_dangling(folder: RunFolder) -> list[Finding]:
    """Return a finding for each file of a run whose records name others that are missing: verdicts
    without their candidate or source, triplets without their verdict. A file that cannot be read is
    a finding too.
    """
    from coevolve.loop.manifest import Finding
    from corpora.records import Candidate, Program, Triplet, Verdict
    from corpora.store import StoreError, read_jsonl

    def ids(path: Path, cls, key) -> set:
        return {key(each) for each in read_jsonl(path, cls)} if path.exists() else set()

    found: list[Finding] = []

    def note(path: Path, missing: set[str], what: str) -> None:
        if missing:
            name = str(path.relative_to(folder.root))
            found.append(Finding(name, f"{len(missing)} records name {what} that is not there"))

    try:
        programs = ids(folder.corpus, Program, lambda p: p.id)
        for number in range(1, folder.last_round(lambda paths: paths.folder.exists()) + 1):
            paths = folder.round(number)
            asked = ids(paths.proposals, Candidate, lambda c: c.id)
            verdicts = ids(paths.verdicts, Verdict, lambda v: (v.source_id, v.target_id))
            sources, judged = {s for s, _ in verdicts}, {t for _, t in verdicts}
            kept = ids(paths.triplets, Triplet, lambda t: t.verdict.target_id)
            note(paths.verdicts, judged - asked, "a candidate")
            note(paths.verdicts, sources - programs, "a program")
            note(paths.triplets, kept - judged, "a verdict")
    except StoreError as error:
        found.append(Finding(str(folder.root), str(error)))
    return found


@dataclass(frozen=True, slots=True)
class Removal:
    """A folder to remove. path: relative to the run's folder. bytes: the space that it takes."""

    path: str
    bytes: int


def find_removable(folder: RunFolder, config: Config, keep: int) -> list[Removal]:
    """Return the checkpoint folders, with the controls', of all but the last `keep` finished
    rounds, from the cold start on, which counts as a round. One that a kept adapter is for stays.
    The list is empty where nothing may go; nothing is removed.

    keep: from 1. With `round.behind` at least 2 rounds stay: so many a further round begins with.
    Raises UserError if `keep` is below 1.
    """
    from coevolve.cli.errors import UserError
    from coevolve.loop.directions import find_checkpoints

    if keep < 1:
        raise UserError(f"--keep {keep} would leave nothing to go on with; keep 1 round or more")

    def checkpoints(number: int) -> list[Path]:
        paths = folder.round(number)
        controls = find_checkpoints(config, paths.control.folder)
        return [*find_checkpoints(config, paths.folder), paths.tester, *controls]

    # A control learns after its round was evaluated, from the checkpoints before.
    last = folder.last_round(
        lambda paths: (
            paths.evaluation.exists()
            and (not config.round.control or paths.control.evaluation.exists())
        )
    )
    first = last - max(1 + config.round.behind, keep) + 1
    begun = folder.last_round(lambda paths: paths.folder.exists())
    needed = {_read_base(path) for k in range(max(0, first), begun + 1) for path in checkpoints(k)}
    return [
        Removal(
            str(path.relative_to(folder.root)),
            sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        )
        for number in range(first)
        for path in checkpoints(number)
        if path.exists() and path.resolve() not in needed
    ]


def _read_base(checkpoint: Path) -> Path | None:
    """The model that an adapter's folder is for, where it is a folder; None where it is none."""
    adapter = checkpoint / "adapter_config.json"
    if not adapter.is_file():
        return None
    return Path(json.loads(adapter.read_text("utf-8"))["base_model_name_or_path"]).resolve()


def run_gc(args) -> int:
    """Remove the checkpoints that `find_removable` lists, or only print them with `--dry-run`.
    args: parsed by `add_parsers`. Returns the exit code 0. Raises UserError if the folder holds no
    run or `--keep` is below 1, ConfigError if a process works in it.
    """
    from coevolve.loop import manifest
    from coevolve.loop.run_mirror import open_mirror
    from coevolve.report.page import open_run

    folder, config = open_run(Path(args.run))
    gone = find_removable(folder, config, args.keep)
    if not args.dry_run and gone:
        with folder.held():
            paths = [folder.root / each.path for each in gone]
            manifest.retire(folder.root, paths)
            for path in paths:
                shutil.rmtree(path, ignore_errors=True)
            if mirror := open_mirror(args.run):
                mirror.remove([each.path for each in gone])
    total = sum(each.bytes for each in gone)
    if args.json:
        print(json.dumps({"removed": [asdict(each) for each in gone], "bytes": total}, indent=1))
        return 0
    word = "would free" if args.dry_run else "freed"
    for each in gone:
        print(f"{each.path}: {each.bytes / 1e6:.1f} MB")
    print(f"{word} {total / 1e6:.1f} MB in {len(gone)} folders")
    return 0
