"""Whether a model was trained on what it is evaluated on: a compact manifest of trained programs,
and the check against it.

Contract: `training_manifest.json` in a checkpoint's folder holds no text: an exact hash of the
canonical tokens of every program that the model learnt from (names, layout and comments do not
count), and for real ones a sketch of 64 minima of 4 bits that finds near-duplicates. A
sketch estimates similarity to about 0.05; items at or above NEAR are reported. Generated programs
are known by their exact hash only: they come by the ten thousand, from a generator that has seen no
corpus, so that one that equals an item does so by chance. That is reported, and is no reason to
refuse.

    python -c "from coevolve.evaluation.contamination import Manifest; \\
        print(Manifest.of([], ['void f(int n) {}']).generated)"

Method: b-bit minwise hashing (Li and König, "b-Bit Minwise Hashing", 2010).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coevolve.evaluation.corpus import EvalItem
from corpora.files import write_atomically
from corpora.fingerprints import compute_fingerprints
from corpora.records import Program, Triplet
from corpora.store import read_jsonl

FILE_NAME = "training_manifest.json"
SCHEMA_VERSION = 1
NEAR = 0.7
"""Estimated similarity from which an item counts as trained on: of pairs at 0.8, the guard's
threshold, 97 % are above.
"""
MINIMA, BITS = 64, 4
_AT_ONCE = 2000


class ManifestError(ValueError):
    """A training manifest cannot be read. The message is one line."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A record, without any text, of the programs that a model was trained on.

    exact: hashes of real programs, 16 hex digits each.
    sketches: min-hash sketches of the same programs in order, uint8 of shape (real programs, 64).
    generated: hashes of generated programs.
    """

    exact: tuple[str, ...]
    sketches: np.ndarray
    generated: frozenset[str]

    @staticmethod
    def of(real: Sequence[Program | str], generated: Sequence[Program | str] = ()) -> Manifest:
        """Return the manifest of the given programs, each once. real: programs of corpora, or their
        texts.
        generated: programs of the generator. Programs that differ only in names, layout or comments
        are one.
        """
        exact, sketches = _make_marks(real)
        first = sorted({key: i for i, key in reversed(list(enumerate(exact)))}.values())
        return Manifest(
            tuple(exact[i] for i in first),
            sketches[first],
            frozenset(compute_fingerprints(generated).exact),
        )

    def joined(self, other: Manifest) -> Manifest:
        """Return the manifest of all programs of this one and `other`."""
        known = set(self.exact)
        new = [i for i, key in enumerate(other.exact) if key not in known]
        exact = self.exact + tuple(other.exact[i] for i in new)
        return Manifest(
            exact,
            np.concatenate([self.sketches, other.sketches[new]]),
            self.generated | other.generated,
        )

    def write(self, folder: Path) -> None:
        """Write the manifest as the file `training_manifest.json` in `folder`, all or nothing.
        Equal manifests give equal bytes. Raises OSError if the disk is full.
        """
        value = {
            "schema_version": SCHEMA_VERSION,
            "kind": "training_manifest",
            "real": {
                "n": len(self.exact),
                "exact": _pack_hashes(self.exact),
                "sketches": _base64(_nibbles(self.sketches)),
            },
            "generated": {"n": len(self.generated), "exact": _pack_hashes(sorted(self.generated))},
        }
        text = json.dumps(value, indent=1, sort_keys=True) + "\n"
        write_atomically(folder / FILE_NAME, lambda out: out.write(text.encode()))

    @staticmethod
    def read(folder: Path) -> Manifest | None:
        """Return the manifest in `folder`, or None if there is none. Raises ManifestError if it is
        damaged or of another version.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            return None
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            if value["schema_version"] != SCHEMA_VERSION:
                raise ManifestError(
                    f"'{path}' has schema_version {value['schema_version']}, this program reads "
                    f"{SCHEMA_VERSION}"
                )
            bytes_ = np.frombuffer(base64.b64decode(value["real"]["sketches"]), np.uint8)
            sketches = np.stack([bytes_ >> 4, bytes_ & 15], axis=1).reshape(-1, MINIMA)
            return Manifest(
                _unpack_hashes(value["real"]["exact"]),
                sketches,
                frozenset(_unpack_hashes(value["generated"]["exact"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise (
                error
                if isinstance(error, ManifestError)
                else ManifestError(f"'{path}' is no training manifest: {error}")
            ) from None

    def trained_on(self, programs: Sequence[Program | str]) -> list[tuple[str, float]]:
        """Return (how, similarity in [0, 1]) for each of `programs`, in order.

        how: `equal` if it equals a real program of the manifest, `near` if it nearly equals one,
            `generated` if it equals a generated one only, '' if it is like none. The similarity is
            estimated for `near`.
        """
        if not programs:
            return []
        exact, sketches = _make_marks(programs)
        known = set(self.exact)
        return [
            ("equal", 1.0)
            if key in known
            else ("near", s)
            if s >= NEAR
            else ("generated", 1.0)
            if key in self.generated
            else ("", s)
            for key, s in zip(exact, self._nearest(sketches), strict=True)
        ]

    def _nearest(self, sketches: np.ndarray) -> list[float]:
        """Similarity of each sketch to the most alike one of the manifest, estimated, 0 at
        least.
        """
        best = np.zeros(len(sketches))
        for start in range(0, len(self.sketches), _AT_ONCE):
            part = self.sketches[start : start + _AT_ONCE]
            shared = np.stack([(part == row).mean(axis=1).max() for row in sketches])
            best = np.maximum(best, shared)
        chance = 2.0**-BITS
        return [max(0.0, (float(s) - chance) / (1 - chance)) for s in best]


def _make_marks(programs: Sequence[Program | str]) -> tuple[list[str], np.ndarray]:
    prints = compute_fingerprints(programs)
    return prints.exact, np.array([_sketch(s) for s in prints.shingles], np.uint8).reshape(
        -1, MINIMA
    )


_FACTORS = np.random.default_rng(20).integers(1, 1 << 63, MINIMA, np.uint64) | np.uint64(1)


def _sketch(shingles: np.ndarray) -> np.ndarray:
    """4 bits of each of 64 minima over an item's shingle hashes, shape (64,)."""
    mixed = shingles[None, :] * _FACTORS[:, None]
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    return ((mixed ^ (mixed >> np.uint64(29))).min(axis=1) % np.uint64(1 << BITS)).astype(np.uint8)


def _nibbles(sketches: np.ndarray) -> bytes:
    return ((sketches[:, ::2] << 4) | sketches[:, 1::2]).astype(np.uint8).tobytes()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _pack_hashes(hashes: Sequence[str]) -> str:
    return _base64(bytes.fromhex("".join(hashes)))


def _unpack_hashes(text: str) -> tuple[str, ...]:
    data = base64.b64decode(text).hex()
    return tuple(data[i : i + 16] for i in range(0, len(data), 16))


# --- models and evaluations
# -------------------------------------------------------------------------------------------


def read_manifest(checkpoint: Path) -> Manifest | None:
    """Return what the model in the folder `checkpoint` was trained on, or None if that is unknown.
    The manifest is read from the checkpoint, its export, or the files of its run. Raises
    ManifestError or StoreError if such a file is damaged.
    """
    for folder in (checkpoint, checkpoint.parent):
        if (found := Manifest.read(folder)) is not None:
            return found
    run, part = checkpoint.parent.parent, checkpoint.parent.name
    if (run / "split.json").is_file() and (part == "cold" or part.startswith("round-")):
        return make_run_manifest(run, 0 if part == "cold" else int(part.removeprefix("round-")))
    return None


def make_run_manifest(run: Path, number: int) -> Manifest:
    """Return the manifest of the pairs kept in rounds 1 to `number`, both sides. run: the run's
    folder. Generated programs are not in it. Raises StoreError if a file is damaged.
    """
    files = [run / f"round-{k}" / "triplets.jsonl" for k in range(1, number + 1)]
    return Manifest.of(
        [
            p
            for f in files
            if f.is_file()
            for t in read_jsonl(f, Triplet)
            for p in (t.source, t.target)
        ]
    )


def find_contaminated(manifest: Manifest, items: Sequence[EvalItem]) -> list[dict]:
    """Return the items whose source or reference was trained on, in order and each once, as JSON
    values. Keys: `id`, `side` (`source` or `reference`), `how` (`equal`, `near` or `generated`) and
    `similarity` in [0, 1]. Where both sides are alike, the one that is like a real program is told,
    else the source.

    manifest: of what the model was trained on.
    """
    found = []
    sides = [
        ("source", [i.source for i in items]),
        ("reference", [i.reference or "" for i in items]),
    ]
    how = {side: manifest.trained_on(programs) for side, programs in sides}
    for at, item in enumerate(items):
        hits = [
            (how[side][at][0] == "generated", side)
            for side, programs in sides
            if programs[at] and how[side][at][0]
        ]
        if hits:
            side = min(hits, key=lambda hit: hit[0])[1]
            word, similarity = how[side][at]
            found.append(
                {"id": item.id, "side": side, "how": word, "similarity": round(similarity, 3)}
            )
    return found
