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
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from coevolve.verification.backend_choice import choose_backend_kind, make_backend
from coevolve.verification.compiler_check import make_compiler_check, refuse_uncompiled
from coevolve.verification.evidence import add_evidence
from coevolve.verification.gate import pass_gate
from coevolve.verification.programs import (
    is_whole_program_pair,
    make_program_suite as programs_suite,
    verify_programs,
)
from coevolve.verification.record_cache import RecordCache
from coevolve.verification.target_thresholds import verify_at_target_thresholds
from corpora.extraction.extract import TOO_DEEP
from corpora.frontends.c_words import words_of
from corpora.places import ROOMS
from corpora.records import Blame, Outcome, Program, Signature, UnitTestSuite, Verdict, content_hash
from corpora.signatures.signature import SignatureError, read_signature
from corpora.suites.unit_tests import SuiteError, parse_suite, read_launch
from gpu_runtime.backend import CompileRequest, ExecutionBackend, Variant
from gpu_runtime.call.binding import Binding
from gpu_runtime.sandbox.memory import keep_heap
from gpu_runtime.wall.check import check_program
from tester.generate.rules import NoSuiteError, generate_suite
from tester.generate.snippets import SnippetError, run_snippet
from tester.kept_state import find_kept_state, may_keep_state
from tester.mutation.branches import list_coverage_requests
from tester.mutation.strength import list_mutant_requests, top_up_suite
from tester.validity import Validation, list_validation_requests, validate_suite
from translator.judge import (
    JudgeConfig,
    judge,
    list_compile_requests,
    reject_early,
    report_uncompiled,
)

CHUNK = 96
"""Most pairs that are compiled together: a compiler run costs as much as ten functions in it."""
KEPT_SOURCES = 64
"""Checked suites, and suites read from snippets, kept in memory by one engine."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One question to the engine: is `target` equivalent to `source`?

    suite: the tests, in text form, as a C++ snippet that calls `wrapper(f, ...)`, or as a record;
        None asks for tests made by rules.
    cut: for each side that is judged without the rest of its file, a line that says why.
    problem: why the two texts cannot be called equivalent whatever their functions do; '' if they
        can.
    """

    source: Program
    target: Program
    suite: str | UnitTestSuite | None = None
    cut: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class VerifyConfig:
    """The settings that decide a verdict, besides programs and suite. They are part of the cache's
    key.

    tests: the most tests of a suite made by rules.
    large: add one test of at least 2^20 elements where the source allows one.
    mutants: how many mutants of the source measure a suite's strength; 0: strength is not measured
        and weak suites get no more tests.
    seed: seeds tests and mutants.
    prove: whether a proof is tried besides the tests.
    device_compiler: which real compiler is asked about accepted CUDA targets: `auto` (nvcc where it
        is installed, else NVRTC, else none), `nvcc`, `nvrtc` or `none`.
    judge: how targets are run and compared.
    """

    tests: int = 12
    large: bool = False
    mutants: int = 12
    seed: int = 0
    prove: bool = False
    device_compiler: str = "none"
    judge: JudgeConfig = field(default_factory=JudgeConfig)


def find_cache_folder() -> Path:
    """Return the folder of cached verdicts: `COEVOLVE_CACHE` if it is set, else
    `~/.cache/coevolve`. The folder need not exist.
    """
    return Path(os.environ.get("COEVOLVE_CACHE") or Path.home() / ".cache" / "coevolve")


@lru_cache(maxsize=1)
def compute_engine_version() -> str:
    """Return a hash of the source files that decide verdicts. It is part of the cache's key, so a
    changed engine does not reuse old verdicts.
    """
    rooms = [ROOMS / name for name in ("gpu_runtime", "tester", "translator", "corpora")]
    aside = {"models", "generator", "builtin", "development"}  # these decide no verdict
    files = [
        f
        for room in (*rooms, Path(__file__).parent)
        for f in sorted(room.rglob("*"))
        if f.suffix in (".py", ".c", ".h") and not aside & set(f.relative_to(room).parts)
    ]
    return content_hash(*(f.read_text() for f in files))


