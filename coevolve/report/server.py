"""The viewer: runs and evaluations as pages that a server on this machine makes when they are asked
for.

Contract: it reads folders and changes nothing. It listens on 127.0.0.1 and answers requests that
name this address only, so that no page of another site can read through a browser what lies here.
Samples are paged: a page holds at most PAGE of them, however large the run is.

    coevolve view runs/demo
"""

from __future__ import annotations

import json
import math
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from markupsafe import Markup

from coevolve.cli.errors import UserError
from coevolve.evaluation.result import (
    flatten_figures,
    format_figure,
    label_figure,
    select_interval,
)
from coevolve.loop.run_folder import RunFolder
from coevolve.report.data import make_round_data
from coevolve.report.page import (
    collect_figures,
    escape_for_script,
    make_environment,
    make_table,
    open_run,
    render_page,
)
from coevolve.report.rises import format_rises
from coevolve.report.samples import SHOWN_VALUES, SampleIndex
from corpora.json_text import JsonError, parse_json

ADDRESS = "127.0.0.1"
PAGE = 200
"""Samples or items of one answer at the most."""
ANSWERS = 20
"""Answers to an item that one page shows beside the source."""
FILTERS = ("round", "held", "way", "outcome", "program", "sample", "text")


@dataclass(frozen=True, slots=True)
class Found:
    """What a viewer shows. runs: folders of runs. evaluations: files that `coevolve eval --out`
    wrote. Pages name both by their places in these tuples, from 0.
    """

    runs: tuple[Path, ...]
    evaluations: tuple[Path, ...]


def find_shown(places: list[Path]) -> Found:
    """Return the runs and evaluations at or directly below `places`, folders or result files, each
    once and in order. Raises UserError if a place does not exist or if there is nothing to show.
    """
    runs: list[Path] = []
    evaluations: list[Path] = []
    for place in places:
        if not place.exists():
            raise UserError(f"'{place}' does not exist; name a run, a folder of runs or a result")
        inside = sorted(place.iterdir()) if place.is_dir() else []
        for each in (place, *inside):
            if (each / "config.toml").is_file():
                runs.append(each)
            elif each.suffix == ".json" and read_result(each) is not None:
                evaluations.append(each)
            elif each.is_dir():
                evaluations += [f for f in sorted(each.glob("*.json")) if read_result(f)]
        if not runs and not evaluations:
            rows = place.suffix == ".jsonl"
            raise UserError(
                f"'{place}' holds neither a run (no config.toml) nor a result of 'coevolve eval "
                f"--out'"
                + (f"; rows of --leaderboard: coevolve leaderboard {place}" if rows else "")
            )
    return Found(tuple(dict.fromkeys(runs)), tuple(dict.fromkeys(evaluations)))


def read_result(file: Path) -> dict | None:
    """Return the content of a result file of `coevolve eval --out` as JSON values; None if the file
    cannot be read or is none.
    """
    try:
        value = parse_json(file.read_bytes())
    except (OSError, JsonError):
        return None
    own = isinstance(value, dict) and value.get("kind") == "evaluation" and "items" in value
    return value if own else None


