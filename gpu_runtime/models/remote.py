"""A model behind an OpenAI-compatible endpoint: asked, never taught.

Contract: the `LanguageModel` Protocol, but `learn` refuses. Requests run side by side; what a busy
or broken server answers (429, 5xx, no whole answer in time, a cut connection) is tried again with
growing waits, anything else is a ModelError of one line. The key comes from the environment
variable that `Endpoint` names, goes to that server alone, and is in no message.

    OPENAI_API_KEY=... python -c "from gpu_runtime.models.remote import RemoteModel as R; \\
        from gpu_runtime.models.options import *; \\
        from gpu_runtime.models.protocol import *; \\
            print(R('m', Endpoint('http://127.0.0.1:8000/v1')).generate([Prompt('Hi')], \\
            Sampling()))"
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from http.client import HTTPException, IncompleteRead
from pathlib import Path

from corpora.files import write_folder
from corpora.json_text import parse_json
from gpu_runtime.models.options import Endpoint
from gpu_runtime.models.protocol import Example, Learning, ModelError, Prompt, Sampling

FILE = "endpoint.json"
DEEPEST = 64
"""Levels of JSON in an answer: those of /chat/completions have a handful."""
_AT_ONCE = 1 << 16
LONGEST_WAIT_S, QUIET_S = 60.0, 30.0
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_TOO_LONG = ("context_length", "maximum context", "too long", "max_model_len")


@dataclass(frozen=True, slots=True)
class EndpointUsage:
    """The use of an endpoint so far. requests: how many were sent. retries: how many of them were
    repeated tries. prompt_tokens, answer_tokens: as it counts them. cost: in the currency of the
    endpoint's prices.
    """

    requests: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost: float = 0.0


class RemoteModel:
    """A model behind an OpenAI-compatible endpoint. It implements `LanguageModel` but cannot learn.

    model: its name there. endpoint: where and how it is asked. sleep(seconds): waits between tries.
        Raises ModelError without a usable URL.
    """

    def __init__(
        self, model: str, endpoint: Endpoint, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Raises ModelError without a usable URL. `sleep` waits between tries."""
        if not endpoint.url.startswith(("http://", "https://")):
            raise ModelError(
                f"model.endpoint '{endpoint.url}' is no URL; give the base of the API, for "
                f"example http://127.0.0.1:8000/v1"
            )
        self._model, self._endpoint, self._sleep = model, endpoint, sleep
        self._usage, self._lock = EndpointUsage(), threading.Lock()
        self._many = True
        self._quiet_until = 0.0
        # Followed blindly, a redirection would take the key to another server.
        self._opener = urllib.request.build_opener(_NoRedirection)

    @classmethod
    def load(cls, name_or_path: str | Path, endpoint: Endpoint) -> RemoteModel:
        """Return a remote model. name_or_path: its name at the endpoint, or a folder that `save`
        wrote, whose URL replaces the endpoint's. endpoint: where and how it is asked. Raises
        ModelError if the folder is damaged or the URL cannot be used.
        """
        file = Path(name_or_path) / FILE
        if not file.is_file():
            return cls(str(name_or_path), endpoint)
        try:
            held = json.loads(file.read_text(encoding="utf-8"))
            return cls(held["model"], replace(endpoint, url=held["url"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{file}: not what a remote model is saved as: {error}") from None

    @property
    def usage(self) -> EndpointUsage:
        """Return the use of the endpoint so far: requests, tokens and cost."""
        return self._usage

    @property
    def _key(self) -> str | None:
        return os.environ.get(self._endpoint.key_variable)

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """Return `sampling.n` answers per prompt, in order. Whether equal questions get equal
        answers depends on the server. A prompt longer than the model's context gets empty answers.

        Raises ModelError if the endpoint fails, ValueError for a prompt with a forced prefix, to
        which an endpoint cannot be held.
        """
        if any(p.prefix for p in prompts):
            raise ValueError(
                "an answer of a remote model cannot be forced to begin with given words"
            )
        with ThreadPoolExecutor(max(1, self._endpoint.concurrency)) as pool:
            waiting = [pool.submit(self._answers, prompt.text, sampling) for prompt in prompts]
            try:
                return [answer.result() for answer in waiting]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def learn(
        self,
        examples: Sequence[Example],
        learning: Learning,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> dict[str, float]:
        """Raise ModelError, whatever is given: a remote model cannot be trained."""
        raise ModelError(
            f"model '{self._model}' at {self._endpoint.url} cannot be fine-tuned from here: it "
            f"is asked only"
        )

    def save(self, folder: Path) -> None:
        """Write the model's URL and name, without the key, into `folder`, for `load`. Raises
        OSError if the disk is full.
        """
        text = json.dumps({"url": self._endpoint.url, "model": self._model}, indent=1) + "\n"
        write_folder(
            folder, lambda temporary: (temporary / FILE).write_text(text, encoding="utf-8")
        )

    def _answers(self, text: str, sampling: Sampling) -> list[str]:
        found: list[str] = []
        greedy = sampling.temperature <= 0
        wanted = 1 if greedy else sampling.n
        while len(found) < wanted:
            asked = wanted - len(found) if self._many else 1
            body = {
                "model": self._model,
                "messages": [{"role": "user", "content": text}],
                "n": asked,
                "temperature": sampling.temperature,
                "top_p": 1.0 if greedy else sampling.top_p,
                "max_tokens": sampling.max_new_tokens,
                "seed": sampling.seed + len(found),
            }
            try:
                found += self._choices(body)[:asked]
            except _RefusedError as refusal:
                if refusal.status == 400 and any(
                    word in str(refusal).lower() for word in _TOO_LONG
                ):
                    return [""] * sampling.n
                if refusal.status not in (400, 422) or asked == 1:
                    raise
                self._many = False  # a server that gives one answer a request
        return found * sampling.n if greedy else found

    def _choices(self, body: dict[str, object]) -> list[str]:
        answer = self._post("/chat/completions", body)
        try:
            texts = [choice["message"].get("content") or "" for choice in answer["choices"]]
            used = answer.get("usage") or {}
            counts = int(used.get("prompt_tokens") or 0), int(used.get("completion_tokens") or 0)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise ModelError(
                f"{self._endpoint.url} answers, but not in the form of /chat/completions; is it "
                f"the base of the API?"
            ) from None
        if not texts:
            raise ModelError(f"{self._endpoint.url} gave no answer at all to a request")
        cost = sum(n * price for n, price in zip(counts, self._endpoint.prices)) / 1e6
        self._count(requests=1, prompt_tokens=counts[0], answer_tokens=counts[1], cost=cost)
        return texts

    def _count(self, **more: float) -> None:
        with self._lock:
            self._usage = EndpointUsage(
                **{name: value + more.get(name, 0) for name, value in asdict(self._usage).items()}
            )

    def _post(self, path: str, body: dict[str, object]) -> dict:
        """The decoded answer. Raises _Refused (a ModelError) for what asking again would not
        change, ModelError in the end.
        """
        last = ""
        for attempt in range(self._endpoint.attempts):
            wait_s = self._endpoint.first_wait_s * 2**attempt * random.uniform(0.75, 1.25)
            try:
                return _decode_reply(self._read(self._request(path, body)), self._endpoint.url)
            except urllib.error.HTTPError as error:
                last = f"{error.code} {_message_of(error, self._key)}"
                if error.code not in _AGAIN:
                    raise _RefusedError(
                        f"{self._endpoint.url} refuses: {last}", error.code
                    ) from None
                wait_s = max(wait_s, _seconds(error.headers.get("Retry-After")))
            except ModelError:
                raise
            except (
                OSError,
                HTTPException,
                ValueError,
            ) as error:  # no answer, a cut one, or half a JSON text
                last = str(getattr(error, "reason", None) or error) or type(error).__name__
            if attempt + 1 < self._endpoint.attempts:
                self._count(retries=1)
                self._tell(
                    f"{self._endpoint.url}: {last}; asked again, try {attempt + 2} of "
                    f"{self._endpoint.attempts}"
                )
                self._sleep(min(wait_s, LONGEST_WAIT_S))
        raise ModelError(
            f"{self._endpoint.url} gave no usable answer in {self._endpoint.attempts} tries; "
            f"the last: {last}"
        )

    def _read(self, request: urllib.request.Request) -> bytes:
        """The bytes of one answer. Raises TimeoutError where they are not there in time, ModelError
        where they are too many.

        A time limit of the socket alone bounds the wait for each byte, and not for all of them.
        """
        limits = self._endpoint
        until = time.monotonic() + limits.timeout_s
        with self._opener.open(request, timeout=limits.timeout_s) as response:
            parts, size = [], 0
            while part := response.read1(_AT_ONCE):
                parts.append(part)
                size += len(part)
                if size > limits.most_bytes:
                    raise ModelError(
                        f"{limits.url} gave an answer of more than {limits.most_bytes} bytes"
                    )
                if time.monotonic() > until:
                    raise TimeoutError(
                        f"the answer was not complete after {limits.timeout_s:g} s: timed out"
                    )
            if response.length:
                raise IncompleteRead(b"".join(parts), response.length)
            return b"".join(parts)

    def _tell(self, trouble: str) -> None:
        """One line on stderr, seldom: a server that hangs takes minutes for every try."""
        with self._lock:
            now = time.monotonic()
            due = now >= self._quiet_until
            self._quiet_until = now + QUIET_S if due else self._quiet_until
        if due:
            print(trouble, file=sys.stderr, flush=True)

    def _request(self, path: str, body: dict[str, object]) -> urllib.request.Request:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return urllib.request.Request(
            self._endpoint.url.rstrip("/") + path, json.dumps(body).encode(), headers
        )


def _decode_reply(text: bytes, url: str) -> dict:
    """Raises ModelError for a web page, which asking again does not change, ValueError for half a
    JSON text.
    """
    if text.lstrip()[:1] == b"<":
        raise ModelError(
            f"{url} answers with a web page, not in the form of /chat/completions; is it the "
            f"base of the API?"
        )
    return parse_json(text, DEEPEST)


class _RefusedError(ModelError):
    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def _message_of(error: urllib.error.HTTPError, key: str | None) -> str:
    """One line of what the server says, or of what the status means."""
    try:
        text = error.read(4096).decode(errors="replace")
        told = parse_json(text, DEEPEST)
        told = told.get("error", told) if isinstance(told, dict) else told
        text = str(told.get("message", told)) if isinstance(told, dict) else str(told)
    except (OSError, ValueError, HTTPException):
        text = str(error.reason)
    if key:
        text = text.replace(key, "...")  # some servers repeat the key that they refuse
    return " ".join(text.split())[:300]


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or 0))
    except ValueError:  # a date: our own wait will do
        return 0.0
