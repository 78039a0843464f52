"""The task of inspect_ai: ports of functions, judged by execution. Needs inspect_ai.

Contract: a sample is an item, its score is C where the port is equivalent and I otherwise; the
explanation names the outcome. The engine runs answers in its own sandbox, so the task needs none of
inspect's.

    inspect eval coevolve/harnesses/inspect_task.py -T direction=cpp:openmp --model openai/MODEL
"""

import asyncio

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import CORRECT, INCORRECT, Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState, generate

from coevolve.harnesses.ports import judge_answer, make_questions


@task
def ports(corpus: str = "builtin", direction: str = "cpp:cuda", limit: int = 0) -> Task:
    """Return the task. corpus, direction, limit: as for `coevolve eval`."""
    rows = make_questions(corpus, direction, limit)
    samples = [
        Sample(id=row["id"], input=row["prompt"], target=row["reference"], metadata=row)
        for row in rows
    ]
    dataset = MemoryDataset(samples, name=f"{corpus} {direction}")
    return Task(dataset=dataset, solver=generate(), scorer=equivalence())


@scorer(metrics=[accuracy(), stderr()])
def equivalence() -> Scorer:
    """Return the scorer: is the port equivalent to its source?"""

    async def score(state: TaskState, target: Target) -> Score:
        told = await asyncio.to_thread(judge_answer, state.metadata, state.output.completion)
        return Score(
            value=CORRECT if told["passed"] else INCORRECT,
            answer=told["code"],
            explanation=f"{told['outcome']}: {told['detail']}",
            metadata={"outcome": told["outcome"], "compiled": told["compiled"]},
        )

    return score
