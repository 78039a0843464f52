"""How a CUDA target is tried: launch plans in turn for a bare kernel, then other orders of its
threads.

python -c "from translator.trials.cuda import try_cuda; help(try_cuda)"
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from corpora.analysis.accesses import facts_of
from corpora.analysis.cuda_index import kernel_facts
from corpora.analysis.thread_indices import called_functions
from corpora.frontends.c_family import parse_c_family
from corpora.frontends.c_tokens import tokenize
from corpora.frontends.queries import function_named
from corpora.ir import (
    Assign,
    Conditional,
    Declaration,
    For,
    Function,
    If,
    KernelLaunch,
    Name,
    Unsupported,
    UnsupportedExpression,
    find,
    names_in,
)
from corpora.records import ArrayValue, Outcome, ScalarValue, UnitTest, UnitTestSuite
from gpu_runtime.backend import VARIABLES_KEPT, Arguments, has_same_bytes
from gpu_runtime.call.materialize import get_extents, get_integer_scalars
from gpu_runtime.call.shims_cuda import has_uninitialized
from gpu_runtime.launch.launch_from_host import read_host_plan
from gpu_runtime.launch.plans import LaunchPlan, LaunchTooLargeError, evaluate_expression
from gpu_runtime.launch.row_plans import iterate_all_plans
from translator.trials.bench import (
    Failure,
    Trial,
    TrialBench,
    find_first_failure,
    number_calls,
    scale_limits,
)

ORDERS = (1, 2)
"""Further thread orders after the forward one: reversed, and one seeded."""


def try_cuda(bench: TrialBench) -> Trial:
    """Run a CUDA target on all tests and in several thread orders. A bare kernel is tried under its
    launch plans in order, until one passes every test, or under the one plan that its own text
    gives. A plan that does not fit a test is a failure in the result. Where every plan fails, the
    result is that of the plan that passed most tests before it failed.
    """
    if bench.binding.target.style != "kernel":
        calls = number_calls(bench)
        trial = _try_thread_orders(bench, "", calls)
        return (
            trial
            if trial.failure is not None
            else replace(trial, failure=_try_second_call(bench, calls))
        )
    suite = UnitTestSuite(bench.program.id, rename_suite(bench))
    best: Trial | None = None
    timeouts = 0
    said = read_host_plan(
        bench.program, bench.binding.target, suite
    )  # with another launch it would be another program
    for plan in [said] if said else iterate_all_plans(bench.program, bench.binding.target, suite):
        trial = _try_plan(bench, plan, suite, said is not None)
        if trial.failure is None:
            return replace(trial, failure=_try_single_block(bench, plan, suite))
        if trial.failure.outcome is Outcome.INVALID_SUITE:  # it may be right where another fails
            return trial
        if best is None or best.failure is None or trial.failure.test > best.failure.test:
            best = trial
        if trial.failure.outcome is Outcome.TIMEOUT:
            timeouts += 1
            bench = replace(bench, limits=scale_limits(bench.limits, NEXT_PLAN))
        if timeouts >= 2:
            break
    return best or Trial(Failure(Outcome.RUNTIME_ERROR, -1, "no launch plan fits this kernel"))


NEXT_PLAN = 0.3
"""Of its time that a kernel has under another launch plan, when it did not end under one."""


def _try_plan(
    bench: TrialBench, plan: LaunchPlan, suite: UnitTestSuite, said: bool = False
) -> Trial:
    """The kernel under one plan. A plan that has no threads for a test on which the source does
    nothing is not launched for it, as any caller would do; one that a device does not take fails
    there, after the tests before it, as does one without threads where the source does something,
    if the target's own text says it (`n / 256`). One that a device takes and that is more than is
    tried here leaves the test untried.
    """
    calls = []
    unfit: Failure | None = None
    untried: list[Failure] = []
    for i, test in enumerate(suite.tests):
        scalars, extents = get_integer_scalars(test), get_extents(test)
        try:
            threads = all(
                evaluate_expression(e, scalars, extents) > 0 for e in (*plan.grid, *plan.block)
            )
            if said and not threads and not _is_idle(bench, i):
                raise ValueError(f"a grid without blocks ('{plan}')")
            if threads or not _is_idle(bench, i):
                calls.append((i, replace(bench.calls[i], geometry=plan.geometry(scalars, extents))))
        except LaunchTooLargeError as error:
            untried.append(Failure(Outcome.INVALID_SUITE, i, str(error)))
        except ValueError as error:
            unfit = Failure(Outcome.RUNTIME_ERROR, i, f"cannot be launched: {error}")
            break
    if not calls:
        none = Failure(Outcome.RUNTIME_ERROR, -1, "no test can be launched")
        return Trial(unfit or next(iter(untried), none), str(plan))
    trial = _try_thread_orders(bench, str(plan), calls)
    if trial.failure is not None or unfit is not None:
        return replace(trial, failure=trial.failure or unfit)
    left = tuple(one.test for one in untried)
    return replace(trial, untried=left, why=untried[0].detail if untried else "")


def has_grid_stride(text: str, name: str) -> bool:
    """Return whether the kernel `name` of a text is right for grids of any size.

    Its loops step by the whole grid (`for (i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i +=
    blockDim.x * gridDim.x)`), and it uses the number of a block for no other place or condition.
    False where something in it is not understood.
    """
    unit = parse_c_family(text, "cuda")
    kernel = function_named(unit, name)
    if kernel is None or any(find((kernel, unit.errors), Unsupported, UnsupportedExpression)):
        return False
    if "gridDim" not in names_in(unit):  # none of its steps can be the whole grid
        return False
    found, facts = kernel_facts(kernel, unit), facts_of(kernel, unit)
    wide = {stride.loop for stride in found.strides if stride.whole_grid}
    if not wide or any(axis.block or axis.grid_size for axis in found.axes[1:]):
        return False
    called = [each for each in called_functions(kernel, unit) if each is not kernel]
    if any(_names_block(each.body) for each in called):
        return False
    counters = {loop.counter for loop in facts.loops if loop.id in wide}
    for access in facts.accesses:
        for index in access.indices:
            used = index.variables() if index is not None else frozenset()
            by_block = any(symbol.name == "blockIdx.x" for symbol in used)
            if index is None or (by_block and not used & counters):
                return False
    return not _asks_about_block(kernel)


def _names_block(node: Any) -> bool:
    return "blockIdx" in names_in(node)


def _asks_about_block(kernel: Function) -> bool:
    """Whether a condition of its own names blockIdx, or a variable that holds what was computed
    from it and begins no loop.
    """
    body = kernel.body or ()
    given = {d.name: d.value for d in find(body, Declaration) if d.value is not None}
    given |= {
        a.target.id: a.value
        for a in find(body, Assign)
        if isinstance(a.target, Name) and a.op == "=" and a.value is not None
    }
    held = {name for name, value in given.items() if _names_block(value)}
    starts = [each for loop in find(body, For) for each in loop.start]
    begins = {each.name for each in find(tuple(starts), Declaration)}
    begins |= {each.value.id for each in starts if isinstance(getattr(each, "value", None), Name)}
    begins |= {
        a.target.id for a in find(body, Assign) if isinstance(a.target, Name) and a.op != "="
    }
    asked = {n for c in find(body, If, Conditional) for n in names_in(c.test)}
    return bool(asked & ({"blockIdx"} | (held - begins)))


def _try_single_block(bench: TrialBench, plan: LaunchPlan, suite: UnitTestSuite) -> Failure | None:
    """A kernel whose loop steps by the whole grid, on a grid of one block: its threads then do
    several elements each, as on any large input.
    """
    if not has_grid_stride(bench.program.text, bench.program.name):
        return None
    calls = []
    for i, test in enumerate(suite.tests):
        try:
            geometry = plan.geometry(get_integer_scalars(test), get_extents(test))
        except ValueError:
            continue
        if geometry.grid[0] > 1:
            calls.append(
                (
                    i,
                    replace(
                        bench.calls[i], geometry=replace(geometry, grid=(1, *geometry.grid[1:]))
                    ),
                )
            )
    failure = find_first_failure(bench, bench.compiled, calls)[0] if calls else None
    return failure and replace(failure, detail=f"{failure.detail} (launched with one block)")


def _is_idle(bench: TrialBench, i: int) -> bool:
    """Whether the source leaves everything as it is in this test."""
    given, expected = bench.expectations.calls[i].values, bench.expectations.references[i].values
    return all(map(has_same_bytes, given, expected))


_TALKS = (
    "__sync", "__shfl", "__any", "__all", "__ballot", "__match", "__reduce", "__shared__",
    "__threadfence", "atomic", "volatile", "cooperative_groups",
)  # fmt: skip
"""How words begin with which threads of a kernel tell each other anything. Where they do not, their
order shows in nothing but races, which are seen: the other order is then no more than a second
look, at small launches.
"""
MANY_THREADS = 1 << 16


def _try_thread_orders(
    bench: TrialBench, launch: str, calls: Sequence[tuple[int, Arguments]]
) -> Trial:
    """Forward, then other thread orders: what depends on the order is not determined."""
    talks = any(token.text.startswith(_TALKS) for token in tokenize(bench.program.text))
    orders = ORDERS if talks else ORDERS[:1]
    small = [(i, c) for i, c in calls if _count_threads(c) <= MANY_THREADS] or list(
        calls[: len(orders) - 1]
    )
    further = [(i, replace(c, order=order)) for order in orders for i, c in small]
    failure, active, place = find_first_failure(bench, bench.compiled, [*calls, *further])
    if failure is not None and place >= len(calls) and failure.outcome is Outcome.MISMATCH:
        unset = (
            ", and other values in variables that were never set"
            if has_uninitialized(bench.program.text)
            else ""
        )
        detail = (
            f"{failure.detail} (with the threads in another order, or with other values in "
            f"new device memory{unset})"
        )
        failure = replace(failure, outcome=Outcome.NONDETERMINISTIC, detail=detail)
    return Trial(failure, launch, active)


def keeps_device_variables(text: str) -> bool:
    """Return whether a CUDA text launches kernels and has device variables that keep values between
    calls.

    Of a text in which something cannot be read, return whether it launches kernels.
    """
    unit = parse_c_family(text, "cuda")
    if unit.errors or any(find(unit.items, Unsupported)):
        return "<<<" in text
    kept = {"__device__", "__managed__"}
    declared = any(kept & set(each.storage) for each in find(unit.items, Declaration))
    return declared and any(find(unit.items, KernelLaunch))


def _try_second_call(bench: TrialBench, calls: Sequence[tuple[int, Arguments]]) -> Failure | None:
    """A host function whose device variables are as its last call left them, as in any program that
    calls it twice. For a kernel alone the caller may set them.
    """
    if not keeps_device_variables(bench.program.text):
        return None
    failure, _, _ = find_first_failure(
        bench,
        bench.compiled,
        [(i, replace(c, order=VARIABLES_KEPT)) for i, c in (*calls, calls[0])],
    )
    return failure and replace(
        failure,
        detail=f"{failure.detail} (called again, with the device variables that the call before "
        f"left)",
    )


def _count_threads(call: Arguments) -> int:
    """Threads of the launch; of a host function, which launches for itself, as many as there are
    elements.
    """
    g = call.geometry
    return math.prod((*g.grid, *g.block)) if g else sum(v.size for v in call.values)


def rename_suite(bench: TrialBench) -> tuple[UnitTest, ...]:
    """Return the suite's tests, in order, in the target's own parameter names. Scalars that the
    target lacks stay, since a launch may need them.
    """
    binding = bench.binding
    source, target = binding.source.parameters, binding.target.parameters
    taken = {p.name for p in target}
    tests = []
    for test in bench.expectations.suite.tests:
        by_name = {a.name: a for a in test.assignments}
        renamed: list[ScalarValue | ArrayValue] = []
        for p, i in zip(target, binding.sources, strict=True):
            if i < 0:
                array, dimension = binding.extents[-1 - i]
                if dimension < 0:  # a field that only the target has: no launch follows from it
                    continue
                extents = by_name[source[array].name].extents  # type: ignore[union-attr]
                renamed.append(
                    ScalarValue(
                        p.name, p.type, extents[dimension] if dimension < len(extents) else 1
                    )
                )
            else:
                renamed.append(replace(by_name[source[i].name], name=p.name))
        kept = [a for a in test.assignments if isinstance(a, ScalarValue) and a.name not in taken]
        tests.append(UnitTest(tuple(renamed + kept)))
    return tuple(tests)
