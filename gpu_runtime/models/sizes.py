"""How large a model is and what it needs: parameters from its shape, memory and time by estimate.

Contract: parameters are exact for Llama-like shapes (a table of public ones, `config.json` of a
folder, or a shape given); a model that is only known by a size in its name is marked as estimated.
Bytes and seconds are estimates of the same kind for every model, for deciding what to rent, not for
billing. Nothing is downloaded and no weights are read.

    python -c "from gpu_runtime.models.sizes import find_model_shape; \\
        print(find_model_shape('Qwen/Qwen2.5-Coder-7B-Instruct'))"
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.protocol import ModelError


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The shape of a Llama-like decoder.

    layers: their number. width: of the model. inner: width of the feed-forward part. heads: number
        of query heads. kept_heads: number of key and value heads. vocabulary: number of ids.
    tied: input and output embeddings are one matrix. bias: on query, key and value projections.
    head_width: width of one head; 0 means width / heads. known: where the shape is from, in words.
    """

    layers: int
    width: int
    inner: int
    heads: int
    kept_heads: int
    vocabulary: int
    tied: bool
    bias: bool = False
    head_width: int = 0
    known: str = "table of public shapes"

    @property
    def head(self) -> int:
        """Return the width of one attention head."""
        return self.head_width or self.width // self.heads

    @property
    def parameters(self) -> int:
        """Return the number of weights."""
        queries, kept = self.heads * self.head, self.kept_heads * self.head
        attention = (
            2 * self.width * queries
            + 2 * self.width * kept
            + (queries + 2 * kept if self.bias else 0)
        )
        layer = attention + 3 * self.width * self.inner + 2 * self.width
        return (
            self.layers * layer
            + self.width
            + self.vocabulary * self.width * (1 if self.tied else 2)
        )

    def adapter_parameters(self, rank: int) -> int:
        """Return the number of weights of LoRA adapters on every linear layer but the output head.
        rank: of the adapters.
        """
        queries, kept = self.heads * self.head, self.kept_heads * self.head
        ends = 2 * (self.width + queries) + 2 * (self.width + kept) + 3 * (self.width + self.inner)
        return self.layers * rank * ends


def _qwen(
    layers: int, width: int, inner: int, heads: int, kept: int, vocabulary: int, tied: bool
) -> ModelShape:
    return ModelShape(layers, width, inner, heads, kept, vocabulary, tied, bias=True)


_QWEN = {
    "0.5b": _qwen(24, 896, 4864, 14, 2, 151936, True),
    "1.5b": _qwen(28, 1536, 8960, 12, 2, 151936, True),
    "3b": _qwen(36, 2048, 11008, 16, 2, 151936, True),
    "7b": _qwen(28, 3584, 18944, 28, 4, 152064, False),
    "14b": _qwen(48, 5120, 13824, 40, 8, 152064, False),
    "32b": _qwen(64, 5120, 27648, 40, 8, 152064, False),
}
_LLAMA = {
    "1b": ModelShape(16, 2048, 8192, 32, 8, 128256, True),
    "3b": ModelShape(28, 3072, 8192, 24, 8, 128256, True),
    "8b": ModelShape(32, 4096, 14336, 32, 8, 128256, False),
    "70b": ModelShape(80, 8192, 28672, 64, 8, 128256, False),
}
_FAMILIES = (
    (re.compile(r"qwen2(?:\.5)?\b.*?[-_](\d+(?:\.\d+)?b)\b", re.I), _QWEN),
    (re.compile(r"llama-3(?:\.\d)?-(\d+b)\b", re.I), _LLAMA),
)


def find_model_shape(name_or_path: str) -> ModelShape:
    """Return a model's shape. name_or_path: its folder, with a config.json; its public name; or,
    for an estimate, any name with a size in it, such as `7b`. Raises ModelError if none of these
    gives one.
    """
    file = Path(name_or_path) / "config.json"
    if file.is_file():
        return _from_file(file)
    for pattern, table in _FAMILIES:
        if (match := pattern.search(name_or_path)) and match[1].lower() in table:
            return table[match[1].lower()]
    if match := re.search(r"(\d+(?:\.\d+)?)\s*b\b", name_or_path, re.I):
        return _like(float(match[1]) * 1e9)
    raise ModelError(
        f"the size of model '{name_or_path}' is not known here; give a folder with its config.json"
    )


def _from_file(file: Path) -> ModelShape:
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        heads = held["num_attention_heads"]
        return ModelShape(
            held["num_hidden_layers"],
            held["hidden_size"],
            held["intermediate_size"],
            heads,
            held.get("num_key_value_heads") or heads,
            held["vocab_size"],
            bool(held.get("tie_word_embeddings")),
            held.get("model_type") == "qwen2",
            held.get("head_dim") or 0,
            str(file),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{file}: the shape of this model cannot be told: {error!r}; only Llama-like "
            f"configurations are known"
        ) from None


