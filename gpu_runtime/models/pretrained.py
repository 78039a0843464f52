"""Any Hugging Face model, by id, folder or GGUF file: causal or sequence-to-sequence, fine-tuned
whole or by (Q)LoRA.

Contract: the `LanguageModel` Protocol. What is saved is a folder that `AutoModel...` loads:
adapters merged or, where that is wanted, an adapter that names its base. Without network only what
is in the folder or the local cache is found; the error says so in one line. Several GPUs share the
layers of a model.

    python -c "from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel as P; \\
        P.load('runs/demo/export/translator', PretrainedConfig(rows=8))"
"""

from __future__ import annotations

import json
import logging
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import transformers
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedConfig as HfConfig,
    PreTrainedModel as HfModel,
    PreTrainedTokenizerBase as HfTokenizer,
)
from transformers.distributed import DistributedConfig
from transformers.utils import is_gguf_available

from corpora.files import write_folder
from gpu_runtime.models.batched import Limits, Request, decode, decodes
from gpu_runtime.models.chat_format import encode_plain, encode_prompt
from gpu_runtime.models.collation import Collate, collate_causal, collate_packed, collate_paired
from gpu_runtime.models.decoded import Watch
from gpu_runtime.models.finetune import add_adapter, fine_tune, merge_adapter, require_support
from gpu_runtime.models.options import FineTuning, ModelOptions
from gpu_runtime.models.protocol import (
    Example,
    Learning,
    ModelError,
    NothingToLearnError,
    Preference,
    Prompt,
    Reward,
    Sampling,
)
from gpu_runtime.models.training import EncodedExample, has_bf16_products
from gpu_runtime.sandbox.memory import MAX_HEAP_BYTES, keep_heap

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class PretrainedConfig:
    """Settings of a pretrained model.

    tuning: of fine-tuning. context: longest prompt and answer in tokens; longer examples are left
        out.
    chat: wrap prompts in the tokenizer's chat template, if it has one.
    dtype: `float32`, `bfloat16`, `float16`, or `auto`: bfloat16 where the device is fast at it,
        else float32.
    rows: answers decoded together. static_cache: keys and values in memory of a fixed size.
    local_only: never look beyond this machine.
    """

    tuning: FineTuning = FineTuning()
    context: int = 4096
    chat: bool = True
    dtype: str = "auto"
    rows: int = 16
    static_cache: bool = False
    local_only: bool = False

    @staticmethod
    def of(options: ModelOptions) -> PretrainedConfig:
        """Return the settings of a pretrained model that follow from `options`, those of any back
        end: tuning, context, rows and cache. The others are as by default.
        """
        return PretrainedConfig(
            options.tuning,
            options.tuning.context,
            rows=options.rows,
            static_cache=options.static_cache,
        )


