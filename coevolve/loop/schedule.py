"""Stages that are at work at once: each begins when the ones it needs have ended.

Contract: a stage reads finished files and writes files that no other stage writes, so that the
order in which stages end decides nothing. With `together` 1 they run one after the other, in the
order given. When one fails, no other is begun, those at work are stopped and waited for, and the
first error is raised.

    python -c "from coevolve.loop.schedule import Step, run_steps; \\
        run_steps([Step('a', lambda: print('a')), Step('b', lambda: print('b'), ('a',))], 2)"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

AHEAD = 16
"""Steps that are looked at while they wait for others. Later ones are not made yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of work.

    name: unique among the steps. work: called once. after: names of earlier steps that must have
        ended before.
    """

    name: str
    work: Callable[[], object]
    after: tuple[str, ...] = ()


def run_steps(
    steps: Iterable[Step],
    together: int = 1,
    stop: Callable[[], None] = lambda: None,
    ended: Callable[[str], None] = lambda _name: None,
) -> None:
    """Run all `steps`, at most `together` at a time, each after the ones that it names.

    steps: every step comes after the ones that it names. stop: makes steps at work raise soon; it
        is called if one failed or this call is interrupted. ended: called in this thread with the
        name of each step that has ended.
    Raises what a step raises, and ValueError if a step names one that did not come before it.
    """
    source, seen, done = iter(steps), set[str](), set[str]()
    waiting: list[Step] = []
    if together <= 1:
        for step in source:
            _require_known(step, done)
            step.work()
            done.add(step.name)
            ended(step.name)
        return
    working: dict[Future, Step] = {}
    with ThreadPoolExecutor(together, thread_name_prefix="stage") as threads:
        try:
            while True:
                while len(waiting) < AHEAD and (step := next(source, None)) is not None:
                    _require_known(step, seen)
                    seen.add(step.name)
                    waiting.append(step)
                for step in [s for s in waiting if done.issuperset(s.after)]:
                    if len(working) < together:
                        waiting.remove(step)
                        working[threads.submit(step.work)] = step
                if not working:
                    return
                for future in wait(working, return_when=FIRST_COMPLETED).done:
                    name = working.pop(future).name
                    future.result()
                    done.add(name)
                    ended(name)
        except BaseException:
            stop()
            raise


def _require_known(step: Step, known: set[str]) -> None:
    for name in step.after:
        if name not in known:
            raise ValueError(f"step '{step.name}' waits for '{name}', which does not come before")
