"""What a back end may be told beyond the model's name: plain values, without any heavy import.

Contract: every back end takes one `ModelOptions` and reads its own part of it.

    python -c "from gpu_runtime.models.options import ModelOptions; print(ModelOptions())"
"""

from __future__ import annotations

from dataclasses import dataclass

METHODS = ("full", "lora", "qlora")
SHARDINGS = ("none", "fsdp")
REPORTERS = {"none": "", "tensorboard": "tensorboard", "trackio": "trackio", "wandb": "wandb"}
"""Where the trainer sends its losses -> the package that it needs."""


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How a pre-trained model is fine-tuned; what it learns and how fast is in `Learning`.

    method: `full`, `lora` or `qlora` (4-bit base while it learns and answers; what is saved has
    plain weights; needs bitsandbytes). rank: of the adapters; alpha is twice it. micro_tokens:
    tokens of one forward pass, 0 = those of a whole step; more are reached by accumulating
    gradients. packing: several examples in one row instead of padding. patience: validations
    without a better one before it stops, 0 = learn to the end. keep_adapter: save the adapter
    beside its base instead of merging it. checkpoint_every_s: how often a training that has a
    workspace saves what it would go on from. sharding: where several processes train, `none` gives
    each a whole model (DDP), `fsdp` cuts weights, gradients and the optimiser's state over them
    (torch's FSDP2, as transformers loads it); of LoRA's models nothing is cut. context: longest
    prompt and answer in tokens, or the model's own where that is shorter: longer examples are left
    out. report_to: one of REPORTERS; TensorBoard files of a training with a workspace lie beside
    it, as `NAME.scalars`.
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
    """Where and how a remote model is asked. url: base of an OpenAI-compatible API, for example
    http://127.0.0.1:8000/v1.

    timeout_s: for a whole answer, from the request to its last byte. most_bytes: of an answer; a
    longer one is an error. prices: cost of a million prompt and a million answer tokens, in
    whatever currency the bill has. The key is read from the environment variable `key_variable` and
    from nowhere else; without one none is sent.
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
    """gpu_share: the part of each of its GPUs that a model has to itself, the others being another
    model's or a verifier's.

    rows, static_cache: of transformers' decoding, see `PretrainedConfig`.
    """

    tuning: FineTuning = FineTuning()
    endpoint: Endpoint = Endpoint()
    gpu_share: float = 1.0
    rows: int = 16
    static_cache: bool = False
