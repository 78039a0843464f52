"""Is a translation equivalent to its source? The engine under `coevolve.verify`: `verify_many`, and
`Engine` for more.

Contract: a Verdict for every pair, from execution; what programs do wrong is data, what we do wrong
raises. Verdicts are cached on disk by content (source, target, suite, settings, and the engine's
own sources), so that a repeated question costs less than a millisecond. Expected outputs are kept
in memory only.

    python -c "from coevolve.verification.engine import *; from corpora.records import Program; \
print(verify(Program('cpp', 'f', \\
    'void f(int *x, int n) { for (int i = 0; i < n; i++) x[i] = i; }'), \
Program('cuda', 'f', '__global__ void f(int *x, int n) { int i = blockIdx.x * blockDim.x +
threadIdx.x; if (i < n) x[i] = i; }')))"
"""

from __future__ import annotations

import gc
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from coevolve.verification.backend_choice import choose_backend_kind, make_backend
from coevolve.verification.evidence import add_evidence
from coevolve.verification.programs import (
    is_whole_program_pair,
    make_program_suite as programs_suite,
    verify_programs,
)
from coevolve.verification.target_thresholds import verify_at_target_thresholds
from corpora.extraction.extract import TOO_DEEP
from corpora.records import Blame, Outcome, Program, Signature, UnitTestSuite, Verdict, content_hash
from corpora.signatures.signature import SignatureError, read_signature
from corpora.store import from_json, to_json
from corpora.suites.unit_tests import SuiteError, parse_suite, read_launch
from gpu_runtime.backend import CompileRequest, ExecutionBackend, Variant
from gpu_runtime.call.binding import Binding
from gpu_runtime.sandbox.memory import keep_heap
from gpu_runtime.wall.check import check_program
from tester.generate.rules import NoSuiteError, generate_suite
from tester.generate.snippets import SnippetError, run_snippet
from tester.mutation.branches import list_coverage_requests
from tester.mutation.strength import list_mutant_requests, top_up_suite
from tester.validity import Validation, list_validation_requests, validate_suite
from translator.judge import JudgeConfig, judge, list_compile_requests, reject_early

CHUNK = 96
"""Most pairs that are compiled together: a compiler run costs as much as ten functions in it."""
KEPT_SOURCES = 64
"""Checked suites, and suites read from snippets, kept in memory by one engine."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One question. suite: text form, a C++ snippet that calls `wrapper(f, ...)`, a record, or None
    for a rule-made suite.

    cut: for each side that is judged without the rest of its file a line that says why.
    problem: why the texts cannot be called equivalent whatever their functions do ('': they can).
    """

    source: Program
    target: Program
    suite: str | UnitTestSuite | None = None
    cut: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class VerifyConfig:
    """What decides verdicts apart from programs and suite; part of the cache's key.

    tests: most tests of a rule-made suite; large: one more of at least 2^20 elements where the
    source allows one; mutants: sample for its strength (0: not measured, not topped up); prove:
    a proof is looked for beside the tests.
    """

    tests: int = 12
    large: bool = False
    mutants: int = 12
    seed: int = 0
    prove: bool = False
    judge: JudgeConfig = field(default_factory=JudgeConfig)


def find_cache_folder() -> Path:
    return Path(os.environ.get("COEVOLVE_CACHE") or Path.home() / ".cache" / "coevolve")


@lru_cache(maxsize=1)
def compute_engine_version() -> str:
    """Hash of the sources that decide verdicts: another engine, another cache."""
    root = Path(__file__).resolve().parents[2]
    rooms = ("gpu_runtime", "tester", "translator", "corpora", "coevolve/verification")
    aside = {"models", "generator", "builtin", "development"}  # these decide no verdict
    files = [
        f
        for room in rooms
        for f in sorted((root / room).rglob("*"))
        if f.suffix in (".py", ".c", ".h") and not aside & set(f.relative_to(root).parts)
    ]
    return content_hash(*(f.read_text() for f in files))