class Viewer:
    """The pages of the viewer of runs and evaluations, made when they are asked for, without a
    network. Methods may be called from several threads. shown: what it shows.
    """

    def __init__(self, shown: Found) -> None:
        """shown: what it is asked about."""
        self.shown = shown
        self._environment = make_environment()
        self._indices: dict[int, tuple[float, SampleIndex]] = {}
        self._result: tuple[Path, float, dict] | None = None
        self._lock = threading.Lock()

    def answer(self, target: str) -> tuple[int, str, str]:
        """Return (HTTP status, content type, text) of the viewer's page for a request's target.

        target: path and query: `/` for the overview, `/run/0/` for a run, `/run/0/samples?...` for
            its answers as JSON, `/evaluation/0/` for an evaluation, `/evaluation/0/item/3` for one
            of its items; numbers are places in `shown`, from 0.
        The status is 200; 404 for a page that does not exist; 500, with a text of one line, for a
        run or evaluation that cannot be read.
        """
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        words = [word for word in parts.path.split("/") if word]
        try:
            if not words:
                return 200, "text/html", self._overview()
            if words[0] == "run" and len(words) == 2:
                return 200, "text/html", self._run(int(words[1]))
            if words[0] == "run" and words[2:] == ["samples"]:
                return 200, "application/json", self._samples(int(words[1]), query)
            if words[0] == "evaluation" and len(words) == 2:
                return 200, "text/html", self._evaluation(int(words[1]), query)
            if words[0] == "evaluation" and words[2:3] == ["item"] and len(words) == 4:
                place = max(int(words[3]), 0)
                shown = self._item(int(words[1]), place, _read_count(query, "from"))
                return 200, "text/html", shown
        except (IndexError, ValueError) as error:
            if isinstance(error, UserError) or type(error) not in (IndexError, ValueError):
                return 500, "text/plain", f"{error}\n"
        return 404, "text/plain", f"there is no page {parts.path}\n"

    def _index(self, number: int) -> SampleIndex:
        """The index of a run, made anew when its folder has more."""
        root = self.shown.runs[number]
        with self._lock:
            changed = max(
                f.stat().st_mtime for f in (root, *root.glob("*"), *root.glob("*/*.json*"))
            )
            known = self._indices.get(number)
            if known is None or known[0] != changed:
                self._indices[number] = known = (changed, SampleIndex(RunFolder(root)))
            return known[1]

    def _run(self, number: int) -> str:
        folder, config = open_run(self.shown.runs[number])
        index = self._index(number)
        data = {
            **make_round_data(folder),
            "programs": {},
            "samples": [],
            "total": len(index.entries),
            "choices": index.choices(),
            "api": f"/run/{number}/",
        }
        return render_page(folder, config, data)

    def _samples(self, number: int, query: dict[str, str]) -> str:
        wanted = {name: query.get(name, "") for name in FILTERS}
        count = min(PAGE, _read_count(query, "count", PAGE))
        found = self._index(number).find(wanted, _read_count(query, "offset"), count)
        return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace").decode()

    def _overview(self) -> str:
        runs, series = [], []
        for number, root in enumerate(self.shown.runs):
            folder, config = open_run(root)
            known = collect_figures(folder, config)
            header, rows = make_table(folder, config, known)
            runs.append(
                {
                    "number": number,
                    "name": str(root),
                    "direction": config.title,
                    "header": header[:-1],
                    "rows": [cells[:-1] for cells in rows],
                    "rises": format_rises(folder).splitlines(),
                }
            )
            values = [
                [r["number"], r["figures"]["pass@1"], *r["intervals"].get("pass@1", ())]
                for r in make_round_data(folder)["rounds"]
                if r["figures"].get("pass@1") is not None
            ]
            if values:
                series.append({"name": root.name, "values": values})
        results = [(n, f, read_result(f)) for n, f in enumerate(self.shown.evaluations)]
        evaluations = [
            {
                "number": number,
                "name": file.name,
                "model": result["model"],
                "corpus": result["corpus"],
                "direction": result["direction"],
                "count": result["n_items"],
                **_tell("pass@1", dict(flatten_figures(result)).get("pass@1")),
            }
            for number, file, result in results
            if result is not None
        ]
        return self._environment.get_template("runs.html").render(
            runs=runs, evaluations=evaluations, data=Markup(escape_for_script(series))
        )

    def _open_result(self, number: int) -> tuple[Path, dict]:
        """The file of an evaluation and its content; that of the last one asked for is kept, since
        it may be large.
        """
        file = self.shown.evaluations[number]
        with self._lock:
            changed = file.stat().st_mtime if file.exists() else 0.0
            if self._result is None or self._result[:2] != (file, changed):
                result = read_result(file)
                if result is None:
                    raise UserError(f"'{file}' is no longer a result of 'coevolve eval --out'")
                self._result = (file, changed, result)
            return file, self._result[2]

    def _evaluation(self, number: int, query: dict[str, str]) -> str:
        file, result = self._open_result(number)
        figures = [
            {"name": label_figure(name), "count": value.get("n_items", ""), **_tell(name, value)}
            for name, value in flatten_figures(result)
        ]
        first, only = _read_count(query, "from"), query.get("only", "")
        rows = [
            (at, item)
            for at, item in enumerate(result["items"])
            if only != "wrong" or item["passed"] < item["samples"]
        ]
        return self._environment.get_template("evaluation.html").render(
            name=file.name,
            result=result,
            figures=figures,
            items=rows[first : first + PAGE],
            first=first,
            page=PAGE,
            total=len(rows),
            only=only if only == "wrong" else "",
        )

    def _item(self, number: int, place: int, first: int) -> str:
        """The page of one item: its source beside the different answers, with their verdicts."""
        file, result = self._open_result(number)
        item = result["items"][place]
        if "answers" not in item:
            raise UserError(f"'{file}' was written by an older version, which kept no answers")
        answers = item["answers"][first : first + ANSWERS]
        languages = result["direction"].split(":")
        texts = {"source": item["source"], "languages": languages}
        return self._environment.get_template("item.html").render(
            name=file.name,
            result=result,
            item=item,
            number=place,
            total=len(result["items"]),
            answers=[_describe_answer(answer, item["samples"]) for answer in answers],
            first=first,
            page=ANSWERS,
            count=len(item["answers"]),
            data=Markup(escape_for_script({**texts, "answers": [a["text"] for a in answers]})),
        )


