"""Any Hugging Face model, by id or folder: causal or sequence-to-sequence, fine-tuned whole or by LoRA.

Contract: the `LanguageModel` Protocol. What is saved is a plain model folder (adapters merged) that `AutoModel...` loads.
Without network only what is in the folder or the local cache is found; the error says so in one line.

    python -c "from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel as P; \\
        P.load('runs/demo/export/translator', PretrainedConfig(lora_rank=8))"
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
from transformers import PreTrainedModel as HfModel
from transformers import PreTrainedTokenizerBase as HfTokenizer

from corpora.files import write_folder
from gpu_runtime.models.protocol import Example, Learning, ModelError, NothingToLearn, Prompt, Sampling
from gpu_runtime.models.training import Encoded, padded, train, weighted_cross_entropy

DTYPES = {"auto": "auto", "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class PretrainedConfig:
    """lora_rank 0 fine-tunes every weight. `context`: longest prompt and answer in tokens; longer examples are left out.

    chat: wrap prompts in the tokeniser's chat template where it has one. dtype: an entry of DTYPES; `auto` is bfloat16
    on a GPU and float32 on a CPU. rows: answers decoded side by side. local_only: never look beyond this machine.
    """

    lora_rank: int = 0
    context: int = 4096
    chat: bool = True
    dtype: str = "auto"
    rows: int = 16
    local_only: bool = False


class PretrainedModel:
    def __init__(self, model: HfModel, tokenizer: HfTokenizer, config: PretrainedConfig) -> None:
        self._model, self._tokenizer, self._config = model, tokenizer, config
        self._paired = bool(model.config.is_encoder_decoder)
        # Absolute positions end where the model's table of them does; an index beyond it is an error on a CPU, and worse on a GPU.
        self._context = min(config.context, getattr(model.config, "max_position_embeddings", None) or config.context)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "left"

    @classmethod
    def load(cls, name_or_path: str | Path, config: PretrainedConfig = PretrainedConfig()) -> PretrainedModel:
        """Raises ModelError, one line, when the model is not to be had."""
        name = str(name_or_path)
        offline = config.local_only or Path(name).is_dir() or os.environ.get("HF_HUB_OFFLINE", "0") not in ("", "0")
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = DTYPES[config.dtype]
        if dtype == "auto":
            dtype = torch.bfloat16 if device == "cuda" else torch.float32
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # without network it logs each of its tries
        try:
            shape = AutoConfig.from_pretrained(name, local_files_only=offline)
            kind = AutoModelForSeq2SeqLM if shape.is_encoder_decoder else AutoModelForCausalLM
            model = kind.from_pretrained(name, local_files_only=offline, dtype=dtype)
            tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=offline)
        except (OSError, ValueError, SafetensorError) as error:
            where = "on this machine (no network is used)" if offline else "here or on the hub"
            first = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise ModelError(
                f"model '{name}' cannot be loaded {where}: {first} - give a folder that holds config.json, weights and "
                "tokenizer, or download the model first"
            ) from error
        return cls(model.to(device), tokenizer, config)

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """See LanguageModel. Constraints are ignored: pieces of a pre-trained vocabulary are not words.

        A prompt that fills the context gets its forced prefix alone as answer.
        """
        self._model.eval()
        torch.manual_seed(sampling.seed)
        inputs = [self._prompt_ids(p.text) for p in prompts]
        prefixes = [self._plain_ids(p.prefix) if p.prefix else [] for p in prompts]
        # A decoder's forced start cannot be padded, so those of one batch are of one length.
        order = sorted(range(len(prompts)), key=lambda i: (len(prefixes[i]) if self._paired else 0, len(inputs[i]), i))
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

    @torch.inference_mode()
    def _answer(self, inputs: Sequence[list[int]], prefixes: Sequence[list[int]], sampling: Sampling) -> list[str]:
        rows = inputs if self._paired else [i + p for i, p in zip(inputs, prefixes)]
        batch = self._tokenizer.pad({"input_ids": rows}, padding=True, return_tensors="pt").to(self._model.device)
        longest = 1 + len(prefixes[0]) if self._paired else max(map(len, rows))
        options: dict[str, object] = {"do_sample": False}
        if sampling.temperature > 0:
            options = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        if self._paired:
            start = self._model.config.decoder_start_token_id
            options["decoder_input_ids"] = torch.tensor([[start, *p] for p in prefixes], device=self._model.device)
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
            texts += [self._tokenizer.decode(whole, skip_special_tokens=True)] * (sampling.n // returned)
        return texts

    def learn(
        self, examples: Sequence[Example], learning: Learning, progress: Callable[[int, int, float], None] | None = None
    ) -> dict[str, float]:
        """See LanguageModel. With LoRA a fresh adapter is trained and merged, so that rounds add up.

        Adds `dropped`: examples longer than the context. Raises NothingToLearn when none is left.
        """
        encoded = [self._encode(e) for e in examples]
        fitting = [e for e in encoded if len(e.ids) <= self._context]
        if not fitting:
            raise NothingToLearn(f"nothing to learn: {len(examples)} examples, none within {self._context} tokens")
        adapted = None
        if self._config.lora_rank:
            from peft import LoraConfig, get_peft_model

            torch.manual_seed(learning.seed)
            rank = self._config.lora_rank
            task = "SEQ_2_SEQ_LM" if self._paired else "CAUSAL_LM"
            adapted = get_peft_model(
                self._model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type=task)
            )
        self._model.train()
        parameters = [p for p in self._model.parameters() if p.requires_grad]
        figures = train(parameters, self._paired_loss if self._paired else self._causal_loss, fitting, learning, progress)
        if adapted is not None:
            self._model = adapted.merge_and_unload()
            self._model.requires_grad_(True)
        self._model.eval()
        return {**figures, "examples": len(fitting), "dropped": len(encoded) - len(fitting)}

    def save(self, folder: Path) -> None:
        """See LanguageModel."""

        def write(temporary: Path) -> None:
            self._model.save_pretrained(temporary)
            self._tokenizer.save_pretrained(temporary)

        write_folder(folder, write)

    def _prompt_ids(self, text: str) -> list[int]:
        if self._config.chat and getattr(self._tokenizer, "chat_template", None):
            turn = [{"role": "user", "content": text}]
            return self._plain_ids(self._tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False))
        return self._tokenizer(text).input_ids

    def _plain_ids(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False).input_ids

    def _encode(self, example: Example) -> Encoded:
        prompt = self._prompt_ids(example.prompt)
        answer = self._plain_ids(example.answer)
        return Encoded((*prompt, *answer, self._tokenizer.eos_token_id), len(prompt), example.weight)

    def _causal_loss(self, batch: Sequence[Encoded]) -> torch.Tensor:
        ids, weights = padded(batch, self._tokenizer.pad_token_id, self._model.device)
        lengths = torch.tensor([len(e.ids) for e in batch], device=ids.device)
        mask = (torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]).long()
        logits = self._model(input_ids=ids[:, :-1], attention_mask=mask[:, :-1], use_cache=False).logits
        chosen = weights[:, 1:] > 0
        return weighted_cross_entropy(logits[chosen], ids[:, 1:][chosen], weights[:, 1:][chosen])

    def _paired_loss(self, batch: Sequence[Encoded]) -> torch.Tensor:
        pad, device = self._tokenizer.pad_token_id, self._model.device
        inputs = [Encoded(e.ids[: e.answer_at], 0) for e in batch]
        ids, seen = padded(inputs, pad, device)
        start = self._model.config.decoder_start_token_id
        targets, weights = padded([Encoded((start, *e.ids[e.answer_at :]), 1, e.weight) for e in batch], pad, device)
        logits = self._model(
            input_ids=ids, attention_mask=(seen > 0).long(), decoder_input_ids=targets[:, :-1], use_cache=False
        ).logits
        chosen = weights[:, 1:] > 0
        return weighted_cross_entropy(logits[chosen], targets[:, 1:][chosen], weights[:, 1:][chosen])
