"""A whole run with models behind an endpoint: they generate, what is executed decides, nothing is
trained, tokens are counted.
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from coevolve.cli.main import main
from coevolve.config.schema import format_toml
from coevolve.loop.rounds import run
from coevolve.loop.run_folder import RunFolder
from corpora.records import Outcome, Triplet, Verdict
from corpora.store import read_jsonl
from gpu_runtime.models.backends import classify_model


def answer_to(question: str) -> str:
    """Kernels that are right for functions of one loop; a test for who wants tests; an excuse for
    the rest.
    """
    if "unit tests" in question:
        return "Here you are:\n```\nn=5 a[n]=integers(-3,3)@1 k=2\n```"
    source = question.rpartition("```cpp\n")[2].partition("\n```")[0]
    loop = "for (int i = 0; i < n; i++)"
    if source.count("for (") != 1 or loop not in source.replace("++i", "i++"):
        return "I am sorry, I cannot do that."
    body = source.replace("++i", "i++").replace(
        loop, "int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n)"
    )
    return f"Sure!\n```cuda\n__global__ {body}\n```\nEvery thread does one element."


@pytest.fixture
def endpoint(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = answer_to(body["messages"][0]["content"])
            used = {"prompt_tokens": 100, "completion_tokens": 10}
            data = json.dumps(
                {"choices": [{"message": {"content": text}}] * body["n"], "usage": used}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/v1"
    http.shutdown()
    http.server_close()


def test_a_run_with_an_endpoint_keeps_pairs_and_trains_nothing(
    tiny, endpoint, tmp_path, capsys
) -> None:
    model = replace(
        tiny.model,
        backend="openai",
        name_or_path="m",
        endpoint=endpoint,
        prices=(1.0, 2.0),
        few_shot=1,
    )
    config = replace(tiny, model=model)
    folder = RunFolder(run(config, use_ray=False))
    triplets = list(read_jsonl(folder.round(1).triplets, Triplet))
    assert triplets and all(t.target.text.startswith("__global__") for t in triplets)
    outcomes = {v.outcome for v in read_jsonl(folder.round(1).verdicts, Verdict)}
    assert Outcome.EQUIVALENT in outcomes
    assert (
        classify_model(folder.round(1).translator)
        == classify_model(folder.export / "tester")
        == "openai"
    )
    evaluation = json.loads(folder.round(1).evaluation.read_text())
    assert evaluation["pass@1"] > 0 and "not_a_function" in evaluation
    usage = [json.loads(line) for line in (folder.root / "usage.jsonl").read_text().splitlines()]
    assert {row["model"] for row in usage} == {"translator", "tester"} and {
        row["checkpoint"] for row in usage
    } == {"cold", "round-1"}
    total = sum(row["requests"] for row in usage)
    assert sum(row["cost"] for row in usage) == pytest.approx(total * (100 * 1 + 10 * 2) / 1e6)
    assert not [p for p in folder.root.rglob("*") if p.is_file() and b"sk-secret" in p.read_bytes()]
    assert "pass@1" in capsys.readouterr().out


def test_an_endpoint_that_is_none_is_one_line(tiny, tmp_path, capsys) -> None:
    model = replace(tiny.model, backend="openai", name_or_path="m", endpoint="nowhere")
    (tmp_path / "c.toml").write_text(format_toml(replace(tiny, model=model)))
    assert main(["run", str(tmp_path / "c.toml"), "--local"]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "model.endpoint 'nowhere' is no URL" in error


def test_what_was_asked_of_an_endpoint_is_told_outside_of_runs_too(
    endpoint, tmp_path, capsys
) -> None:
    source = tmp_path / "scale.cpp"
    source.write_text(
        "void scale(int n, float a, float *x) { for (int i = 0; i < n; ++i) x[i] = a * x[i]; }\n"
    )
    out = tmp_path / "result.json"
    assert (
        main(
            [
                "eval",
                "--model",
                f"m@{endpoint}",
                "--corpus",
                str(source),
                "--direction",
                "cpp:cuda",
                "--n",
                "1",
                "--out",
                str(out),
            ]
        )
        == 0
    )
    assert "1 requests: 100 prompt and 10 answer tokens" in json.loads(out.read_text())["notes"]
    main(["translate", str(source), "--to", "cuda", "--model", f"m@{endpoint}", "--samples", "1"])
    assert "1 requests: 100 prompt and 10 answer tokens" in capsys.readouterr().err