class Engine:
    """A back end with the sources it knows. Not for several threads; one per process."""

    def __init__(
        self,
        backend: str | ExecutionBackend = "auto",
        config: VerifyConfig = VerifyConfig(),
        cache: Path | None = None,
    ) -> None:
        self.config = config
        self._backend = None if isinstance(backend, str) else backend
        self.kind = choose_backend_kind(backend) if isinstance(backend, str) else backend.name
        self.cache = (cache or find_cache_folder()) / "verdicts"
        self._known: OrderedDict[str, Validation] = OrderedDict()
        self._snippets: OrderedDict[str, UnitTestSuite] = OrderedDict()

    @property
    def backend(self) -> ExecutionBackend:
        """Started on first use: a cached verdict needs none."""
        if self._backend is None:
            self._backend = make_backend(self.kind)
            _settle_memory()
        return self._backend

    def verify(self, pair: Pair) -> Verdict:
        """The verdict on one pair. Raises SuiteError for suite text that does not parse, and
        ProofContradiction where a proof says the opposite of an execution.
        """
        try:
            verdict = self._verified(pair)
            if self.config.prove and pair.suite is None:
                verdict = add_evidence(pair.source, pair.target, verdict)
            return verdict
        except RecursionError:
            blame = Blame.SOURCE if _is_too_deep(pair.source) else Blame.TARGET
            detail = f"the {blame.value} {TOO_DEEP}"
            return Verdict(
                pair.source.id, pair.target.id, "", Outcome.REFUSED, blame, detail, self.kind
            )

    def _verified(self, pair: Pair) -> Verdict:
        if is_whole_program_pair(pair.source, pair.target):
            tests = programs_suite(pair.source, pair.suite)
            key = content_hash(
                compute_engine_version(),
                "programs",
                self.config.judge,
                pair.source.id,
                pair.target.id,
                tests.id,
            )
            return self._remembered(
                key, lambda: verify_programs(pair.source, pair.target, tests, self.config.judge)
            )
        suite = self.suite_of(pair)
        return self._remembered(self._key(pair, suite), lambda: self._fresh(pair, suite))

    def _remembered(self, key: str, ask: Callable[[], Verdict]) -> Verdict:
        known = self._cached(key)
        if known is None:
            known = ask()
            self._keep(key, known)
        return known

    def prepare(self, pairs: Sequence[Pair]) -> None:
        """Compile together what these pairs will need, in as few units as the back end can make of
        them.
        """
        plain: dict[CompileRequest, None] = {}
        tested: set[str] = set()
        for pair in pairs:
            try:
                if (
                    is_whole_program_pair(pair.source, pair.target)
                    or self._cached(self._key(pair, self.suite_of(pair))) is not None
                ):
                    continue
                signature = read_signature(pair.source)
                plain[CompileRequest(pair.source, signature)] = None
                if isinstance(
                    reject_early(pair.source, signature, pair.target, self.config.judge), Binding
                ):  # else no suite will be made
                    plain |= dict.fromkeys(list_compile_requests([pair.target]))
                    tested.add(pair.source.id)
            except (ValueError, RecursionError):
                continue  # judged later, with its reason
        self._compile_ahead(plain, tested)

    def prepare_sources(self, sources: Sequence[Program]) -> None:
        """Compile together what checking suites of these sources will need, mutants and the count
        of branches included.
        """
        plain = dict.fromkeys(list_compile_requests(sources))
        self._compile_ahead(plain, {source.id for source in sources})
        if self.config.mutants:
            self.backend.compile(
                [
                    r
                    for request in plain
                    for r in list_coverage_requests(request.program, request.signature)
                ]
            )

    def _compile_ahead(self, plain: dict[CompileRequest, None], sources: set[str]) -> None:
        """The plain variants, then every other one of the sources that compile: a unit with an
        error is compiled twice.
        """
        built = self.backend.compile(list(plain)) if plain else []
        further: list[CompileRequest] = []
        for request in (c.request for c in built if c.ok and c.request.program.id in sources):
            further += list_validation_requests(request.program, request.signature)
            if self.config.mutants:
                further += list_mutant_requests(
                    request.program, request.signature, self.config.mutants, self.config.seed
                )
        if further:
            self.backend.compile(list(dict.fromkeys(further)))

    def suite_of(self, pair: Pair) -> UnitTestSuite | None:
        """The pair's suite as a record, None where one is to be made. Raises SuiteError,
        SnippetError (ValueErrors).
        """
        if pair.suite is None or isinstance(pair.suite, UnitTestSuite):
            return pair.suite
        signature = read_signature(pair.source)
        if _WRAPPER.search(pair.suite):
            key = content_hash(pair.source.id, pair.suite)
            return _recall(
                self._snippets,
                key,
                lambda: _snippet_suite(pair.suite, pair.source.id, signature, self.backend),
            )
        tests = parse_suite(pair.suite, signature)
        if not tests:
            raise SuiteError(1, 1, "the suite has no test")
        return UnitTestSuite(pair.source.id, tests, "user", launch=read_launch(pair.suite))

    def expectations(self, source: Program, suite: UnitTestSuite | None = None) -> Validation:
        """The checked suite of a source, from memory when it was asked before. Raises
        SignatureError.
        """
        key = content_hash(source.id, suite.id if suite else "")
        return _recall(self._known, key, lambda: self._checked(source, suite))

    def _checked(self, source: Program, suite: UnitTestSuite | None) -> Validation:
        signature = read_signature(source)
        if suite is not None:
            validation = validate_suite(source, signature, suite, self.backend)
        else:
            try:
                made = generate_suite(
                    source,
                    signature,
                    self.backend,
                    seed=self.config.seed,
                    tests=self.config.tests,
                    big=self.config.large,
                )
            except NoSuiteError as error:
                return _unusable(source, signature, self.backend, str(error))
            validation = validate_suite(source, signature, made, self.backend, prune=True)
        if validation.expectations is None or not self.config.mutants:
            return validation
        # A suite that a person or a model gave is measured as it is; only our own may grow.
        rounds = 1 if suite is None else 0
        stronger = top_up_suite(
            validation.expectations,
            self.backend,
            limit=self.config.mutants,
            seed=self.config.seed,
            rounds=rounds,
        )
        return replace(validation, expectations=stronger)

    def _fresh(self, pair: Pair, suite: UnitTestSuite | None) -> Verdict:
        base = Verdict(
            pair.source.id,
            pair.target.id,
            suite.id if suite else "",
            Outcome.COMPILE_ERROR,
            Blame.SOURCE,
            backend=self.backend.name,
        )
        try:
            signature = read_signature(pair.source)
        except SignatureError as error:
            return replace(base, detail=str(error))
        found = reject_early(pair.source, signature, pair.target, self.config.judge)
        if (
            isinstance(found, tuple)
            and self.backend.compile([CompileRequest(pair.source, signature)])[0].ok
        ):
            # A target that cannot even be called is wrong on every suite there could be: none is
            # made for it.
            return replace(base, outcome=found[0], blame=Blame.TARGET, detail=found[1])
        validation = self.expectations(pair.source, suite)
        if validation.expectations is None:
            outcome = (
                Outcome.COMPILE_ERROR if validation.blame is Blame.SOURCE else Outcome.INVALID_SUITE
            )
            return replace(base, outcome=outcome, blame=validation.blame, detail=validation.reason)
        verdict = judge(validation.expectations, [pair.target], self.backend, self.config.judge)[0]
        if suite is not None:  # what a person gave is the question; only our own suite may grow
            return verdict
        return verify_at_target_thresholds(
            verdict, validation.expectations, pair.target, self.backend, self.config.judge
        )

    def _key(self, pair: Pair, suite: UnitTestSuite | None) -> str:
        parts = (
            compute_engine_version(),
            self.kind,
            self.config,
            pair.source.id,
            pair.target.id,
            suite.id if suite else "rules",
        )
        return content_hash(*parts)

    def _cached(self, key: str) -> Verdict | None:
        import json

        try:
            return from_json(
                Verdict, json.loads((self.cache / key[:1] / f"{key}.json").read_bytes())
            )
        except (OSError, ValueError):
            return None  # absent, or torn by an older crash: made again

    def _keep(self, key: str, verdict: Verdict) -> None:
        import json

        folder = self.cache / key[:1]
        temporary = folder / f"{key}.{os.getpid()}.tmp"
        try:
            text = json.dumps(to_json(verdict))
            try:
                temporary.write_text(text)
            except FileNotFoundError:
                folder.mkdir(parents=True, exist_ok=True)
                temporary.write_text(text)
            temporary.replace(folder / f"{key}.json")
        except OSError:
            temporary.unlink(
                missing_ok=True
            )  # a cache that cannot be written costs time, not the verdict

    def close(self) -> None:
        if self._backend is not None:
            self._backend.close()


