"""The cards of an export: what the models and the pairs are, with code that works as it stands.

Contract: pure functions that return Markdown with YAML in front, as the hub reads it. The Python in
a card runs in the folder that holds the card's folder; tests run it from the card.

    coevolve export runs/demo --out exported && cat exported/README.md
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from corpora.dialects import get_dialect

EXAMPLES = {
    "cpp": "void scale(int n, float a, float *x) { for (int i = 0; i < n; i++) x[i] *= a; }",
    "cuda": "__global__ void scale(int n, float a, float *x) { int i = blockIdx.x * blockDim.x + "
    "threadIdx.x; if (i < n) x[i] *= a; }",
    "openmp": "void scale(int n, float a, float *x) {\\n#pragma omp parallel for\\n"
    "for (int i = 0; i < n; i++) x[i] *= a; }",
    "fortran": "subroutine scale(n, a, x)\\ninteger, intent(in) :: n\\nreal, intent(in) :: a\\n"
    "real, intent(inout) :: x(n)\\nx = a * x\\nend subroutine",
}
"""Dialect -> the function that a card shows, as a Python literal without its quotes."""
COLUMNS = (
    ("id", "hash of the pair"),
    ("direction", "such as `cpp:cuda`"),
    (
        "group",
        "pairs with near-duplicate sources or targets have the same one: split by it, not by rows",
    ),
    ("source_*, target_*", "`dialect`, `name`, `text`, `origin` of both programs"),
    (
        "suite",
        "the tests, a line each: a value for every parameter. `n:i32=8 x:f32[8]=uniform(-1,1)@3` "
        "is a whole number and an array of 8 floats between -1 and 1 from random stream 3",
    ),
    ("suite_strength", "share of the source's mutants that the tests kill, 0 to 1"),
    ("branch_coverage", "share of the source's branches that the tests take, 0 to 1"),
    ("outcome", "always `EQUIVALENT`"),
    ("backend", "what executed the pair: `emulated` (on the CPU) or such as `cuda:NAME`"),
    (
        "launch",
        "the launch under which a bare kernel passed, over the names of its parameters: "
        "`grid=ceil(n/64),1,1 block=64,1,1`; '' for what is called like a function",
    ),
    ("serial", "whether one thread does all the work of a parallel target"),
    (
        "evidence",
        "`tested`: it passed the tests. `proved`: it passed them, and a proof for every size "
        "stands beside them, under the `preconditions` that `verdict` lists. A proof is looked for "
        "unasked",
    ),
    ("verdict", "the verdict whole, as JSON"),
    ("record", "source, target, tests and verdict whole, as JSON: what programs read back"),
)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What every card of an export says.

    directions: such as `cpp:cuda`. number: the last round that the export holds; 0 is the cold
        start.
    corpora: what the run read, by words such as `builtin`; of a path its last part. model: what its
        models began as; '' for nothing. license: an identifier of the hub, such as `apache-2.0` or
        `other`.
    header, rows: names of the columns, and the cells by row, of the run's table, as text.
    unlearnt: a line that says that nothing was learnt; '' where something was. made: a sentence on
        version, seed and answers of the run; '' for none.
    """

    directions: Sequence[str]
    number: int
    corpora: Sequence[str]
    model: str
    license: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    unlearnt: str = ""
    made: str = ""


def choose_license(corpora: Sequence[str], model: str) -> str:
    """Return `apache-2.0` where corpora and the first model all come with this project, else
    `other`: then what they allow decides.

    corpora: specs of the training corpora, such as `builtin` or a path. model: the name of the
        model that the run's models began as; '' for nothing.
    """
    ours = all(_is_own_corpus(each) for each in corpora) and _is_own_model(model)
    return "apache-2.0" if ours else "other"


def _is_own_corpus(spec: str) -> bool:
    return spec in ("builtin", "development") or spec.startswith("generated:")


def _is_own_model(model: str) -> bool:
    return model in ("", "small", "simple")


