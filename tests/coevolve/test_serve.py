"""`coevolve serve`, with a real server on loopback: jobs, limits, requests that are nonsense."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("fastapi", reason="needs the extra `serve`")
pytest.importorskip("uvicorn", reason="needs the extra `serve`")

from coevolve.cli.main import main
from coevolve.serving.jobs import JobQueue, QueueFullError, ServeLimits

ROOT = Path(__file__).parents[2]
SOURCE = "void f(int n, float *x) { for (int i = 0; i < n; i++) x[i] += 1; }"
RIGHT = {
    "source": SOURCE,
    "source_dialect": "cpp",
    "target": SOURCE.replace("for", "\n#pragma omp parallel for\nfor"),
    "target_dialect": "openmp",
}


@contextmanager
def serving(*words):
    """The address of a server in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "coevolve", "serve", "--port", "0", "--json", *words]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield urlsplit(json.loads(process.stdout.readline())["address"])
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    assert code == 143
    assert process.stderr.read() == "coevolve: ended by SIGTERM; the server has ended\n"


@pytest.fixture(scope="module")
def address():
    with serving("--queue", "4") as found:
        yield found


def ask(address, method, path, body=None, headers=None):
    """The status and the JSON of an answer."""
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    own = {"Content-Type": "application/json"} if data is not None else {}
    connection.request(method, path, data, own | (headers or {}))
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text


def finish(address, job, seconds=200):
    """The job when it has ended."""
    end = time.monotonic() + seconds
    while job["state"] in ("queued", "running") and time.monotonic() < end:
        time.sleep(0.1)
        job = ask(address, "GET", f"/jobs/{job['id']}")[1]
    return job


def test_a_pair_is_verified(address):
    status, job = ask(address, "POST", "/verify", RIGHT)
    assert status == 202 and job["kind"] == "verify" and job["state"] in ("queued", "running")
    wrong = RIGHT | {"target": RIGHT["target"].replace("+= 1", "+= 2")}
    other = ask(address, "POST", "/verify", wrong)[1]
    job, other = finish(address, job), finish(address, other)
    assert (job["state"], job["exit_code"], job["result"]["outcome"]) == ("done", 0, "EQUIVALENT")
    assert (other["exit_code"], other["result"]["equivalent"]) == (1, False)
    assert other["result"]["failing_input"]["inputs"]["x"]["type"] == "f32"


@pytest.mark.slow
def test_a_function_is_translated(address):
    asked = {"source": SOURCE, "source_dialect": "cpp", "target_dialect": "cuda", "samples": 2}
    job = finish(address, ask(address, "POST", "/translate", asked)[1])
    assert job["state"] == "done" and "__global__" in job["result"]["ports"][0]["text"]


@pytest.mark.slow
def test_the_client_of_the_page(address):
    page = (ROOT / "docs" / "serve.md").read_text()
    code = page.split('```python title="ask.py"\n')[1].split("```")[0]
    code = code.replace("http://127.0.0.1:8720", f"http://{address.netloc}")
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, timeout=250)
    assert "#pragma omp parallel for" in done.stdout, done.stderr


def test_the_description_is_openapi(address):
    status, told = ask(address, "GET", "/openapi.json")
    assert status == 200 and told["openapi"].startswith("3.")
    assert {"/verify", "/translate", "/jobs/{job_id}"} <= set(told["paths"])
    refusals = told["paths"]["/verify"]["post"]["responses"]
    assert {"202", "413", "422", "503"} <= set(refusals)


def test_nonsense_is_refused_and_the_server_goes_on(address):
    draw = random.Random(1)
    pieces = [None, "", 7, -1, 1e308, True, [], {}, "cpp", "\x00", "é" * 50, "../../etc", SOURCE]
    for _ in range(150):
        names = draw.sample([*RIGHT, "suite", "function", "samples", "other"], draw.randint(0, 5))
        body = {name: draw.choice(pieces) for name in names} | {"samples": -1, "other": 1}
        status, told = ask(address, "POST", draw.choice(("/verify", "/translate")), body)
        assert status == 422 and told["detail"]
    for body in (b"", b"{", b"\xff\xfe", b"[" * 9000, b"nul"):
        assert ask(address, "POST", "/verify", body)[0] in (400, 422)
    assert ask(address, "GET", "/jobs/none")[0] == 404
    assert ask(address, "GET", "/jobs/" + "x" * 99)[0] == 422
    assert ask(address, "DELETE", "/verify")[0] == 405
    assert ask(address, "GET", "/health")[0] == 200


def test_a_body_that_is_too_large(address):
    try:
        status, told = ask(address, "POST", "/verify", RIGHT | {"suite": "x" * (1 << 21)})
    except (BrokenPipeError, ConnectionResetError):  # it answers before all is sent
        return
    assert status == 413 and "1048576 bytes at most" in told["detail"]


def test_a_text_is_no_file_of_the_server(address):
    asked = RIGHT | {"source": '#include "/etc/passwd"\n' + SOURCE}
    job = finish(address, ask(address, "POST", "/verify", asked)[1])
    assert job["exit_code"] != 0 and "root:" not in json.dumps(job)


def test_a_queue_that_is_full_and_a_job_that_takes_too_long():
    queue = JobQueue(ServeLimits(queue=2, job_s=0.2))
    words = ["verify", "--help"]
    try:
        jobs = [queue.submit("verify", lambda folder: words) for _ in range(2)]
        with pytest.raises(QueueFullError, match="2 jobs"):
            queue.submit("verify", lambda folder: words)
        while any(job.state != "failed" for job in jobs):
            time.sleep(0.05)
        assert "more than 0 s" in jobs[0].error
    finally:
        queue.close()


def test_bad_options_are_one_line(capsys):
    for words in (["--workers", "0"], ["--port", "70000"], ["--host", "256.1.1.1"]):
        try:
            assert main(["serve", *words]) == 2
        except OSError:
            pytest.fail("an address that is none ends in a traceback")
        assert capsys.readouterr().err.count("\n") == 1