def _like(parameters: float) -> ModelShape:
    """A Llama-like shape of about so many parameters."""
    width = (
        max(256, round((parameters / 400) ** 0.5 * 0.9 / 128) * 128) if parameters < 2e9 else 4096
    )
    made = ModelShape(
        1,
        width,
        width * 7 // 2,
        width // 64,
        max(1, width // 256),
        128256,
        False,
        known="estimated from the size in its name",
    )
    layer = ModelShape(2, *_fields(made)).parameters - made.parameters
    return ModelShape(max(1, round((parameters - made.parameters) / layer) + 1), *_fields(made))


def _fields(shape: ModelShape) -> tuple:
    return (
        shape.width,
        shape.inner,
        shape.heads,
        shape.kept_heads,
        shape.vocabulary,
        shape.tied,
        shape.bias,
        shape.head_width,
        shape.known,
    )


def estimate_generate_bytes(
    shape: ModelShape, rows: int, tokens: int, weight_bytes: int = 2
) -> dict[str, float]:
    """Return the bytes needed to decode `rows` answers together, by part: `weights`, `cache`,
    `logits`.

    shape: the model's. tokens: number of tokens of a prompt with its answer. weight_bytes: bytes
        per weight.
    """
    cache = 2.0 * shape.layers * shape.kept_heads * shape.head * weight_bytes * rows * tokens
    return {
        "weights": float(weight_bytes * shape.parameters),
        "cache": cache,
        "logits": 8.0 * rows * shape.vocabulary,
    }


def estimate_train_bytes(shape: ModelShape, tuning: FineTuning, tokens: int) -> dict[str, float]:
    """Return the bytes needed to train on a GPU, by part: `weights`, `gradients`, `optimiser`,
    `activations`, `logits`. Whole models take 16 bytes per weight.

    shape: the model's. tuning: by which method it is trained. tokens: number of tokens of one
        forward pass.
    """
    parameters, trained = shape.parameters, shape.parameters
    weights = 4.0 * parameters
    if tuning.method != "full":
        trained = shape.adapter_parameters(tuning.rank)
        weights = (2.0 if tuning.method == "lora" else 0.55) * parameters + 4.0 * trained
    inside = 2.0 * tokens * (10 * shape.width + 4 * shape.inner)
    kept = 2.0 * tokens * shape.width if tuning.gradient_checkpointing else inside
    activations = shape.layers * kept + (inside if tuning.gradient_checkpointing else 0.0)
    return {
        "weights": weights,
        "gradients": 4.0 * trained,
        "optimiser": 8.0 * trained,
        "activations": activations,
        "logits": 10.0 * tokens * shape.vocabulary,
    }


@dataclass(frozen=True, slots=True)
class Machine:
    """What the device `name` sustains in training and decoding, about half of the values in its
    data sheet. flops: operations per second. bandwidth: bytes per second.
    """

    name: str
    flops: float
    bandwidth: float


MACHINES = {
    "cpu": Machine("2 CPU cores, as measured here", 1.2e11, 1.0e10),
    "l4": Machine("L4", 5.0e13, 2.0e11),
    "a100": Machine("A100", 1.5e14, 1.2e12),
    "h100": Machine("H100", 3.5e14, 2.2e12),
}


def estimate_train_seconds(
    shape: ModelShape, tuning: FineTuning, tokens: float, machine: Machine
) -> float:
    """Return the seconds of forward and backward passes over `tokens` tokens on `machine`. shape:
    the model's. tuning: by which method it is trained.
    """
    per_parameter = 6.0 if tuning.method == "full" else 4.0
    return (
        (per_parameter + (2.0 if tuning.gradient_checkpointing else 0.0))
        * shape.parameters
        * tokens
        / machine.flops
    )


def estimate_generate_seconds(
    shape: ModelShape,
    answers: float,
    prompt: int,
    answer: int,
    rows: int,
    machine: Machine,
    weight_bytes: int = 2,
) -> float:
    """Return the seconds to decode `answers` answers on `machine`.

    shape: the model's. prompt, answer: tokens of one prompt and of one answer. rows: answers
        decoded together. weight_bytes: bytes per weight.
    """
    memory = estimate_generate_bytes(shape, rows, prompt + answer // 2, weight_bytes)
    step = (
        memory["weights"] + memory["cache"]
    ) / machine.bandwidth + 2.0 * shape.parameters * rows / machine.flops
    return (
        answers / rows * answer * step + 2.0 * shape.parameters * answers * prompt / machine.flops
    )
