"""Settings of a back end beyond the model's name: plain values, without any heavy import.

Contract: every back end takes one `ModelOptions` and reads its own part of it.

    python -c "from gpu_runtime.models.options import ModelOptions; print(ModelOptions())"
"""

from __future__ import annotations

from dataclasses import dataclass

METHODS = ("full", "lora", "qlora")
SHARDINGS = ("none", "fsdp")
REPORTERS = {
    name: "" if name == "none" else name
    for name in ("none", "tensorboard", "mlflow", "trackio", "wandb")
}
"""Where the trainer sends its losses -> the package that it needs."""


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How a pretrained model is fine-tuned. What it learns, and how fast, is in `Learning`.

    method: `full` (all weights), `lora` (adapters, Hu et al., 2021) or `qlora` (adapters on a 4-bit
        base, Dettmers et al., 2023; needs bitsandbytes). rank: of the adapters; alpha is twice it.
        micro_tokens: tokens of one forward pass; 0: those of a step. Gradients are accumulated.
    packing: several examples in one row instead of padding.
    gradient_checkpointing: compute activations again to save memory.
    patience: validations in a row without a better value after which the training stops; 0: it
        never stops early.
    keep_adapter: save the adapter beside its base instead of merging it.
    checkpoint_every_s: seconds between checkpoints of a training that has a workspace.
    report_to: where losses are sent: `none`, `tensorboard`, `mlflow`, `trackio` or `wandb`.
    sharding: over several processes, `none` gives each a whole model, `fsdp` splits weights and
        optimiser state.
    context: longest prompt and answer in tokens; longer examples are left out.
    """

    method: str = "full"
    rank: int = 16
    micro_tokens: int = 0
    packing: bool = False
    gradient_checkpointing: bool = False
    patience: int = 0
    keep_adapter: bool = False
    checkpoint_every_s: float = 600.0
    report_to: str = "none"
    sharding: str = "none"
    context: int = 4096


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how a remote model is asked.

    url: base of an OpenAI-compatible API, such as http://127.0.0.1:8000/v1. concurrency: requests
        under way at a time.
    prices: cost of a million prompt tokens and of a million answer tokens, in any currency.
    timeout_s: seconds for a whole answer. most_bytes: of an answer; a longer one is an error.
    attempts: tries per request. first_wait_s: seconds before the second try; each later wait is
        longer.
    key_variable: the environment variable with the key; if it is not set, no key is sent.
    """

    url: str = ""
    concurrency: int = 8
    prices: tuple[float, float] = (0.0, 0.0)
    timeout_s: float = 300.0
    most_bytes: int = 1 << 24
    attempts: int = 6
    first_wait_s: float = 1.0
    key_variable: str = "OPENAI_API_KEY"


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Settings of a model's back end. Each back end reads its own part.

    tuning: of fine-tuning. endpoint: of remote models. gpu_share: part in (0, 1] of each GPU that
        the model may use. rows: answers decoded together. static_cache: decode with a cache of
        fixed size.
    """

    tuning: FineTuning = FineTuning()
    endpoint: Endpoint = Endpoint()
    gpu_share: float = 1.0
    rows: int = 16
    static_cache: bool = False