def make_model_card(kind: str, folder: str, canonical: bool, facts: RunFacts) -> str:
    """Return the card of a Translator or a Tester, the text of its README.md: Markdown below a YAML
    header.

    kind: `Translator` or `Tester`. folder: the name of the model's folder in the export. canonical:
        whether it is asked in canonical words and not in plain ones. facts: what the card says of
        the run.
    Raises KeyError for another `kind`.
    """
    tags = ["code-translation", "hpc", *(d.replace(":", "-to-") for d in facts.directions)]
    head = {"library_name": "transformers", "license": facts.license, "tags": tags}
    purpose = {
        "Translator": f"translates functions ({', '.join(facts.directions)})",
        "Tester": "writes unit tests in the project's text form",
    }[kind]
    form = (
        "It is asked in canonical words: names become F0, V0 and so on, and numbers are split."
        if canonical
        else "It is asked in plain words, with the program in a fenced block."
    )
    when = "as the run began with it" if facts.unlearnt else f"after round {facts.number}"
    lines = [f"# {kind} {when}", "", f"This model {purpose}. {form}", ""]
    if facts.unlearnt:
        lines += [f"**Nothing was learnt.** {facts.unlearnt}.", ""]
    if kind == "Translator":
        lines += _translator_code(folder, canonical, facts.directions[0])
    else:
        lines += [
            "Measure it beside a Translator, in the folder of the export (`pip install coevolve`):",
            "",
            "```",
            f"coevolve eval --model small --tester {folder} --corpus builtin --limit 4",
            "```",
            "",
        ]
    lines += ["## Figures of the run", ""]
    lines += [
        "Measured on held-out programs by execution; no held-out program or near-duplicate was "
        "trained on.",
        "",
        *_table(facts.header, facts.rows),
        "",
        *_origin(facts),
    ]
    return _front(head) + "\n".join(lines) + "\n"


def _translator_code(folder: str, canonical: bool, direction: str) -> list[str]:
    style = "canonical" if canonical else "plain"
    source = get_dialect(direction.partition(":")[0])
    example = EXAMPLES.get(source.name, EXAMPLES[source.language])
    chat = (
        [
            "ids = tokenizer(prompt).input_ids",
            "ids += tokenizer(start, add_special_tokens=False).input_ids",
        ]
        if canonical
        else [
            "if tokenizer.chat_template:",
            '    said = [{"role": "user", "content": prompt}]',
            "    prompt = tokenizer.apply_chat_template(",
            "        said, add_generation_prompt=True, tokenize=False",
            "    )",
            "ids = tokenizer(prompt).input_ids",
        ]
    )
    return [
        "## Use",
        "",
        "In the folder of the export, which holds this model's, and with `pip install coevolve`. A "
        "port is printed only if execution found it equivalent:",
        "",
        "```python",
        "import coevolve",
        "",
        f'source = "{example}"',
        f'for port in coevolve.translate(source, direction="{direction}", model="{folder}"):',
        '    print(port.text or "no verified port")',
        "```",
        "",
        "The model alone, without a verdict:",
        "",
        "```python",
        "import torch",
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "from coevolve.prompts import read_answer, write_prompt",
        "",
        f'source = "{example}"',
        f'tokenizer = AutoTokenizer.from_pretrained("{folder}")',
        f'model = AutoModelForCausalLM.from_pretrained("{folder}").float()',
        f'prompt, start = write_prompt(source, "{direction}", "{style}")',
        *chat,
        "told = model.generate(torch.tensor([ids]), max_new_tokens=256, do_sample=False)",
        "answer = tokenizer.decode(told[0, len(ids):], skip_special_tokens=True)",
        f'print(read_answer(f"{{start}} {{answer}}", source, "{direction}", "{style}"))',
        "```",
        "",
    ]