class PretrainedModel:
    """A Hugging Face model with its tokenizer, causal or sequence-to-sequence. It implements
    `LanguageModel`. config: its settings. The attribute `watch`, if set, is called by `generate` of
    a decoder-only model with the progress so far as a `Decoded`; it is None at first.
    """

    def __init__(self, model: HfModel, tokenizer: HfTokenizer, config: PretrainedConfig) -> None:
        keep_heap(MAX_HEAP_BYTES)
        self._model, self._tokenizer, self._config = model, tokenizer, config
        self._paired = bool(model.config.is_encoder_decoder)
        self._context = _limit_positions(model.config, config)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "left"
        self.watch: Watch | None = None
        """Told how far `generate` is, from the first prompts on; a decoder-only model tells it."""

    @classmethod
    def load(
        cls, name_or_path: str | Path, config: PretrainedConfig = PretrainedConfig()
    ) -> PretrainedModel:
        """Open a pretrained model. name_or_path: its hub id, folder, adapter's folder or GGUF file.
        config: its settings. Raises ModelError, with a message of one line, if the model cannot be
        opened or this machine lacks support for it.
        """
        name = str(name_or_path)
        offline = _offline(name, config)
        require_support(config.tuning)
        with _make_model_error(name, offline):
            base = _base_of(name)
            place, file = _locate(base)
            shape = _load_shape(name, offline)
            dtype = dtype_for(shape, config.dtype, few_bits=bool(file))
            options: dict[str, object] = {
                "local_files_only": offline,
                "dtype": dtype,
            } | _choose_device_map(config.tuning)
            if config.tuning.method == "qlora":
                options["quantization_config"] = BitsAndBytesConfig(
                    load_in_4bit=True,
                    bnb_4bit_quant_type="nf4",
                    bnb_4bit_use_double_quant=True,
                    bnb_4bit_compute_dtype=dtype,
                )
            kind = AutoModelForSeq2SeqLM if shape.is_encoder_decoder else AutoModelForCausalLM
            if file:
                options |= _unpack()
            model = kind.from_pretrained(place, **options, **file)
            if file and getattr(model, "hf_quantizer", None) is not None:
                model.hf_quantizer.remove_quantization_config(model)  # its weights are plain now
            if base != name:
                from peft import PeftModel

                model = PeftModel.from_pretrained(model, name, is_trainable=True)
            tokenizer = _load_tokenizer(name, offline)
        return cls(model, tokenizer, config)

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """Return `sampling.n` answers per prompt, in order. Constraints are ignored, since pieces
        of a pretrained vocabulary are not words. A forced prefix is part of the answer. A prompt
        that fills the context gets its forced prefix as answer. sampling: how answers are drawn.
        """
        self._model.eval()
        torch.manual_seed(sampling.seed)
        inputs = [self._asked(p.text) for p in prompts]
        prefixes = [encode_plain(self._tokenizer, p.prefix) if p.prefix else [] for p in prompts]
        if not self._config.static_cache and decodes(self._model):
            return self._decoded(prompts, inputs, prefixes, sampling)
        # A decoder's forced start cannot be padded, so those of one batch are of one length.
        order = sorted(
            range(len(prompts)),
            key=lambda i: (len(prefixes[i]) if self._paired else 0, len(inputs[i]), i),
        )
        order = [i for i in order if len(inputs[i]) + len(prefixes[i]) < self._context]
        per_batch = max(1, self._config.rows // sampling.n)
        answers: list[list[str]] = [[p.prefix] * sampling.n for p in prompts]
        while order:
            batch = order[:per_batch]
            if self._paired:
                batch = [i for i in batch if len(prefixes[i]) == len(prefixes[batch[0]])]
            order = order[len(batch) :]
            found = self._answer([inputs[i] for i in batch], [prefixes[i] for i in batch], sampling)
            for place, index in enumerate(batch):
                answers[index] = found[place * sampling.n : (place + 1) * sampling.n]
        return answers

    def _decoded(
        self,
        prompts: Sequence[Prompt],
        inputs: Sequence[list[int]],
        prefixes: Sequence[list[int]],
        sampling: Sampling,
    ) -> list[list[str]]:
        """Answers by `batched.decode`."""
        drawn = sampling.n if sampling.temperature > 0 else 1
        fitting = [
            i for i in range(len(prompts)) if len(inputs[i]) + len(prefixes[i]) < self._context
        ]
        requests = []
        for i in fitting:
            ids = (*inputs[i], *prefixes[i])
            most = min(sampling.max_new_tokens, self._context - len(ids))
            for k in range(drawn):
                seed = sampling.seed * 7919 + i * drawn + k
                requests.append(Request(ids, most, seed, self._ended(prompts[i], prefixes[i])))
        limits = Limits(self._ends(), sampling.temperature, sampling.top_p, self._config.rows)
        found = iter(decode(self._model, requests, limits, self.watch))
        answers = [[p.prefix] * sampling.n for p in prompts]
        for i in fitting:
            texts = [
                self._tokenizer.decode([*prefixes[i], *next(found)], skip_special_tokens=True)
                for _ in range(drawn)
            ]
            answers[i] = texts * (sampling.n // drawn)
        return answers

    def _ends(self) -> frozenset[int]:
        """Ids of which each ends an answer: those of the model's generation settings and the
        tokenizer's own.
        """
        settings = getattr(self._model, "generation_config", None)
        known = getattr(settings, "eos_token_id", None)
        several = known if isinstance(known, (list, tuple)) else [known]
        return frozenset(
            each for each in (*several, self._tokenizer.eos_token_id) if each is not None
        )

    def _ended(self, prompt: Prompt, prefix: list[int]) -> Callable[[Sequence[int]], bool] | None:
        """Whether the ids written so far are a whole answer to `prompt`, where it can say."""
        if prompt.ended is None:
            return None

        def ended(ids: Sequence[int]) -> bool:
            """Asked at the end of a line or a fence only, since all is spelled anew."""
            if not self._tokenizer.decode(ids[-1:]).strip(" ").endswith(("`", "\n")):
                return False
            return bool(
                prompt.ended(self._tokenizer.decode([*prefix, *ids], skip_special_tokens=True))
            )

        return ended

    @torch.inference_mode()
    def _answer(
        self, inputs: Sequence[list[int]], prefixes: Sequence[list[int]], sampling: Sampling
    ) -> list[str]:
        rows = inputs if self._paired else [i + p for i, p in zip(inputs, prefixes)]
        batch = self._tokenizer.pad({"input_ids": rows}, padding=True, return_tensors="pt").to(
            self._model.device
        )
        longest = 1 + len(prefixes[0]) if self._paired else max(map(len, rows))
        # Qwen's generation settings penalise repetition, which code has by its nature.
        options: dict[str, object] = {"do_sample": False, "repetition_penalty": 1.0}
        if sampling.temperature > 0:
            options |= {
                "do_sample": True,
                "temperature": sampling.temperature,
                "top_p": sampling.top_p,
                "top_k": 0,
            }
        if self._paired:
            start = self._model.config.decoder_start_token_id
            options["decoder_input_ids"] = torch.tensor(
                [[start, *p] for p in prefixes], device=self._model.device
            )
        elif self._config.static_cache:
            options["cache_implementation"] = "static"
        returned = sampling.n if sampling.temperature > 0 else 1
        out = self._model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            max_new_tokens=min(sampling.max_new_tokens, self._context - longest),
            max_length=None,
            num_return_sequences=returned,
            pad_token_id=self._tokenizer.pad_token_id,
            **options,
        ).tolist()
        skip = 1 + len(prefixes[0]) if self._paired else batch["input_ids"].shape[1]
        texts = []
        for row, ids in enumerate(out):
            whole = prefixes[row // returned] + ids[skip:]
            texts += [self._tokenizer.decode(whole, skip_special_tokens=True)] * (
                sampling.n // returned
            )
        return texts

    def learn(
        self,
        examples: Sequence[Example],
        learning: Learning,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> dict[str, float]:
        """Fine-tune the model on `examples` and return metrics by name, such as `loss` and
        `seconds`, with `examples`, the number of examples learnt from, and `dropped`, the number of
        those longer than the context.

        learning: how fast, how often and how long. progress(step, steps, loss): called as the
            training goes on, with the steps done, their total and the last loss; None: nothing is
            called. With LoRA the adapter is merged unless it is to be kept. Raises
            NothingToLearnError if no example fits, ModelError if this machine or model cannot be
            trained so.
        """
        tuning = self._config.tuning
        require_support(tuning)
        encoded = [self._encode(e) for e in examples]
        fitting = [e for e in encoded if len(e.ids) <= self._context]
        if not fitting:
            raise NothingToLearnError(
                f"nothing to learn: {len(examples)} examples, none within {self._context} tokens"
            )
        collate = self._collate()
        with self._trainable(learning) as model:
            figures = fine_tune(model, fitting, collate, learning, tuning, progress)
        return {**figures, "examples": len(fitting), "dropped": len(encoded) - len(fitting)}

    def prefer(
        self,
        preferences: Sequence[Preference],
        learning: Learning,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> dict[str, float]:
        """Make right answers likelier than wrong ones by DPO (Rafailov et al., 2023). Returns
        metrics by name, such as `loss` and `seconds`, with `accuracy`, the share of pairs in the
        right order, and `dropped`, the number of pairs longer than the context.

        preferences: pairs of a better and a worse answer to a prompt. learning: how fast, how often
            and how long. progress(step, steps, loss): called as the training goes on, with the
            steps done, their total and the last loss; None: nothing is called. Raises
            NothingToLearnError if no pair fits the context, ModelError for a model with an encoder.
        """
        from gpu_runtime.models.verdict_training import (
            EncodedPreference,
            select_fitting_pairs,
            train_preferences,
        )

        self._must_be_causal("dpo")
        asked = [
            EncodedPreference(
                self._asked(p.prompt), self._answer_ids(p.better), self._answer_ids(p.worse)
            )
            for p in preferences
        ]
        fitting = select_fitting_pairs(asked, self._context)
        with self._trainable(learning) as model:
            figures = train_preferences(
                model, self._tokenizer, fitting, learning, self._config.tuning, progress
            )
        return {**figures, "examples": len(fitting), "dropped": len(asked) - len(fitting)}

    def reinforce(
        self,
        prompts: Sequence[Prompt],
        reward: Reward,
        sampling: Sampling,
        learning: Learning,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> dict[str, float]:
        """Make answers with more reward likelier than others to the same prompt by GRPO (Shao et
        al., "DeepSeekMath", 2024). Returns metrics by name, such as `loss` and `seconds`, with
        `reward`, the mean over the last tenth of steps, and `dropped`, the number of prompts that
        leave no room for an answer.

        prompts: the questions; constraints and forced prefixes are ignored. reward(prompt indices,
            answers): returns one number per answer. sampling: `n` answers, at least two, are drawn
            per prompt at a time. learning: how fast, how often and how long. progress(step, steps,
            loss): called as the training goes on, with the steps done, their total and the last
            loss; None: nothing is called. Raises NothingToLearnError if no prompt fits the context,
            ModelError for a model with an encoder.
        """
        from gpu_runtime.models.verdict_training import select_fitting_prompts, train_rewards

        self._must_be_causal("grpo")
        fitting = select_fitting_prompts(
            [self._asked(p.text) for p in prompts], sampling.max_new_tokens, self._context
        )
        with self._trainable(learning) as model:
            figures = train_rewards(
                model,
                self._tokenizer,
                fitting,
                reward,
                sampling,
                learning,
                self._config.tuning,
                progress,
            )
        return {**figures, "examples": len(fitting), "dropped": len(prompts) - len(fitting)}

    def _must_be_causal(self, method: str) -> None:
        require_support(self._config.tuning)
        if self._paired:
            raise ModelError(
                f"round.learn = '{method}' needs a decoder-only model; this one has an encoder"
            )

    @contextmanager
    def _trainable(self, learning: Learning) -> Iterator[HfModel]:
        """The model as it is trained: with an adapter where that is wanted, merged afterwards
        unless it is to be kept.
        """
        tuning, loaded_as = self._config.tuning, self._model.dtype
        if tuning.method != "full":
            self._model = add_adapter(self._model, tuning, learning.seed)
        elif loaded_as != torch.float32:
            # steps of a fine-tuning rate are lost in bfloat16's eight bits; Trainer computes in it
            # all the same
            self._model.float()
        yield self._model
        if tuning.method != "full" and not tuning.keep_adapter:
            self._model = merge_adapter(self._model, tuning)
        elif tuning.method == "full":
            self._model.to(loaded_as)
        self._model.eval()

    def _collate(self) -> Collate:
        pad = self._tokenizer.pad_token_id
        if not self._paired:
            return partial(
                collate_packed if self._config.tuning.packing else collate_causal, pad=pad
            )
        if self._config.tuning.packing:
            raise ModelError(
                "finetune.packing needs a decoder-only model; this one has an encoder: set it "
                "to false"
            )
        return partial(
            collate_paired, pad=pad, decoder_start=self._model.config.decoder_start_token_id
        )

    def state(self) -> dict[str, torch.Tensor]:
        """Return the present weights by parameter name."""
        return self._model.state_dict()

    def save(self, folder: Path) -> None:
        """Write model and tokenizer to `folder` as a Hugging Face folder, which appears when
        complete. Raises OSError if the disk is full.
        """

        def write(temporary: Path) -> None:
            self._model.save_pretrained(temporary)
            self._tokenizer.save_pretrained(temporary)

        write_folder(folder, write)

    def _asked(self, text: str) -> list[int]:
        return encode_prompt(self._tokenizer, text, self._config.chat)

    def _encode(self, example: Example) -> EncodedExample:
        prompt = self._asked(example.prompt)
        return EncodedExample(
            (*prompt, *self._answer_ids(example.answer)), len(prompt), example.weight
        )

    def _answer_ids(self, text: str) -> list[int]:
        return [*encode_plain(self._tokenizer, text), self._tokenizer.eos_token_id]


def _load_shape(name: str, offline: bool) -> HfConfig:
    place, file = _locate(_base_of(name))
    return AutoConfig.from_pretrained(place, local_files_only=offline, **file)


def _load_tokenizer(name: str, offline: bool) -> HfTokenizer:
    place, file = _locate(name)
    return AutoTokenizer.from_pretrained(place, local_files_only=offline, **file)


def is_gguf(name_or_path: str | Path) -> bool:
    """Return whether `name_or_path` is an existing `.gguf` file, llama.cpp's format of weights and
    tokenizer.
    """
    path = Path(name_or_path)
    return path.suffix.lower() == ".gguf" and path.is_file()


def _locate(name: str) -> tuple[str, dict[str, str]]:
    """Where transformers looks: an id or a folder, and the file in it where the model is one GGUF
    file. Raises ModelError for such a file without the package that reads it.
    """
    if not is_gguf(name):
        return name, {}
    if not is_gguf_available():
        raise ModelError(
            f"model '{name}' needs the package gguf (pip install -e '.[gguf]'), which is not here"
        )
    path = Path(name)
    return str(path.parent), {"gguf_file": path.name}


def _unpack() -> dict[str, object]:
    """Has transformers read the weights of a GGUF file as plain ones, which alone can learn; where
    it can leave them packed, it is told.
    """
    packed = getattr(transformers, "GgufConfig", None)
    return {"quantization_config": packed(dequantize=True)} if packed else {}


def dtype_for(shape: HfConfig, wanted: str = "auto", few_bits: bool = False) -> torch.dtype:
    """Return the data type that a model is computed in on this machine.

    shape: the model's configuration of the package transformers. wanted: `float32`, `bfloat16`,
        `float16`, or `auto`: bfloat16 on a GPU, or where the weights have 16 bits or fewer and the
        CPU is fast at it, else float32. few_bits: the weights are stored in 16 bits or fewer,
        whatever the configuration says.
    """
    if wanted != "auto":
        return DTYPES[wanted]
    if torch.cuda.is_available():
        return torch.bfloat16
    stored = getattr(shape, "dtype", None)
    return (
        torch.bfloat16
        if (few_bits or stored in (torch.bfloat16, torch.float16)) and has_bf16_products()
        else torch.float32
    )


def require_model(name_or_path: str | Path, config: PretrainedConfig = PretrainedConfig()) -> None:
    """Check that a model's configuration and tokenizer can be found; nothing is returned, and
    weights are not read. name_or_path: its hub id, folder or GGUF file. config: says whether to
    look beyond this machine. Raises ModelError if they cannot be found.
    """
    name = str(name_or_path)
    offline = _offline(name, config)
    with _make_model_error(name, offline):
        _load_shape(name, offline)
        _load_tokenizer(name, offline)


def find_longest_context(
    name_or_path: str | Path, config: PretrainedConfig = PretrainedConfig()
) -> int:
    """Return how many tokens prompt and answer may have together: `config.context`, or the model's
    own limit where that is smaller. name_or_path: the model's hub id, folder or GGUF file. Raises
    ModelError if its configuration cannot be found.
    """
    name = str(name_or_path)
    offline = _offline(name, config)
    with _make_model_error(name, offline):
        shape = _load_shape(name, offline)
    return _limit_positions(shape, config)


def _limit_positions(shape: HfConfig, config: PretrainedConfig) -> int:
    """Absolute positions end where the model's table of them does; an index beyond it is an error
    on a CPU, and worse on a GPU.
    """
    return min(config.context, getattr(shape, "max_position_embeddings", None) or config.context)


def _choose_device_map(tuning: FineTuning) -> dict[str, object]:
    """Where the weights go: all of them on this process's device, or its share, or the layers over
    every device there is.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes > 1 and tuning.sharding == "fsdp":
        # What is cut cannot be cast afterwards, and learns in float32 (see `_trainable`).
        return {
            "distributed_config": DistributedConfig(fsdp_size=processes),
            "dtype": torch.float32,
        }
    if not torch.cuda.is_available():
        return {}
    if processes > 1:
        return {"device_map": {"": int(os.environ.get("LOCAL_RANK", "0"))}}
    return {"device_map": "auto" if torch.cuda.device_count() > 1 else {"": 0}}


def _offline(name: str, config: PretrainedConfig) -> bool:
    return (
        config.local_only
        or Path(name).exists()
        or os.environ.get("HF_HUB_OFFLINE", "0") not in ("", "0")
    )


@contextmanager
def _make_model_error(name: str, offline: bool) -> Iterator[None]:
    """What the libraries raise when a model is not to be had, as a ModelError of one line."""
    logging.getLogger("huggingface_hub").setLevel(
        logging.ERROR
    )  # without network it logs each of its tries
    try:
        yield
    except ModelError:
        raise
    except (OSError, ValueError, SafetensorError, struct.error) as error:
        where = "on this machine (no network is used)" if offline else "here or on the hub"
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelError(
            f"model '{name}' cannot be loaded {where}: {first} - give a folder that holds "
            f"config.json, weights and "
            "tokenizer, or download the model first"
        ) from error


def _base_of(name: str) -> str:
    """The model itself, or the one that an adapter's folder is for."""
    adapter = Path(name) / "adapter_config.json"
    return json.loads(adapter.read_text())["base_model_name_or_path"] if adapter.is_file() else name