class Engine:
    """Judges pairs on one back end, and remembers checked sources and cached verdicts.

    backend: `auto`, `cuda`, `emulated`, or a back end that runs. config: how tests are made and
        programs judged. cache: the folder of cached verdicts; None: `find_cache_folder()`.
    An engine serves one thread. Raises ValueError for an unknown back end, or for a device compiler
    that is asked for by name and not installed.
    """

    def __init__(
        self,
        backend: str | ExecutionBackend = "auto",
        config: VerifyConfig = VerifyConfig(),
        cache: Path | None = None,
    ) -> None:
        self.config = config
        self._backend = None if isinstance(backend, str) else backend
        self.kind = choose_backend_kind(backend) if isinstance(backend, str) else backend.name
        self.cache = RecordCache((cache or find_cache_folder()) / "verdicts")
        self.device_check = make_compiler_check(config.device_compiler)
        self._known: OrderedDict[str, Validation] = OrderedDict()
        self._states: OrderedDict[str, str] = OrderedDict()
        self._snippets: OrderedDict[str, UnitTestSuite] = OrderedDict()

    @property
    def backend(self) -> ExecutionBackend:
        """Return the execution back end. It is started on first use, since a cached verdict needs
        none. Raises ValueError if it cannot run here.
        """
        if self._backend is None:
            self._backend = make_backend(self.kind)
            _settle_memory()
        return self._backend

    def verify(self, pair: Pair) -> Verdict:
        """Return the verdict on one pair, from the cache if it is known. What the programs do wrong
        is in the verdict.

        Raises SuiteError or SnippetError if the pair's suite does not parse (for whole programs
        ProgramSuiteError), SignatureError if the suite is a text and the source cannot be read,
        ProofContradiction if a proof says the opposite of an execution, and ValueError if the back
        end cannot run here.
        """
        try:
            verdict = self._verified(pair)
            if self.config.prove:
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
        return self._remembered(self._key(pair, suite), lambda: self._fresh_compiled(pair, suite))

    def _fresh_compiled(self, pair: Pair, suite: UnitTestSuite | None) -> Verdict:
        verdict = self._fresh(pair, suite)
        return refuse_uncompiled([verdict], [pair.target], self.device_check)[0]

    def _remembered(self, key: str, ask: Callable[[], Verdict]) -> Verdict:
        known = self.cache.load(key, Verdict)
        if known is None:
            known = ask()
            self.cache.save(key, known)
        return known

    def prepare(self, pairs: Sequence[Pair]) -> None:
        """Compile in few compiler runs what `verify` will need for `pairs`, and keep it. It only
        saves time. Pairs whose verdict is cached, or that cannot be read, are passed over.
        """
        plain: dict[CompileRequest, None] = {}
        tested: set[str] = set()
        for pair in pairs:
            try:
                if (
                    is_whole_program_pair(pair.source, pair.target)
                    or self.cache.load(self._key(pair, self.suite_of(pair)), Verdict) is not None
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
        """Compile in few compiler runs what checking suites of `sources` will need, with their
        mutants and branch counters, and keep it. It only saves time. Programs that cannot be read
        are passed over.
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
        if self.device_check is not None:
            self.device_check.explain(
                [c.request.program for c in built if c.ok and c.request.program.id not in sources]
            )
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
        """Return the tests of a pair as a record, or None if they are to be made by rules. Raises
        SuiteError or SnippetError if their text does not parse or holds no test, SignatureError if
        the source cannot be read.
        """
        if pair.suite is None or isinstance(pair.suite, UnitTestSuite):
            return pair.suite
        signature = read_signature(pair.source)
        if _is_snippet(pair.suite):
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
        """Check a suite on its source, and return what the source computes on it, as `expectations`
        of the result. Where no test is valid these are None, and `reason` says why.

        source: the program, which is right by definition. suite: None asks for one made by rules.
        Raises SignatureError if the source cannot be read, ValueError if the back end cannot run
        here.
        """
        key = content_hash(source.id, suite.id if suite else "", suite.author if suite else "")
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
        if isinstance(found, Binding) and (kept := self._kept_state(pair.source, suite)):
            return self._lost_state(base, pair.target, found, kept)
        validation = self.expectations(pair.source, suite)
        if validation.expectations is None:
            outcome = (
                Outcome.COMPILE_ERROR if validation.blame is Blame.SOURCE else Outcome.INVALID_SUITE
            )
            return replace(base, outcome=outcome, blame=validation.blame, detail=validation.reason)
        verdict = judge(validation.expectations, [pair.target], self.backend, self.config.judge)[0]
        if suite is None:  # what a person gave is the question; only our own suite may grow
            verdict = verify_at_target_thresholds(
                verdict, validation.expectations, pair.target, self.backend, self.config.judge
            )
        return pass_gate(verdict, validation.expectations, self.backend)

    def _kept_state(self, source: Program, suite: UnitTestSuite | None) -> str:
        """How the source shows that it remembers between calls; '' where it does not."""
        if not may_keep_state(source):
            return ""
        key = content_hash(source.id, suite.id if suite else "")
        return _recall(self._states, key, lambda: self._find_state(source, suite))

    def _find_state(self, source: Program, suite: UnitTestSuite | None) -> str:
        signature = read_signature(source)
        try:
            made = suite or generate_suite(
                source, signature, self.backend, seed=self.config.seed, tests=self.config.tests
            )
        except NoSuiteError:
            return ""
        return find_kept_state(source, signature, made.tests, self.backend, made.launch)

    def _lost_state(self, base: Verdict, target: Program, found: Binding, kept: str) -> Verdict:
        """The verdict on a target beside a source that keeps state: what the wall lets through
        keeps none, so that no such target gives what the source gives.
        """
        built = self.backend.compile([CompileRequest(target, found.target)])[0]
        if not built.ok:
            return report_uncompiled(base, built)
        return replace(
            base,
            outcome=Outcome.MISMATCH,
            blame=Blame.TARGET,
            detail=f"the source keeps state between calls, which the target loses: {kept}",
        )

    def _key(self, pair: Pair, suite: UnitTestSuite | None) -> str:
        parts = (
            compute_engine_version(),
            self.kind,
            self.config,
            self.device_check.identity if self.device_check is not None else "",
            pair.source.id,
            pair.target.id,
            suite.id if suite else "rules",
            suite.author if suite else "",  # of a person's suite every test is asked for
        )
        return content_hash(*parts)

    def close(self) -> None:
        """Stop the engine's back end and its device compiler, where they were started."""
        if self._backend is not None:
            self._backend.close()
        if self.device_check is not None:
            self.device_check.close()


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


def _is_snippet(text: str) -> bool:
    """Whether a suite is a C++ snippet that calls `wrapper`: the text form of suites has no such
    call.
    """
    return "wrapper" in text and "wrapper" in words_of(text).called


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
    """Return this process's engine for a back end and settings. Equal arguments give the same
    engine, as long as no more than four different ones are asked for.

    backend: `auto`, `cuda` or `emulated`. Raises ValueError for another word, or for a device
        compiler that `config` names and that is not installed.
    """
    return Engine(backend, config)


def verify(
    source: Program,
    target: Program,
    suite: str | UnitTestSuite | None = None,
    backend: str = "auto",
    config: VerifyConfig = VerifyConfig(),
) -> Verdict:
    """Return the verdict on whether `target` is equivalent to `source`. What the programs do wrong
    is in the verdict.

    suite: tests in text form, a C++ snippet that calls `wrapper(f, ...)`, or a record; None: tests
        are made from the source. backend: `auto` (a device where one is usable, else emulation),
        `cuda` or `emulated`.
    Raises SuiteError or SnippetError (ValueErrors) if the suite does not parse, ValueError for an
    unknown back end or one that cannot run here.
    """
    return get_shared_engine(backend, config).verify(Pair(source, target, suite))


def verify_many(
    pairs: Sequence[Pair],
    backend: str = "auto",
    config: VerifyConfig = VerifyConfig(),
    chunk: int = CHUNK,
) -> list[Verdict]:
    """Return a verdict for each pair, in order.

    backend: `auto` (a device where one is usable, else emulation), `cuda` or `emulated`. chunk: how
        many pairs are compiled together. Raises SuiteError or SnippetError if a suite does not
        parse, ValueError for an unknown back end or one that cannot run here.
    """
    engine = get_shared_engine(backend, config)
    verdicts = []
    for start in range(0, len(pairs), chunk):
        part = pairs[start : start + chunk]
        engine.prepare(part)
        verdicts += [engine.verify(pair) for pair in part]
    return verdicts