def make_dataset_card(
    pairs: int, facts: RunFacts, own: int = 0, counts: Sequence[Sequence[str]] = ()
) -> str:
    """Return the card of the verified pairs, the text of their README.md: Markdown below a YAML
    header. Without any pair it has no code, since `datasets` loads no file without rows.

    pairs: how many there are. facts: what the card says of the run. own: how many of the pairs have
        a source that comes with this project. counts: rows of (direction, pairs, of which proved,
        sources, groups), as text.
    """
    if not pairs:
        return _make_empty_card(facts)
    files = [{"config_name": "default", "data_files": "pairs.parquet"}]
    tags = ["code-translation", "hpc", *(d.replace(":", "-to-") for d in facts.directions)]
    head = {"license": facts.license, "tags": tags, "configs": files}
    if facts.license == "other":
        head["license_name"] = "mixed" if own else "of-its-sources"
    lines = [
        f"# Verified pairs of {', '.join(facts.directions)}",
        "",
        f"{pairs} pairs of a source and a target, kept in rounds 1 to {facts.number}. Each was "
        f"executed on the tests in its row and found equivalent. That is evidence, no proof: "
        f"`suite_strength` says how many wrong variants of the source the tests reject.",
        "",
        *_table(("direction", "pairs", "of which proved", "sources", "groups of alike"), counts),
        *[""] * bool(counts),
        "A source may have several targets, and sources may be alike: split by `group`, so that no "
        "part holds near-duplicates of another. Targets were written by a model: their names may "
        "be numbered (`v5`).",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'pairs = load_dataset("parquet", data_files="pairs.parquet", split="train")',
        "for row in pairs.select(range(min(3, len(pairs)))):",
        '    print(row["direction"], row["source_name"], row["suite_strength"])',
        "```",
        "",
        "Any pair can be verified again (`pip install coevolve`):",
        "",
        "```python",
        "import coevolve",
        "from datasets import load_dataset",
        "",
        'pairs = load_dataset("parquet", data_files="pairs.parquet", split="train")',
        "for row in pairs.select(range(min(3, len(pairs)))):",
        "    verdict = coevolve.verify(",
        '        row["source_text"], row["target_text"], row["suite"], direction=row["direction"]',
        "    )",
        "    print(verdict.outcome)",
        "```",
        "",
        "| column | holds |",
        "| --- | --- |",
        *(f"| {name} | {what} |" for name, what in COLUMNS),
        "",
        *_origin(facts),
        *(
            [
                "",
                f"Of {own} of the {pairs} pairs the source equals, name by name renamed, one that "
                f"comes with coevolve under the Apache License 2.0.",
            ]
            if own
            else []
        ),
    ]
    return _front(head) + "\n".join(lines) + "\n"


def _make_empty_card(facts: RunFacts) -> str:
    directions = ", ".join(facts.directions)
    lines = [
        f"# No verified pairs of {directions}",
        "",
        f"No pair was kept in rounds 1 to {facts.number}: `pairs.parquet` has columns and no rows. "
        "`pyarrow` and `corpora.store.read_triplets` read it; `datasets` refuses a file without "
        "rows.",
        "",
        *_origin(facts),
    ]
    return _front({"license": facts.license}) + "\n".join(lines) + "\n"


def _origin(facts: RunFacts) -> list[str]:
    lines = ["## Origin and licence", "", *([facts.made, ""] if facts.made else [])]
    if facts.license not in ("apache-2.0", "other"):
        lines += [f"The exporter says the licence is {facts.license}.", ""]
    for each in facts.corpora:
        lines.append(f"- Programs: {_name_corpus(each)}; {_name_licence(_is_own_corpus(each))}.")
    began = f"`{facts.model}`; {_name_licence(_is_own_model(facts.model))}"
    lines.append(f"- The models began as {began if facts.model else 'noise'}.")
    if facts.license == "other":
        lines += ["", "Weights and pairs derive from all of these: each licence has its say."]
    return lines


def _name_licence(is_own: bool) -> str:
    return "Apache License 2.0, it comes with coevolve" if is_own else "its owners' licence"


def _name_corpus(corpus: str) -> str:
    """A corpus as a reader elsewhere understands it: a folder's name alone says nothing there."""
    public = _is_own_corpus(corpus) or corpus.startswith("hf:") or "://" in corpus
    return f"`{corpus}`" if public else f"`{corpus}`, files of the exporter's"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not header:
        return []
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return [*lines, *("| " + " | ".join(cells) + " |" for cells in rows)]


def _front(head: dict[str, object]) -> str:
    """YAML whose values are written as JSON, which YAML reads."""
    return "---\n" + "".join(f"{k}: {json.dumps(v)}\n" for k, v in head.items()) + "---\n\n"
