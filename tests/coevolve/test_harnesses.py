"""The evaluation inside other harnesses: a right answer passes and nonsense does not, in the real
harness where it is installed.
"""

import re
import tomllib
from pathlib import Path

import pytest

from coevolve.harnesses.ports import judge_answer, make_questions

ROOT = Path(__file__).parents[2]
TASKS = ROOT / "coevolve" / "harnesses" / "lm_eval_task"


def row_of(rows, name="builtin/blas1/axpy:axpy"):
    return next(row for row in rows if row["id"] == name)


def test_answers_are_judged_by_execution():
    row = row_of(make_questions("builtin", "cpp:openmp"))
    right = f"Here it is:\n```cpp\n{row['reference']}\n```\n"
    assert "OpenMP" in row["prompt"] and "axpy" in row["prompt"]
    assert judge_answer(row, right)["outcome"] == "EQUIVALENT"
    wrong = judge_answer(row, right.replace("y[i]", "y[0]"))
    assert wrong["passed"] == 0 and wrong["compiled"] == 1
    assert judge_answer(row, "")["passed"] == 0
    assert len(make_questions("builtin", "cpp:openmp", 3)) == 3


def test_the_extra_of_inspect_has_what_the_shown_command_needs():
    """`--model openai/MODEL` ended with "pip install openai", and the extra `s3` held fsspec at a
    version that inspect_ai does not take.
    """
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = extras["optional-dependencies"]
    page = (ROOT / "docs" / "evaluation.md").read_text()
    assert "inspect_task.py -T direction=cpp:openmp --model openai/MODEL" in page
    assert {re.split(r"[<>=]", each)[0] for each in wanted["inspect"]} == {"inspect_ai", "openai"}
    held = [*wanted["s3"], *(each for each in extras["dependencies"] if "fsspec" in each)]
    assert len(held) == 2 and not any("==" in each or "<" in each for each in held)


@pytest.mark.slow
def test_the_task_of_inspect(tmp_path):
    pytest.importorskip("inspect_ai", reason="needs the extra `inspect`")
    from inspect_ai import eval as run
    from inspect_ai.dataset import MemoryDataset
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from coevolve.harnesses.inspect_task import ports

    task = ports()
    sample = next(each for each in task.dataset if each.id == "builtin/blas1/axpy:axpy")
    task.dataset = MemoryDataset([sample, sample.model_copy(update={"id": "again"})])
    outputs = []
    for text in (f"```cuda\n{sample.target}\n```", "no idea"):
        output = ModelOutput.from_content("mockllm/model", text)
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        outputs.append(output)
    model = get_model("mockllm/model", custom_outputs=outputs)
    log = run(task, model=model, display="none", log_dir=str(tmp_path), max_connections=1)[0]
    assert log.status == "success", log.error
    assert log.results.scores[0].metrics["accuracy"].value == 0.5


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["cpp:cuda", "cpp:openmp"])
def test_the_tasks_of_lm_eval(direction):
    pytest.importorskip("lm_eval", reason="needs the extra `lm-eval`")
    from lm_eval.tasks import TaskManager

    name = f"coevolve_{direction.replace(':', '_')}"
    task = TaskManager(include_path=str(TASKS)).load([name])["tasks"][name]
    row = row_of(task.test_docs())
    fence = "cuda" if direction == "cpp:cuda" else "cpp"
    right = f"```{fence}\n{row['reference']}\n```"
    assert row["direction"] == direction
    assert task.process_results(row, [right]) == {"passed": 1, "compiled": 1}
    assert task.process_results(row, ["no idea"]) == {"passed": 0, "compiled": 0}
