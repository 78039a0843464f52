"""What a verifier does: prove and top up suites of a real program, and judge candidates on them.
Plain class, no Ray.

Contract: the Tester sees real programs only, so suites are proven on the real program alone.
`prepare` and `judge` return records; checked expectations stay in this process, remembered between
the two where memory allows.

    python -c "from coevolve.verification.verifier import Verifier; help(Verifier)"
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from coevolve.config.schema import Config
from coevolve.verification.compiler_check import refuse_uncompiled
from coevolve.verification.engine import Engine, Pair, VerifyConfig, compute_engine_version
from coevolve.verification.evidence import add_evidence
from coevolve.verification.gate import pass_gate
from coevolve.verification.requests import find_entry_names
from coevolve.verification.target_thresholds import verify_at_target_thresholds
from corpora.dialects import parse_direction
from corpora.records import (
    Blame,
    Candidate,
    Outcome,
    Program,
    UnitTest,
    UnitTestSuite,
    Verdict,
    content_hash,
)
from corpora.signatures.signature import SignatureError, read_signature
from gpu_runtime.compile.toolchain import find_toolchain
from gpu_runtime.expectations import Expectations
from tester.generate.rules import NoSuiteError, count_elements, generate_suite
from tester.kept_state import find_kept_state, may_keep_state
from tester.mutation.branches import measure_branch_coverage
from tester.mutation.strength import top_up_suite
from tester.validity import validate_suite
from translator.judge import JudgeConfig, judge
from translator.prompting.answers import NOT_A_FUNCTION, explain_rejection

KEPT = 256
"""Checked suites remembered by one verifier."""
NOT_KEPT = (Outcome.TIMEOUT, Outcome.INVALID_SUITE)
"""Outcomes that a busy machine may bring about: they are not kept in the cache."""


@dataclass(frozen=True, slots=True)
class PreparedSuite:
    """A program's suite, or why it has none, with counts of the Tester's work.

    suite: the checked suite; None if there is none. reason: why there is none; '' if there is one.
    answers: number of answers of the Tester. good_answers: number of those with at least one valid
        test.
    written: number of tests in these answers, unreadable ones included. valid: number of those that
        are valid on the program.
    """

    suite: UnitTestSuite | None
    reason: str = ""
    answers: int = 0
    good_answers: int = 0
    written: int = 0
    valid: int = 0


class Verifier:
    """Makes suites and judges candidates for one run, with one engine. What was made or judged
    before, in this run or another, comes from the engine's cache on disk.

    config: the run's configuration. engine: the engine that it uses. recalled: number of verdicts
        that came from the cache so far.
    Raises ValueError for an unknown back end, or for a device compiler that is named and not
    installed; its methods raise it where the back end cannot run here.
    """

    def __init__(self, config: Config) -> None:
        checks = JudgeConfig(require_parallel=config.verify.require_parallel)
        self.config = config
        self.engine = Engine(
            config.verify.backend,
            VerifyConfig(
                mutants=config.verify.mutants,
                seed=config.seed,
                device_compiler=config.verify.device_compiler,
                judge=checks,
            ),
        )
        self._known: OrderedDict[str, Expectations] = OrderedDict()
        self.recalled = 0

    @cached_property
    def _identity(self) -> str:
        """What decides this verifier's answers, besides the programs and suites."""
        return content_hash(
            compute_engine_version(),
            self.engine.backend.name,
            find_toolchain().versions,
            replace(self.config.verify, workers=0),
            self.config.seed,
        )

    def compile_ahead(self, programs: Sequence[Program]) -> None:
        """Compile, in few compiler runs, the builds that `prepare` will need for `programs`.
        Results stay in the cache on disk.
        """
        self.engine.prepare_sources(programs)

    def prepare(
        self, program: Program, answers: Sequence[tuple[tuple[UnitTest, ...], int]] = ()
    ) -> PreparedSuite:
        """Make and check a suite of a real program. The result holds the suite, or the reason why
        there is none.

        answers: for each answer of the Tester, its readable tests and the number of tests written.
            Without answers the suite is made by rules.
        """
        key = content_hash("suite", self._identity, program.id, answers)
        prepared = self.engine.cache.load(key, PreparedSuite)
        if prepared is None:
            prepared = self._prepare(program, answers)
            if prepared.suite is not None:  # that there is none may be for want of time
                self.engine.cache.save(key, prepared)
        return prepared

    def _prepare(
        self, program: Program, answers: Sequence[tuple[tuple[UnitTest, ...], int]]
    ) -> PreparedSuite:
        counted = PreparedSuite(
            None, answers=len(answers), written=sum(written for _, written in answers)
        )
        try:
            signature = read_signature(program)
            rules = generate_suite(program, signature, self.engine.backend, seed=self.config.seed)
        except (SignatureError, NoSuiteError) as error:
            return replace(counted, reason=str(error))
        if may_keep_state(program) and (
            kept := find_kept_state(
                program, signature, rules.tests, self.engine.backend, rules.launch
            )
        ):
            return replace(counted, reason=f"the program keeps state between calls: {kept}")
        good: dict[str, UnitTest] = {}
        good_answers = valid = 0
        for tests, _ in answers:
            found = self._valid(program, signature, tests, rules.launch)
            good |= {t.id: t for t in found}
            good_answers += bool(found)
            valid += len(found)
        # The Tester's tests come on top of the rule-made ones: strength counts mutants of the
        # source, and a suite of one or two tests can kill them all without seeing sizes at which
        # only a translation goes wrong.
        own = [t for t in good.values() if t.id not in {r.id for r in rules.tests}]
        made = (
            replace(
                rules,
                tests=tuple(sorted((*rules.tests, *own), key=count_elements)),
                author="tester+rules",
            )
            if own
            else rules
        )
        checked = validate_suite(program, signature, made, self.engine.backend, prune=True)
        counted = replace(counted, good_answers=good_answers, valid=valid)
        if checked.expectations is None:
            return replace(counted, reason=checked.reason)
        stronger = self._strengthened(checked.expectations)
        if self.config.verify.mutants:
            stronger = replace(
                stronger,
                suite=replace(
                    stronger.suite,
                    branch_coverage=measure_branch_coverage(stronger, self.engine.backend),
                ),
            )
        self._remember(stronger)
        return replace(counted, suite=stronger.suite)

    def _valid(
        self, program: Program, signature, tests: tuple[UnitTest, ...], launch: str
    ) -> tuple[UnitTest, ...]:
        if not tests:
            return ()
        suite = UnitTestSuite(program.id, tests, "tester", launch=launch)
        checked = validate_suite(program, signature, suite, self.engine.backend, prune=True)
        return checked.expectations.suite.tests if checked.expectations else ()

    def _strengthened(self, expectations: Expectations) -> Expectations:
        wanted = self.config.verify
        if not wanted.mutants:
            return expectations
        return top_up_suite(
            expectations,
            self.engine.backend,
            least=max(wanted.least_strength, 0.95),
            limit=wanted.mutants,
            seed=self.config.seed,
        )

    def judge(
        self, program: Program, suite: UnitTestSuite, candidates: Sequence[Candidate]
    ) -> list[Verdict]:
        """Return a verdict per candidate, in order, from the cache where it is known. The verdict's
        `target_id` is the candidate's id.

        program: the source. suite: tests of it. candidates: proposed translations of it. Raises
            ValueError for a candidate's unknown direction.
        """
        about = content_hash("verdict", self._identity, program.id, suite)
        keys = [content_hash(about, c.direction, c.text) for c in candidates]
        cache = self.engine.cache
        found = [cache.load(key, Verdict) for key in keys]
        self.recalled += sum(v is not None for v in found)
        asked = [c for c, known in zip(candidates, found, strict=True) if known is None]
        fresh = iter(self._judge(program, suite, asked) if asked else ())
        verdicts = []
        for key, known in zip(keys, found, strict=True):
            verdict = known if known is not None else next(fresh)
            if known is None and verdict.outcome not in NOT_KEPT:
                cache.save(key, verdict)
            verdicts.append(verdict)
        return verdicts

    def _judge(
        self, program: Program, suite: UnitTestSuite, candidates: Sequence[Candidate]
    ) -> list[Verdict]:
        expectations = self._expectations(program, suite)
        if isinstance(expectations, Verdict):
            return [replace(expectations, target_id=c.id) for c in candidates]
        reasons = [
            explain_rejection(c.text, parse_direction(c.direction).target.name) for c in candidates
        ]
        asked = [c for c, reason in zip(candidates, reasons) if not reason]
        targets, backend, checks = (
            [make_target_program(c, program) for c in asked],
            self.engine.backend,
            self.engine.config.judge,
        )
        found = judge(expectations, targets, backend, checks)
        judged = (
            pass_gate(
                verify_at_target_thresholds(verdict, expectations, target, backend, checks),
                expectations,
                backend,
            )
            for verdict, target in zip(found, targets, strict=True)
        )
        verdicts = [
            self._turned_away(program, suite, reason) if reason else next(judged)
            for reason in reasons
        ]
        proved = [
            add_evidence(program, make_target_program(c, program), v) if v.equivalent else v
            for v, c in zip(verdicts, candidates, strict=True)
        ]
        return [
            replace(v, target_id=c.id, suite_strength=suite.strength)
            for v, c in zip(proved, candidates, strict=True)
        ]

    def confirm(self, verdicts: Sequence[Verdict], targets: Sequence[Program]) -> list[Verdict]:
        """Return the verdicts, in order, with COMPILE_ERROR where a real compiler refuses an
        accepted CUDA target. The verdicts are unchanged if no such compiler is configured or
        installed.

        targets: the judged programs, in the verdicts' order.
        """
        return refuse_uncompiled(verdicts, targets, self.engine.device_check)

    def verify(self, pairs: Sequence[Pair]) -> list[Verdict]:
        """Return a verdict per pair, in order. A pair without a suite is judged on tests made from
        its source. Raises SuiteError or SnippetError if a suite does not parse.
        """
        self.engine.prepare(pairs)
        return [self.engine.verify(pair) for pair in pairs]

    def _turned_away(self, program: Program, suite: UnitTestSuite, reason: str) -> Verdict:
        """No compiler is asked about what is no function."""
        detail = NOT_A_FUNCTION + reason
        return Verdict(
            program.id,
            "",
            suite.id,
            Outcome.COMPILE_ERROR,
            Blame.TARGET,
            detail,
            self.engine.backend.name,
        )

    def _expectations(self, program: Program, suite: UnitTestSuite) -> Expectations | Verdict:
        if suite.id not in self._known:
            checked = validate_suite(program, read_signature(program), suite, self.engine.backend)
            if checked.expectations is None:
                return Verdict(
                    program.id,
                    "",
                    suite.id,
                    Outcome.INVALID_SUITE,
                    Blame.SUITE,
                    checked.reason,
                    self.engine.backend.name,
                    suite_strength=suite.strength,
                )
            self._remember(replace(checked.expectations, suite=suite))
        self._known.move_to_end(suite.id)
        return self._known[suite.id]

    def _remember(self, expectations: Expectations) -> None:
        self._known[expectations.suite.id] = expectations
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


def make_target_program(candidate: Candidate, source: Program) -> Program:
    """Return the candidate's text as a Program. Its entry is the function called like `source`,
    else the last one of the text. Raises ValueError for an unknown direction.
    """
    dialect_name = parse_direction(candidate.direction).target.name
    names = find_entry_names(candidate.text, dialect_name)
    same = [n for n in names if n.lower().rstrip("_") == source.name.lower().rstrip("_")]
    return Program(
        dialect_name, (same or names or [source.name])[-1], candidate.text, candidate.author
    )
