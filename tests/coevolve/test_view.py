"""`coevolve view`: pages of runs and evaluations from a real server, in a real browser."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from report_run import HOSTILE, make_run

from coevolve.cli.errors import UserError
from coevolve.loop.run_folder import RunFolder, write_json
from coevolve.report.data import EMBEDDED_SAMPLES, find_kind, make_page_data
from coevolve.report.page import write_report
from coevolve.report.samples import SampleIndex
from coevolve.report.server import PAGE, Viewer, find_shown, make_server

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no chromium or google-chrome on this machine"
)


def result(items: int) -> dict:
    """A result as `coevolve eval --out` writes it, of made figures."""
    share = {"value": 0.5, "ci95": [0.25, 0.75], "n_items": items}
    rows = [
        {
            "name": f"f{i}",
            "kind": "blas1",
            "passed": i % 2,
            "samples": 1,
            "compiled": 1,
            "first_passed": bool(i % 2),
            "first_outcome": "EQUIVALENT" if i % 2 else "MISMATCH",
            "first_detail": "<b>bold</b>",
        }
        for i in range(items)
    ]
    failing = {
        "test": "n=3 x:f32[3]=integers(1,9)",
        "inputs": {
            "n": {"type": "i32", "value": 3},
            "x": {"type": "f32", "shape": [3], "values": [4.0, 5.0, "nan"]},
        },
        "detail": "x[2] is 7",
        "place": "x[2]",
        "expected": "6",
        "actual": "7",
        "tolerance": "0",
    }
    answers = [
        {
            "text": f"void f() {{ {i}; }} // </script><b>bold</b>",
            "outcome": "MISMATCH",
            "detail": "x[2] is 7",
            "compiled": True,
            "built": True,
            "passed": False,
            "serial": False,
            "decided": True,
            "launch": "",
            "failing": failing,
            "samples": [i, 30 + i],
        }
        for i in range(30)
    ]
    rows[0] |= {"id": "a:f0", "source": "void f() { source; }", "answers": answers, "samples": 60}
    return {
        "kind": "evaluation",
        "model": "small",
        "corpus": "builtin",
        "direction": "cpp:cuda",
        "samples": 1,
        "n_items": items,
        "pass@k": {"1": share},
        "notes": ["a note"],
        "items": rows,
    }


def with_figures(folder: RunFolder) -> RunFolder:
    """The run with items in its evaluations, a control and losses."""
    for number, right in ((0, 1), (1, 4)):
        path = folder.round(number).evaluation
        items = [
            {"id": p, "name": p, "samples": 1, "passed": int(k < right)}
            for k, p in enumerate(SampleIndex(folder).programs)
            if k < 5
        ]
        write_json(path, {**json.loads(path.read_text()), "items": items})
    control = folder.round(1).control
    write_json(control.evaluation, {"pass@1": 20.0, "programs": 5, "items": []})
    for step in range(1, 500):
        folder.record_loss("round 1: Translator learns", step, 5.0 / step)
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server of a hostile run and of an evaluation with three pages of items."""
    root = tmp_path_factory.mktemp("runs")
    with_figures(make_run(root / "run", programs=30, samples=12, text=HOSTILE))
    make_run(root / "second", programs=2, samples=3)
    (root / "result.json").write_text(json.dumps(result(2 * PAGE + 1)))
    (root / "other.json").write_text("[1]")
    server = make_server(Viewer(find_shown([root])), 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def get(url: str, **headers: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as told:
        return told.read().decode()


def test_pages_of_samples_hold_all_of_them_once(address):
    first = json.loads(get(f"{address}/run/0/samples?count=1000"))
    assert first["total"] == 370 and len(first["samples"]) == PAGE
    rest = json.loads(get(f"{address}/run/0/samples?offset={PAGE}&count={PAGE}"))
    keys = [s["key"] for s in first["samples"] + rest["samples"]]
    assert len(keys) == len(set(keys)) == 370
    assert {s["program"] for s in first["samples"]} <= set(first["programs"])


@pytest.mark.parametrize(
    "query, count",
    [
        ("held=1", 10),
        ("outcome=EQUIVALENT&held=0", 36),
        ("outcome=KEPT", 18),
        ("round=0", 5),
        ("text=F1003", 2),
        ("way=cpp:openmp", 0),
        ("offset=-5&count=x&round=1&held=1", 5),
    ],
)
def test_filters(address, query, count):
    assert json.loads(get(f"{address}/run/0/samples?{query}"))["total"] == count


def test_a_failing_input_is_shown_as_values(address):
    found = json.loads(get(f"{address}/run/0/samples?outcome=MISMATCH&held=0&count=1"))
    values = dict(found["samples"][0]["values"])
    assert values["n"] == "9" and len(values["x"].split()) == 9
    one = json.loads(get(f"{address}/run/0/samples?sample={found['samples'][0]['key']}"))
    assert one["samples"] == found["samples"]


def test_what_is_not_there_and_who_may_not_ask(address):
    for path in ("/run/9/", "/nothing", "/run/x/", "/evaluation/7/", "/run/0/secret", "/run/-9/"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(address + path)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        get(address, Host="elsewhere.example:8000")


def test_items_of_an_evaluation_are_paged(address):
    page = get(f"{address}/evaluation/0/?from={PAGE}")
    assert '<th scope="row">pass@1 %</th><td>50.0</td><td>25.0 to 75.0</td>' in page
    assert f"{PAGE + 1} to {2 * PAGE} of {2 * PAGE + 1}" in page
    assert "<b>" not in page and "&lt;b&gt;bold" in page
    assert f"{2 * PAGE + 1} to {2 * PAGE + 1} of" in get(f"{address}/evaluation/0/?from={2 * PAGE}")


def test_an_item_is_shown_with_its_source_its_answers_and_failing_inputs(address):
    assert 'href="item/0"' in get(f"{address}/evaluation/0/")
    page = get(f"{address}/evaluation/0/item/0")
    assert "void f() { source; }" in page and "Answer 1, 31 of 60" in page
    assert "<dt>input x</dt><dd>4.0 5.0 nan</dd>" in page and "expected 6" in page
    assert "<b>" not in page and "Answer 20, 50" in page and "Answer 21, 51" not in page
    assert "Answer 30, 60" in get(f"{address}/evaluation/0/item/0?from=20")
    wrong = get(f"{address}/evaluation/0/?only=wrong")
    assert f"1 to {PAGE} of {PAGE + 1}" in wrong and ">f2<" in wrong and ">f1<" not in wrong
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{address}/evaluation/0/item/100000")
    with pytest.raises(urllib.error.HTTPError, match="500") as caught:
        get(f"{address}/evaluation/0/item/1")
    assert "older version" in caught.value.read().decode()


def browse(url: str, width: int, folder: Path) -> str:
    """The document as a browser has it when all is quiet. Console errors fail."""
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    done = subprocess.run(
        [
            *command,
            f"--user-data-dir={folder}/profile",
            f"--window-size={width},900",
            "--virtual-time-budget=5000",
            "--dump-dom",
            url,
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not console, console
    return done.stdout


@needs_browser
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_a_browser(address, tmp_path, width, theme):
    found = json.loads(get(f"{address}/run/0/samples?outcome=MISMATCH&held=0&count=3"))
    key = found["samples"][2]["key"]
    page = browse(f"{address}/run/0/?theme={theme}#sample={key}", width, tmp_path)
    assert f'data-theme="{theme}"' in page and 'data-wider="false"' in page
    assert "370 of 370" in page and page.count('role="option"') == PAGE
    detail = page.split('id="detail"')[1]
    assert f"#sample={key}" in detail and "12 answers to this program" in detail
    assert "input x" in detail and 'class="aligned"' in detail
    assert 'class="interval"' in page and "control pass@1 20.0" in page
    assert "Loss: Translator" in page and "Right answers by kind" in page
    assert "data-title" not in page and "<img" not in page
    overview = browse(f"{address}/?theme={theme}", width, tmp_path)
    assert 'data-wider="false"' in overview and "second" in overview and "50.0" in overview
    evaluation = browse(f"{address}/evaluation/0/?theme={theme}", width, tmp_path)
    assert 'data-wider="false"' in evaluation
    item = browse(f"{address}/evaluation/0/item/0?theme={theme}", width, tmp_path)
    assert 'data-wider="false"' in item and item.count('class="aligned"') == 20


def test_nothing_to_show_is_one_line(tmp_path):
    with pytest.raises(UserError, match="holds neither a run"):
        find_shown([tmp_path])
    with pytest.raises(UserError, match="does not exist"):
        find_shown([tmp_path / "none"])
    run = make_run(tmp_path / "run", programs=1, samples=1)
    server = make_server(Viewer(find_shown([run.root])), 0)
    with pytest.raises(UserError, match="name another with --port"):
        make_server(Viewer(find_shown([run.root])), server.server_address[1])
    server.server_close()


def test_the_command_serves_until_it_is_told_to_end(tmp_path):
    make_run(tmp_path / "run", programs=1, samples=2)
    words = ["view", str(tmp_path), "--port", "0", "--no-browser"]
    process = subprocess.Popen(
        [sys.executable, "-m", "coevolve", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        told = process.stdout.readline()
        assert " shows 1 run, 0 evaluations; Ctrl-C ends it" in told
        assert "Runs and evaluations" in get(told.split()[0])
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
        said = process.stderr.read()
        assert said == "coevolve: ended by SIGTERM; the pages are no longer served\n"
    finally:
        process.kill()


def test_a_large_run_gives_a_small_page_that_says_so(tmp_path):
    folder = make_run(tmp_path / "run", programs=100, samples=18)
    data = make_page_data(folder)
    assert data["total"] == 1810 and len(data["samples"]) == EMBEDDED_SAMPLES
    everything = {
        (s["round"], s["held"], s["outcome"])
        for s in SampleIndex(folder).load(SampleIndex(folder).entries)["samples"]
    }
    assert {(s["round"], s["held"], s["outcome"]) for s in data["samples"]} == everything
    page = write_report(folder.root).read_text()
    assert "310 more answers are in the run folder" in page


@pytest.mark.slow
def test_the_page_of_a_hundred_thousand_answers_is_below_five_megabytes(tmp_path):
    folder = make_run(tmp_path / "run", programs=1000, samples=100)
    assert write_report(folder.root).stat().st_size < 5e6


def test_kinds_of_programs():
    assert find_kind("loopnests:mixed/11/2") == "loopnests"
    assert find_kind("builtin/blas1/asum") == "blas1"
    assert find_kind("somewhere") == "" and find_kind("a/b.cpp:12") == "a"