def _is_too_deep(program: Program) -> bool:
    """Whether already the program alone cannot be read."""
    try:
        check_program(program)
        read_signature(program)
        list_compile_requests([program])
    except RecursionError:
        return True
    except ValueError:
        return False
    return False


_HEAP_KEPT_BYTES = 1 << 24


@lru_cache(maxsize=1)
def _settle_memory() -> None:
    """A verdict makes and drops many arrays of some 100 KiB: the heap keeps their pages instead of
    clearing new ones every time, and the collector of cycles leaves alone what was imported.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # what is made for a verdict is dropped by counting
    keep_heap(_HEAP_KEPT_BYTES)


def _recall(kept: OrderedDict, key: str, make: Callable[[], object]):
    """What is kept under a key, made when it is not; of all keys the KEPT_SOURCES asked for last
    stay.
    """
    if key not in kept:
        kept[key] = make()
        while len(kept) > KEPT_SOURCES:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def _unusable(source: Program, signature, backend: ExecutionBackend, reason: str) -> Validation:
    """Why a source got no suite: itself when it does not even compile, else that no test
    suits it.
    """
    plain = backend.compile([CompileRequest(source, signature, Variant.PLAIN)])[0]
    return Validation(False, reason, Blame.SUITE if plain.ok else Blame.SOURCE)


_WRAPPER = re.compile(r"\bwrapper\s*\(")
"""What a C++ snippet has and the text form of suites has not."""


def _snippet_suite(
    text: str, source_id: str, signature: Signature, backend: ExecutionBackend
) -> UnitTestSuite:
    """The suite that `wrapper(f, ...)` calls of a C++ snippet make. Raises SnippetError, also when
    one call gives no test.
    """
    found = run_snippet(text, signature, backend)
    if found.dropped:
        number, reason = found.dropped[0]
        raise SnippetError(f"call {number + 1} of wrapper gives no test: {reason}")
    return UnitTestSuite(source_id, found.tests, "user")


@lru_cache(maxsize=4)
def get_shared_engine(backend: str = "auto", config: VerifyConfig = VerifyConfig()) -> Engine:
    """This process's engine of that kind."""
    return Engine(backend, config)


def verify(
    source: Program,
    target: Program,
    suite: str | UnitTestSuite | None = None,
    backend: str = "auto",
    config: VerifyConfig = VerifyConfig(),
) -> Verdict:
    """Whether `target` is equivalent to `source` on a suite (rule-made when None).

    Raises SuiteError (a ValueError) for suite text that does not parse, ValueError for an unknown
    back end.
    """
    return get_shared_engine(backend, config).verify(Pair(source, target, suite))


def verify_many(
    pairs: Sequence[Pair],
    backend: str = "auto",
    config: VerifyConfig = VerifyConfig(),
    chunk: int = CHUNK,
) -> list[Verdict]:
    """Verdicts in the pairs' order; `chunk` pairs at a time are compiled together."""
    engine = get_shared_engine(backend, config)
    verdicts = []
    for start in range(0, len(pairs), chunk):
        part = pairs[start : start + chunk]
        engine.prepare(part)
        verdicts += [engine.verify(pair) for pair in part]
    return verdicts
