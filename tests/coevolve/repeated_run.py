"""One round without models, in a process of its own: what is proposed is known, and bad in every
way that might not repeat.

python tests/coevolve/repeated_run.py FOLDER
"""

from __future__ import annotations

import sys
from dataclasses import replace

from coevolve.config.schema import parse
from coevolve.evaluation.evaluate import evaluate_round, prepare_evaluation
from coevolve.loop import stages
from coevolve.loop.run_corpus import RunCorpus
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.services import make_verifier
from coevolve.loop.workers import FixedPool, LocalWorker, RunWorkers
from corpora.records import Candidate, Program

HEAD = (
    "__global__ void {name}(const float *a, const float *b, float *c, int n) {{ int i = "
    "blockIdx.x * blockDim.x + threadIdx.x; {body} }}"
)
SOURCES = {"blend": "a[i] * 0.25f + b[i] * 0.75f", "gap": "a[i] - b[i]"}
WRONG = (
    "if (i <= n) c[i] = {value};",  # the first is the one that CodeBLEU sees
    "if (i < n) c[i] = a[i];",
    "if (i < n) c[((long)i + 1) << 36] = {value};",
    "if (i < n) *(float *)(size_t)(i + 8) = {value};",
    "if (i < n) c[i] = *(const float *)((size_t)a * 3);",
    "if (i < n) c[i] = (float)((size_t)a & 1) + {value} / 0.0f;",
    "float t[4]; if (i < n) c[i] = t[i & 3] + {value};",
    "float *p = new float[4]; if (i < n) c[i] = p[i & 3] + {value}; delete[] p;",
    "if (i < n) {{ c[0] = {value}; }}",
    "if (i < n) c[i] = {value}",
    "while (i < n) {{ }}",
    "__shared__ float s[32]; s[i % 32] = {value}; __syncthreads(); if (i < n) c[i] = s[(i "
    "+ 1) % 32];",
)


def source(name: str) -> Program:
    loop = f"for (int i = 0; i < n; i++) c[i] = {SOURCES[name]};"
    return Program(
        "cpp", name, f"void {name}(const float *a, const float *b, float *c, int n) {{ {loop} }}"
    )


def kernel(name: str, body: str) -> str:
    return HEAD.format(name=name, body=body.format(value=SOURCES[name]))


class Knowing:
    """Translator and Tester in one: wrong translations first, then a right one; no tests of its
    own.
    """

    def propose(self, _checkpoint, programs, way=None, _sampling=None):
        if not isinstance(way, str):
            return [[((), 0)] for _ in programs]
        bodies = (*WRONG, "if (i < n) c[i] = {value};")
        return [
            Candidate(p.id, way, kernel(p.name, b), sample=k)
            for p in programs
            for k, b in enumerate(bodies)
        ]


def main(folder: str) -> None:
    small = {
        "evaluate": {"samples": len(WRONG) + 1},
        "settings": {"verify.mutants": 4, "evaluate.pass_at": [1]},
    }
    config = replace(parse(small, "small"), run_dir=folder)
    held_out = source("gap")
    # On this pair the codebleu package gives 0.591 with hash seed 1 and 0.629 with 3, when it is
    # left to itself.
    reference = Program(
        "cuda",
        "gap",
        "void gap(const float *a, const float *b, float *c, int n) { for (int k = 0; k < n; "
        "k++) c[k] = a[k] - b[k]; }",
    )
    corpus = RunCorpus((source("blend"),), (), (held_out,), {held_out.id: reference})
    verifier = make_verifier(config)
    workers = RunWorkers(
        FixedPool(LocalWorker(Knowing())),
        FixedPool(LocalWorker(Knowing())),
        FixedPool(LocalWorker(verifier)),
    )
    run = stages.Run(config, RunFolder(folder), corpus, workers)
    for path in (run.folder.round(0), run.folder.round(1)):
        path.folder.mkdir(parents=True)
    prepare_evaluation(run)
    stages.make_suites(run, 1)
    stages.propose_and_verify(run, 1)
    stages.keep_triplets(run, 1)
    evaluate_round(run, 1)
    verifier.engine.close()


if __name__ == "__main__":
    main(sys.argv[1])
