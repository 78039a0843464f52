"""What the server takes and tells: POST /verify, POST /translate, GET /jobs/ID, GET /health.

Contract: `make_app` returns an application whose requests and answers /openapi.json describes. A
request that is malformed, too large or too many is refused with 4xx or 503 and no job. Needs the
extra `serve`.

    uvicorn --factory coevolve.serving.app:make_default_app
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Path as UrlPath, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from coevolve import __version__
from coevolve.serving.jobs import JobQueue, QueueFullError, ServeLimits
from corpora.dialects import DIALECTS

if TYPE_CHECKING:
    DialectName = str
else:
    DialectName = Literal[tuple(DIALECTS)]
Text = Annotated[str, Field(min_length=1)]
FunctionName = Annotated[str, Field(max_length=200, pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]


class VerifyRequest(BaseModel):
    """The body of a request POST /verify: is `target` equivalent to `source`?

    source, target: texts of the two programs. source_dialect, target_dialect: such as `cpp` and
        `cuda`. suite: tests in text form, at most 2^20 characters; '' asks for tests made by rules.
    function: name of the function to compare; '' for all.
    """

    model_config = ConfigDict(extra="forbid")
    source: Text
    source_dialect: DialectName
    target: Text
    target_dialect: DialectName
    suite: Annotated[str, Field(max_length=1 << 20)] = ""
    function: FunctionName = ""


class TranslateRequest(BaseModel):
    """The body of a request POST /translate: a verified port of every function of `source`, by the
    model that comes with coevolve.

    source: text of the program. source_dialect, target_dialect: such as `cpp` and `cuda`.
    function: name of the function to translate; '' for all. samples: answers of the model for each
        function, 1 to 64. seed: of the sampling.
    """

    model_config = ConfigDict(extra="forbid")
    source: Text
    source_dialect: DialectName
    target_dialect: DialectName
    function: FunctionName = ""
    samples: Annotated[int, Field(ge=1, le=64)] = 16
    seed: Annotated[int, Field(ge=0, lt=1 << 31)] = 0


class JobState(BaseModel):
    """What the server tells of a job.

    id: by which GET /jobs/ID finds it. kind: `verify` or `translate`. state: `queued`, `running`,
        `done` (there is a result) or `failed`.
    exit_code: of the command: 0 equivalent, 1 not, 3 undecided; None until it ended. result: the
        command's JSON value; None if there is none. error: why there is none, in one line, or ''.
    submitted: when it was taken, in seconds since 1970.
    """

    id: str
    kind: Literal["verify", "translate"]
    state: Literal["queued", "running", "done", "failed"]
    exit_code: int | None
    result: Any
    error: str
    submitted: float


class Fault(BaseModel):
    """Why a request was not taken, as the server answers it. detail: the reason, in one line."""

    detail: str


def make_default_app() -> FastAPI:
    """Return the server's application (as `make_app` does) with a queue of its own and the default
    limits of `ServeLimits`.
    """
    return make_app(JobQueue(ServeLimits()))


def make_app(queue: JobQueue) -> FastAPI:
    """Return the server's application: POST /verify and POST /translate take jobs for `queue`, GET
    /jobs/ID tells of one, GET /health tells the version and how many jobs there are by state. A
    request that is malformed or too large, or for which the queue has no room, is refused with 4xx
    or 503.
    """
    app = FastAPI(
        title="coevolve",
        version=__version__,
        description="Verified ports of HPC code. Exit codes: 0 equivalent, 1 not, 3 undecided.",
    )
    refusals: dict[int | str, dict[str, Any]] = {
        code: {"model": Fault, "description": why}
        for code, why in ((400, "no JSON"), (413, "too large"), (503, "the queue is full"))
    }

    @app.middleware("http")
    async def limit_body(request: Request, call_next: Any) -> Any:
        """Refuse a body that is too large, whatever its header says."""
        size = 0
        parts = []
        async for part in request.stream():
            size += len(part)
            if size > queue.limits.body_bytes:
                said = f"a request may have {queue.limits.body_bytes} bytes at most"
                return JSONResponse({"detail": said}, 413, {"Connection": "close"})
            parts.append(part)
        request._body = b"".join(parts)
        return await call_next(request)

    def take(kind: str, write: Callable[[Path], list[str]]) -> dict[str, Any]:
        try:
            return queue.submit(kind, write).told()
        except QueueFullError as error:
            raise HTTPException(503, str(error), {"Retry-After": "5"}) from None

    @app.post("/verify", status_code=202, response_model=JobState, responses=refusals)
    def verify(asked: VerifyRequest) -> dict[str, Any]:
        def write(folder: Path) -> list[str]:
            words = ["verify", *_write_programs(folder, asked), "--json", "--backend", "emulated"]
            words += ["--from", asked.source_dialect, "--to", asked.target_dialect]
            if asked.suite:
                (folder / "suite.txt").write_text(asked.suite, encoding="utf-8")
                words += ["--suite", "suite.txt"]
            return words + (["--function", asked.function] if asked.function else [])

        return take("verify", write)

    @app.post("/translate", status_code=202, response_model=JobState, responses=refusals)
    def translate(asked: TranslateRequest) -> dict[str, Any]:
        def write(folder: Path) -> list[str]:
            words = ["translate", *_write_programs(folder, asked), "--json"]
            words += ["--from", asked.source_dialect, "--to", asked.target_dialect]
            words += ["--samples", str(asked.samples), "--seed", str(asked.seed)]
            return words + (["--function", asked.function] if asked.function else [])

        return take("translate", write)

    @app.get("/jobs/{job_id}", response_model=JobState, responses={404: {"model": Fault}})
    def job(job_id: Annotated[str, UrlPath(max_length=64)]) -> dict[str, Any]:
        if (found := queue.find(job_id)) is None:
            raise HTTPException(404, "no such job, or it was forgotten")
        return found.told()

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"version": __version__, "jobs": queue.count()}

    return app


def _write_programs(folder: Path, asked: Any) -> list[str]:
    """Write a request's programs under names that say their dialects, and return the names."""
    names = []
    for side in ("source", "target"):
        if (text := getattr(asked, side, None)) is None:
            continue
        names.append(f"{side}{DIALECTS[getattr(asked, f'{side}_dialect')].suffixes[0]}")
        (folder / names[-1]).write_text(text, encoding="utf-8", errors="replace")
    return names