def _describe_answer(answer: dict, samples: int) -> dict[str, object]:
    """What a page tells of one answer of a result. samples: answers to the item."""
    failing = answer["failing"] or {}
    facts = [("detail", answer["detail"]), ("launch", answer["launch"])]
    if answer["serial"]:
        facts.append(("note", "one thread does all the work of a parallel target"))
    if failing.get("place"):
        told = "expected {expected} (tolerance {tolerance}), got {actual}".format(**failing)
        facts.append(("first difference", f"{failing['place']}: {told}"))
    facts.append(("fails on", failing.get("test", "")))
    facts += [(f"input {name}", _format_input(v)) for name, v in failing.get("inputs", {}).items()]
    numbers = [str(number + 1) for number in answer["samples"]]
    undecided = "dim" if not answer["decided"] else "bad"
    return {
        "numbers": ", ".join(numbers) + (f" of {samples}" if samples > 1 else ""),
        "tone": "good" if answer["passed"] else undecided,
        "outcome": answer["outcome"],
        "facts": [(name, value) for name, value in facts if value],
        "text": answer["text"],
    }


def _format_input(value: dict) -> str:
    """A parameter's value in a failing test, as `explain.list_inputs` gives it, in one line."""
    if "value" in value:
        return str(value["value"])
    if value["values"] is None:
        return "null pointer"
    shown = " ".join(map(str, value["values"][:SHOWN_VALUES]))
    count = math.prod(value["shape"])
    return shown + (f" … ({count} in all)" if count > SHOWN_VALUES else "")


def _read_count(query: dict[str, str], name: str, default: int = 0) -> int:
    text = query.get(name, "")
    return min(int(text), 10**9) if text.isdecimal() else default


def _tell(name: str, value: dict | None) -> dict[str, str]:
    """A figure and its interval as text, shares in percent."""
    if not value:
        return {"value": "–", "interval": "–"}
    bounds = [format_figure(name, bound) for bound in select_interval(value) or ()]
    shown = format_figure(name, value["value"])
    return {"value": shown, "interval": " to ".join(bounds) or "–"}


def make_server(viewer: Viewer, port: int) -> ThreadingHTTPServer:
    """Return an HTTP server of `viewer` on 127.0.0.1; its `serve_forever` runs it. It answers only
    requests that name this address or `localhost`. port: to listen on; 0 takes a free one. Raises
    UserError if the port cannot be used.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.headers.get("Host", "").rpartition(":")[0]
            if host not in (ADDRESS, "localhost"):
                self._send(403, "text/plain", "this viewer answers requests to 127.0.0.1 only\n")
                return
            self._send(*viewer.answer(self.path))

        def _send(self, status: int, kind: str, text: str) -> None:
            body = text.encode("utf-8", "replace")
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: requests are no news."""

    try:
        server = ThreadingHTTPServer((ADDRESS, port), Handler)
    except (OSError, OverflowError) as error:
        raise UserError(f"port {port} cannot be used ({error}); name another with --port") from None
    server.daemon_threads = True
    return server
