"""Time and memory of `coevolve run --dry-run`, which loads, clusters and splits a corpus, by the
number of its programs.

    python benchmarks/large_corpus.py [--items 100000] [--families 5000]

Each count is measured in a process of its own. CPU times are those of all its processes. The peak
is that of this process, and of the largest that reads for it. The ratio of times says how the cost
grows: linear cost has the ratio of the counts. Programs are those of
`benchmarks/near_duplicates.py`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from near_duplicates import make_families

ASKED = """
import contextlib, io, json, resource, sys, time
from coevolve.cli.main import main
started = time.monotonic()
with contextlib.redirect_stdout(io.StringIO()) as said:
    code = main(sys.argv[1:])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([code, time.monotonic() - started, sum(u.ru_utime + u.ru_stime for u in used),
    [u.ru_maxrss / 1024 for u in used], said.getvalue()]))
"""


def measure(corpus: Path, folder: Path) -> list:
    """[exit code, seconds, CPU seconds, peak MiB of the run and of its largest reader, output] of
    a dry run on `corpus`.
    """
    config = folder / "config.toml"
    config.write_text(f'direction = "cpp:cuda"\nrun_dir = "{folder}/run"\n')
    words = ["run", str(config), "--dry-run", "--set", f"corpus.source={corpus}"]
    done = subprocess.run(
        [sys.executable, "-c", ASKED, *words], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--families", type=int, default=5_000)
    options = parser.parse_args()
    found = {}
    for count in (options.items // 10, options.items):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            corpus = folder / "corpus.jsonl"
            families = max(1, options.families * count // options.items)
            with corpus.open("w") as out:
                for program in make_families(count, families, 0):
                    out.write(json.dumps({"cpp": program.text}) + "\n")
            began = time.monotonic()
            code, seconds, cpu_s, peaks, said = found[count] = measure(corpus, folder)
            size = corpus.stat().st_size / 1e6
            print(f"{count} programs, {size:.0f} MB, exit {code}: {said.splitlines()[0]}")
            print(
                f"  {seconds:.0f} s  {cpu_s:.0f} CPU s  peak {peaks[0]:.0f} MiB, of a reader "
                f"{peaks[1]:.0f} MiB",
                flush=True,
            )
            assert time.monotonic() - began < 7200
    less, more = found.values()
    print(f"ratio of CPU times {more[2] / less[2]:.1f} for 10 times the programs")


if __name__ == "__main__":
    main()
