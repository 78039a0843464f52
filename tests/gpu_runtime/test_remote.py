"""A remote model against a real HTTP server on this machine that is busy, broken, slow, cut off,
and sometimes answers.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gpu_runtime.models.backends import MODEL_BACKENDS, classify_model
from gpu_runtime.models.options import Endpoint, ModelOptions
from gpu_runtime.models.protocol import Example, Learning, ModelError, Prompt, Sampling
from gpu_runtime.models.remote import EndpointUsage, RemoteModel

Reply = tuple[int, dict[str, str], bytes]


def said(*texts: str, tokens: tuple[int, int] = (10, 4)) -> Reply:
    used = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return (
        200,
        {},
        json.dumps(
            {"choices": [{"message": {"content": t}} for t in texts], "usage": used}
        ).encode(),
    )


class Server:
    """Answers request k (in order of arrival) with reply(k, body)."""

    def __init__(self) -> None:
        self.reply: Callable[[int, dict], Reply | str] = lambda k, body: said("yes")
        self.bodies: list[dict] = []
        self.keys: list[str | None] = []
        self.most, self._now, self._lock = 0, 0, threading.Lock()
        self.url = ""

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self._lock:
            number = len(self.bodies)
            self.bodies.append(body)
            self.keys.append(request.headers.get("Authorization"))
            self._now += 1
            self.most = max(self.most, self._now)
        answer = self.reply(number, body)
        with self._lock:
            self._now -= 1
        if isinstance(answer, str):  # cut the connection
            request.close_connection = True
            request.wfile.write(answer.encode())
            return
        status, headers, data = answer
        request.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.handle(self)

        def log_message(self, *_) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield state
    http.shutdown()
    http.server_close()


def asked(server: Server, waits: list[float] | None = None, **endpoint) -> RemoteModel:
    made = Endpoint(server.url, timeout_s=5.0, **endpoint)
    return RemoteModel("m", made, sleep=(waits if waits is not None else []).append)


ONE = Sampling(n=1, temperature=0.7, top_p=0.9, max_new_tokens=33, seed=5)


def test_answers_come_in_the_prompts_order_and_are_paid_for(server: Server) -> None:
    server.reply = lambda k, body: said(
        *(f"{body['messages'][0]['content']}{i}" for i in range(body["n"]))
    )
    model = asked(server, prices=(2.0, 5.0))
    assert model.generate([Prompt("a"), Prompt("b"), Prompt("c")], Sampling(n=2, seed=5)) == [
        ["a0", "a1"],
        ["b0", "b1"],
        ["c0", "c1"],
    ]
    assert model.usage == EndpointUsage(3, 0, 30, 12, pytest.approx((30 * 2 + 12 * 5) / 1e6))
    body = server.bodies[0]
    assert (
        body["model"],
        body["temperature"],
        body["top_p"],
        body["max_tokens"],
        body["seed"],
    ) == ("m", 0.8, 0.95, 512, 5)
    assert model.generate([], ONE) == []


@pytest.mark.parametrize(
    "trouble",
    [
        (429, {}, b"slow down"),
        (500, {}, b""),
        (503, {}, b"<html>"),
        (200, {}, b'{"choices": [{"me'),
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
        "",
    ],
)
def test_a_busy_or_broken_server_is_asked_again_with_growing_waits(
    server: Server, trouble: Reply | str
) -> None:
    server.reply = lambda k, body: trouble if k < 3 else said("at last")
    waits: list[float] = []
    model = asked(server, waits)
    assert model.generate([Prompt("a")], ONE) == [["at last"]]
    assert len(waits) == 3 and all(
        0.75 * 2**k <= wait <= 1.25 * 2**k for k, wait in enumerate(waits)
    )
    assert model.usage.retries == 3 and model.usage.requests == 1


def test_the_server_may_say_how_long_to_wait_but_not_for_ever(server: Server) -> None:
    server.reply = lambda k, body: [
        (429, {"Retry-After": "17"}, b""),
        (429, {"Retry-After": "9999"}, b""),
        (429, {"Retry-After": "Fri, 20 Nov 2026"}, b""),
        said("x"),
    ][k]
    waits: list[float] = []
    asked(server, waits).generate([Prompt("a")], ONE)
    assert waits[0] == 17.0 and waits[1] == 60.0 and waits[2] < 6


def test_no_answer_in_time_is_tried_again_and_given_up_in_one_line(server: Server) -> None:
    stop = threading.Event()
    server.reply = lambda k, body: stop.wait(5) and said("late") or said("late")
    model = RemoteModel("m", Endpoint(server.url, timeout_s=0.2, attempts=2), sleep=lambda s: None)
    with pytest.raises(
        ModelError, match="no usable answer in 2 tries; the last: .*timed out"
    ) as caught:
        model.generate([Prompt("a")], ONE)
    stop.set()
    assert "\n" not in str(caught.value)
    nobody = RemoteModel("m", Endpoint("http://127.0.0.1:9/v1", attempts=2), sleep=lambda s: None)
    with pytest.raises(ModelError, match="in 2 tries; the last: .*refused"):
        nobody.generate([Prompt("a")], ONE)


def test_trouble_is_reported_rarely_while_it_lasts(server: Server, capsys) -> None:
    server.reply = lambda k, body: (503, {}, b"busy") if k < 4 else said("yes")
    model = RemoteModel("m", Endpoint(server.url, attempts=6), sleep=lambda s: None)
    model.generate([Prompt("Hi")], Sampling())
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"{server.url}: 503 Service Unavailable; asked again, try 2 of 6"


def test_what_will_not_change_is_not_asked_again_and_the_key_is_in_no_message(
    server: Server, monkeypatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    server.reply = lambda k, body: (
        401,
        {},
        json.dumps({"error": {"message": "Incorrect API key\nprovided: sk-secret"}}).encode(),
    )
    model = asked(server)
    with pytest.raises(ModelError, match="refuses: 401 Incorrect API key provided: ...") as caught:
        model.generate([Prompt("a")], ONE)
    assert len(server.bodies) == 1 and "sk-secret" not in str(caught.value)
    assert server.keys == ["Bearer sk-secret"]
    server.reply = lambda k, body: (302, {"Location": "http://127.0.0.1:9/elsewhere"}, b"")
    with pytest.raises(ModelError, match="refuses: 302"):
        model.generate([Prompt("a")], ONE)
    for other in (b'{"hello": 1}', b"\n<!doctype html><title>a router</title>"):
        server.reply = lambda k, body, other=other: (200, {}, other)
        before = len(server.bodies)
        with pytest.raises(
            ModelError, match="not in the form of /chat/completions; is it the base of the API?"
        ):
            model.generate([Prompt("a")], ONE)
        assert len(server.bodies) == before + 1


def test_a_server_that_gives_one_answer_a_request_is_asked_for_each(server: Server) -> None:
    server.reply = lambda k, body: (
        said(f"s{body['seed']}") if body["n"] == 1 else (400, {}, b'{"detail": "n must be 1"}')
    )
    assert asked(server).generate([Prompt("a")], Sampling(n=3, seed=7)) == [["s7", "s8", "s9"]]
    assert [b["n"] for b in server.bodies] == [3, 1, 1, 1]
    server.bodies.clear()
    server.reply = lambda k, body: said(f"s{body['seed']}")  # says nothing and gives one
    assert asked(server).generate([Prompt("a")], Sampling(n=2, seed=7)) == [["s7", "s8"]]
    assert asked(server).generate([Prompt("a")], Sampling(n=2, temperature=0.0)) == [["s0", "s0"]]


def test_requests_run_side_by_side_but_no_more_than_allowed(server: Server) -> None:
    together = threading.Barrier(3, timeout=5)

    def reply(k: int, body: dict) -> Reply:
        together.wait()
        return said("x")

    server.reply = reply
    asked(server, concurrency=3).generate([Prompt(str(k)) for k in range(6)], ONE)
    assert server.most == 3


def test_a_prompt_beyond_the_context_costs_its_answer_only(server: Server) -> None:
    server.reply = lambda k, body: (
        (
            400,
            {},
            b'{"error": {"code": "context_length_exceeded", "message": "maximum context length '
            b'is 8 tokens"}}',
        )
        if "long" in body["messages"][0]["content"]
        else said("x", "y")
    )
    assert asked(server).generate([Prompt("long"), Prompt("b")], Sampling(n=2)) == [
        ["", ""],
        ["x", "y"],
    ]


def test_it_is_saved_as_where_it_is_and_is_not_taught(
    server: Server, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    asked(server).save(tmp_path / "m")
    assert (
        classify_model(tmp_path / "m") == "openai"
        and "sk-secret" not in (tmp_path / "m" / "endpoint.json").read_text()
    )
    model = MODEL_BACKENDS["openai"](
        str(tmp_path / "m"), ModelOptions(endpoint=replace(Endpoint(), concurrency=2))
    )
    assert model.generate([Prompt("a")], ONE) == [["yes"]]
    with pytest.raises(ModelError, match="cannot be fine-tuned from here"):
        model.learn([Example("a", "b")], Learning())
    with pytest.raises(ValueError, match="cannot be forced"):
        model.generate([Prompt("a", "prefix")], ONE)
    with pytest.raises(ModelError, match="is no URL"):
        RemoteModel.load("gpt", Endpoint("127.0.0.1:8000"))
    (tmp_path / "m" / "endpoint.json").write_text("[]")
    with pytest.raises(ModelError, match="not what a remote model is saved as"):
        RemoteModel.load(tmp_path / "m", Endpoint())


@pytest.mark.slow
def test_transformers_own_server_answers(tmp_path: Path, monkeypatch) -> None:
    """Against `transformers serve` with a model made here; needs `pip install
    transformers[serving]`.
    """
    import socket
    import subprocess
    import sys
    import time
    import urllib.request

    from transformers.utils.import_utils import is_serve_available

    if not is_serve_available():
        pytest.skip("the packages of transformers[serving] are not installed")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = _chat_model(tmp_path / "tiny")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from transformers.cli.transformers import main; main()",
        "serve",
        str(folder),
    ]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.5)
        model = RemoteModel(
            str(folder), Endpoint(f"http://127.0.0.1:{port}/v1", concurrency=2, attempts=3)
        )
        sampling = Sampling(n=3, temperature=1.0, max_new_tokens=8, seed=3)
        answers = model.generate([Prompt("void f"), Prompt("int n")], sampling)
        assert [len(texts) for texts in answers] == [3, 3] and all(
            len(set(texts)) > 1 for texts in answers
        )
        assert model.usage.requests == 12 and model.usage.answer_tokens > 0
    finally:
        server.terminate()
        server.wait()


def _chat_model(folder: Path) -> Path:
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import (
        GenerationConfig,
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
    )

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        ["void f(int n, float *x) { x[n] = 1; }"] * 9,
        vocab_size=300,
        special_tokens=["<end>", "<user>", "<bot>"],
    )
    folder.mkdir()
    trained.save(str(folder / "bpe.json"))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "bpe.json"), eos_token="<end>", pad_token="<end>"
    )
    tokenizer.chat_template = (
        "{% for m in messages %}<user>{{ m['content'] }}{% endfor %}{% if "
        "add_generation_prompt %}<bot>{% endif %}"
    )
    torch.manual_seed(0)
    ids = {
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
    }
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=256,
        **ids,
    )
    LlamaForCausalLM(shape).save_pretrained(folder)
    GenerationConfig(do_sample=True, **ids).save_pretrained(
        folder
    )  # the server samples only where the model says so
    tokenizer.save_pretrained(folder)
    return folder


def _trickle(server: Server, data: bytes, wait_s: float) -> None:
    """Answers come a byte at a time."""

    def handle(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers["Content-Length"]))
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        try:
            for byte in data:
                request.wfile.write(bytes([byte]))
                request.wfile.flush()
                time.sleep(wait_s)
        except OSError:  # nobody listens any more
            pass

    server.handle = handle


def test_an_answer_that_trickles_is_out_of_time(server: Server) -> None:
    _trickle(server, said("yes")[2], 0.1)
    model = RemoteModel("m", Endpoint(server.url, timeout_s=0.8, attempts=2), sleep=lambda s: None)
    started = time.monotonic()
    with pytest.raises(ModelError, match="no usable answer in 2 tries; the last: .*timed out"):
        model.generate([Prompt("a")], ONE)
    assert time.monotonic() - started < 5


def test_an_answer_that_trickles_in_time_is_taken(server: Server) -> None:
    _trickle(server, said("yes")[2], 0.001)
    assert asked(server).generate([Prompt("a")], ONE) == [["yes"]]


def test_an_endless_answer_is_an_error_of_one_line(server: Server) -> None:
    server.reply = lambda k, body: (200, {}, b" " * 2_000_000)
    model = RemoteModel(
        "m",
        Endpoint(server.url, timeout_s=20.0, most_bytes=1_000_000, attempts=2),
        sleep=lambda s: None,
    )
    with pytest.raises(ModelError, match="an answer of more than 1000000 bytes") as caught:
        model.generate([Prompt("a")], ONE)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 20_000,
        b'{"choices": ' * 100 + b"1" + b"}" * 100,
        b"",
        b'{"choices": [{"message": {"content": "\\ud800"}}]}',
    ],
)
def test_json_that_is_nested_too_deeply_or_no_text_is_an_error_of_one_line(
    server: Server, text: bytes
) -> None:
    server.reply = lambda k, body: (200, {}, text)
    model = RemoteModel("m", Endpoint(server.url, timeout_s=5.0, attempts=2), sleep=lambda s: None)
    with pytest.raises(ModelError, match="no usable answer in 2 tries") as caught:
        model.generate([Prompt("a")], ONE)
    assert len(str(caught.value).splitlines()) == 1
