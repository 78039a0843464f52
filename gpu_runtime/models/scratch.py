"""A small decoder-only model trained from nothing: the default back end where no pre-trained model
is at hand.

Contract: the `LanguageModel` Protocol. The shape is transformers' Llama (rotary positions, tied
embeddings), so a saved folder loads with `AutoModelForCausalLM` and `AutoTokenizer` alone:
`tokenizer(prompt)` frames the prompt, and what the model generates up to `</s>` is the answer.
Weights and decoding are fp32; training multiplies in bf16 on a CPU that has instructions for it (a
third faster there, slower elsewhere).

    python -c "from gpu_runtime.models.scratch import ScratchConfig, ScratchModel as S; \\
        print(S.create(ScratchConfig(layers=1, width=32, heads=2), ['a b']).parameters)"
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import (
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from corpora.files import write_folder
from gpu_runtime.models.attention import use_causal_attention
from gpu_runtime.models.decoding import DecodeLimits, DecodeRequest, LlamaDecoder, decode
from gpu_runtime.models.options import FineTuning
from gpu_runtime.models.pretraining import ExampleEvaluation
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
from gpu_runtime.models.tokenizer import SPACE, train_tokenizer
from gpu_runtime.models.training import (
    EncodedExample,
    has_bf16_products,
    pad_batch,
    plan_batches,
    train,
    weighted_cross_entropy,
)
from gpu_runtime.sandbox.memory import MAX_HEAP_BYTES, keep_heap


@dataclass(frozen=True, slots=True)
class ScratchConfig:
    """Shape and start of a new model.

    layers, width, heads: number of layers, width of the model and number of query heads of the
        Llama shape; `heads` divides `width`. kept_heads: heads of keys and values; it divides
        `heads`. inner_width: of the feed-forward part.
    context: most tokens of a prompt and its answer together; longer examples are left out.
    initial_deviation: standard deviation of the weights at the start. seed: of the weights.
    threads: torch threads of this process; 0 leaves them. Results repeat for a fixed number. rows:
        answers decoded together.
    """

    layers: int = 4
    width: int = 192
    heads: int = 6
    kept_heads: int = 2
    """Key/value heads: decoding is bound by reading the cache, which these make a third as
    large.
    """
    inner_width: int = 512
    context: int = 1024
    initial_deviation: float = 0.05
    """Standard deviation of the weights at the start; 0.02, the library's value, is for models many
    times as wide.
    """
    seed: int = 0
    threads: int = 0
    rows: int = 64
    """Answers decoded side by side."""


_TEXTS_AT_ONCE = 1024
_LENGTHS = 32
"""Rows are padded to multiples of this: products are prepared anew for every shape, of which there
would be thousands.
"""


class ScratchModel:
    """A small decoder-only model. `create` makes a new one, `load` reads a saved folder. It
    implements `LanguageModel`. context: longest prompt and answer in tokens. rows: answers decoded
    together.
    """

    def __init__(
        self,
        model: LlamaForCausalLM,
        tokenizer: PreTrainedTokenizerFast,
        context: int,
        rows: int = 64,
    ) -> None:
        keep_heap(
            MAX_HEAP_BYTES
        )  # a step, and an answer's word, frees what the next one needs again
        self._model = model
        self._tokenizer = tokenizer
        self._context = context
        self._rows = rows
        vocabulary = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        self._words = [piece[1:] if piece.startswith(SPACE) else "" for piece in vocabulary]
        for special, word in zip(
            tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True
        ):
            self._words[special] = word  # so that a constraint can name them
        self._each = list(range(len(tokenizer)))
        """One object for each id, which millions of examples share."""

    @classmethod
    def create(
        cls, config: ScratchConfig, texts: Iterable[str], words: Sequence[str] = ()
    ) -> ScratchModel:
        """Return a model with random weights. config: its shape and seed. Its vocabulary is `words`
        and the frequent words of `texts`. Raises ModelError if heads do not divide the width, or
        kept heads the heads.
        """
        if config.width % config.heads or config.heads % config.kept_heads:
            shape = f"width {config.width}, heads {config.heads}, kept_heads {config.kept_heads}"
            raise ModelError(f"model shape {shape}: each number must divide the one before it")
        if config.threads:
            torch.set_num_threads(config.threads)
        tokenizer = train_tokenizer(texts, words)
        tokenizer.model_max_length = config.context
        torch.manual_seed(config.seed)
        shape = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.width,
            intermediate_size=config.inner_width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.kept_heads,
            max_position_embeddings=config.context,
            initializer_range=config.initial_deviation,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
        return cls(LlamaForCausalLM(shape), tokenizer, config.context, config.rows)

    @classmethod
    def load(cls, folder: Path | str, threads: int = 0, rows: int = 64) -> ScratchModel:
        """Return the model that `save` wrote into `folder`. threads: torch threads; 0 leaves them.
        rows: answers decoded together. Raises ModelError if the folder holds none.
        """
        if not (Path(folder) / "config.json").is_file():
            raise ModelError(f"{folder}: no saved model here (config.json is missing)")
        if threads:
            torch.set_num_threads(threads)
        model = LlamaForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return cls(model, tokenizer, model.config.max_position_embeddings, rows)

    @property
    def parameters(self) -> int:
        """Return the number of trained weights."""
        return sum(p.numel() for p in self._model.parameters())

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """Return `sampling.n` answers per prompt, in order, under the prompts' constraints. A
        forced prefix is part of the answer; a prompt that fills the context gets its forced prefix
        as answer. sampling: how answers are drawn.
        """
        self._model.eval()
        greedy = sampling.temperature <= 0
        requests, whole = [], []
        for place, (ids, prompt) in enumerate(zip(self._encode_prompts(prompts), prompts)):
            if len(ids) >= self._context:
                continue
            seeds = tuple(
                _row_seed(sampling.seed, prompt, k) for k in range(1 if greedy else sampling.n)
            )
            requests.append(DecodeRequest(tuple(ids), seeds, prompt.constraint, prompt.most_tokens))
            whole.append(place)
        limits = DecodeLimits(
            sampling.temperature,
            sampling.top_p,
            min(sampling.max_new_tokens, self._context),
            self._tokenizer.eos_token_id,
            self._tokenizer.pad_token_id,
        )
        answers = [[prompt.prefix] * sampling.n for prompt in prompts]
        for place, found in zip(
            whole,
            decode(
                LlamaDecoder(self._model), requests, limits, self._words, self._rows, self._spell
            ),
        ):
            texts = [
                _join_texts(prompts[place].prefix, t) for t in self._tokenizer.batch_decode(found)
            ]
            answers[place] = texts * sampling.n if greedy else texts
        return answers

    def learn(
        self,
        examples: Sequence[Example],
        learning: Learning,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> dict[str, float]:
        """Train on `examples` and return metrics by name, such as `loss` and `seconds`, with
        `examples`, the number of examples learnt from, and `dropped`, the number of those longer
        than the context.

        learning: how fast, how often and how long. progress(step, steps, loss): called after each
            step, with the steps done, their total and the loss; None: nothing is called. Raises
            NothingToLearnError if no example fits.
        """
        encoded = self._encode_examples(examples)
        fitting = [e for e in encoded if len(e.ids) <= self._context]
        if not fitting:
            raise NothingToLearnError(
                f"nothing to learn: {len(examples)} examples, none within {self._context} tokens"
            )
        self._model.train()
        with self._where_it_learns():
            figures = train(
                list(self._model.parameters()),
                self._loss,
                fitting,
                learning,
                progress,
                find_hidden_matrices(self._model),
            )
        self._model.eval()
        return {**figures, "examples": len(fitting), "dropped": len(encoded) - len(fitting)}

    @contextmanager
    def _where_it_learns(self) -> Iterator[None]:
        """On the GPU where this process has one; answers are written on the processor, which is
        soon back.
        """
        on_gpu = torch.cuda.is_available()
        self._model.to("cuda" if on_gpu else "cpu")
        with (
            use_causal_attention(self._model)
            if has_bf16_products() and not on_gpu
            else nullcontext()
        ):
            yield
        self._model.to("cpu")

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
            NothingToLearnError if no pair fits the context.
        """
        from gpu_runtime.models.verdict_training import (
            EncodedPreference,
            select_fitting_pairs,
            train_preferences,
        )

        prompts = self._encode_prompts([Prompt(p.prompt) for p in preferences])
        answers = [
            [*self._spell(text), self._tokenizer.eos_token_id]
            for p in preferences
            for text in (p.better, p.worse)
        ]
        fitting = select_fitting_pairs(
            [EncodedPreference(*ids) for ids in zip(prompts, answers[::2], answers[1::2])],
            self._context,
        )
        figures = train_preferences(
            self._model, self._tokenizer, fitting, learning, FineTuning(), progress
        )
        self._model.eval()
        return {**figures, "examples": len(fitting), "dropped": len(preferences) - len(fitting)}

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

        prompts: the questions; the answers are written without constraints and forced prefixes.
            reward(prompt indices, answers): returns one number per answer. sampling: `n` answers,
            at least two, are drawn per prompt at a time; none is longer than half the context.
            learning: how fast, how often and how long. progress(step, steps, loss): called as the
            training goes on, with the steps done, their total and the last loss; None: nothing is
            called. Raises NothingToLearnError if no prompt fits the context.
        """
        from gpu_runtime.models.verdict_training import select_fitting_prompts, train_rewards

        most = min(sampling.max_new_tokens, self._context // 2)
        asked = select_fitting_prompts(
            self._encode_prompts([Prompt(p.text) for p in prompts]), most, self._context
        )
        saved = self._model.generation_config
        self._model.generation_config = GenerationConfig.from_dict(
            {**saved.to_dict(), "max_length": None}
        )  # two limits are warned of
        figures = train_rewards(
            self._model,
            self._tokenizer,
            asked,
            reward,
            replace(sampling, max_new_tokens=most),
            learning,
            FineTuning(),
            progress,
        )
        self._model.generation_config = saved
        self._model.eval()
        return {**figures, "examples": len(asked), "dropped": len(prompts) - len(asked)}

    def loss(self, examples: Sequence[Example]) -> float:
        """Return the model's mean loss per answer token of `examples`, without learning. Examples
        longer than the context are left out; without any other it is 0.
        """
        fitting = [e for e in self._encode_examples(examples) if len(e.ids) <= self._context]
        with torch.no_grad():
            parts = [(float(self._loss([e])), len(e.ids) - e.answer_at) for e in fitting]
        return sum(value * count for value, count in parts) / max(
            1, sum(count for _, count in parts)
        )

    @torch.no_grad()
    def examine(
        self, examples: Sequence[Example], batch_tokens: int = 4096
    ) -> list[ExampleEvaluation]:
        """Return what the model predicts at each word of the answers, for each of `examples` that
        fits its context, in order. Nothing is learned. batch_tokens: most tokens of a forward pass.
        """
        self._model.eval()
        fitting = [e for e in self._encode_examples(examples) if len(e.ids) <= self._context]
        found: dict[int, ExampleEvaluation] = {}
        for batch in plan_batches([len(e.ids) for e in fitting], batch_tokens, 1.0, 0):
            ids, _ = pad_batch([fitting[i] for i in batch], self._tokenizer.pad_token_id, "cpu")
            hidden = self._model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
            for row, index in enumerate(batch):
                place = slice(fitting[index].answer_at - 1, len(fitting[index].ids) - 1)
                logits, right = self._model.lm_head(hidden[row, place]), ids[row, 1:][place]
                loss = float(torch.nn.functional.cross_entropy(logits, right, reduction="sum"))
                found[index] = ExampleEvaluation(
                    loss, self._spelled(right), self._spelled(logits.argmax(-1))
                )
        return [found[i] for i in range(len(fitting))]

    def _spelled(self, ids: torch.Tensor) -> tuple[str, ...]:
        return tuple(
            piece.removeprefix(SPACE)
            for piece in self._tokenizer.convert_ids_to_tokens(ids.tolist())
        )

    def save(self, folder: Path) -> None:
        """Write the model to `folder` as a Hugging Face folder, which appears when complete. Raises
        OSError if the disk is full.
        """
        write_folder(folder, self._write)

    def _write(self, folder: Path) -> None:
        self._model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
        ids = {
            name: getattr(self._tokenizer, name)
            for name in ("pad_token_id", "bos_token_id", "eos_token_id")
        }
        GenerationConfig(do_sample=False, max_length=self._context, **ids).save_pretrained(folder)

    def _loss(self, batch: Sequence[EncodedExample]) -> torch.Tensor:
        device = self._model.device
        ids, weights = pad_batch(batch, self._tokenizer.pad_token_id, device, _LENGTHS)
        chosen = weights[:, 1:] > 0
        with torch.autocast(
            device.type,
            torch.bfloat16,
            enabled=self._model.training and (device.type != "cpu" or has_bf16_products()),
        ):
            # Right padding under a causal mask needs no attention mask; the head runs on answer
            # positions only.
            hidden = self._model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
            logits = self._model.lm_head(hidden[chosen])
        return weighted_cross_entropy(logits, ids[:, 1:][chosen], weights[:, 1:][chosen])

    def _spell(self, word: str) -> list[int]:
        return self._tokenizer(word, add_special_tokens=False).input_ids

    def _encode_prompts(self, prompts: Sequence[Prompt]) -> list[list[int]]:
        framed, prefixes = (
            self._ids([p.text for p in prompts]),
            self._ids([p.prefix for p in prompts], framed=False),
        )
        return [
            ids + (prefix if p.prefix else []) for ids, prefix, p in zip(framed, prefixes, prompts)
        ]

    def _ids(self, texts: Sequence[str], framed: bool = True) -> list[list[int]]:
        """Ids of each text; what is too long for the model is told apart by others, not warned of.

        A part at a time: the library's notes on a token take a hundred bytes while it reads.
        """
        found: list[list[int]] = []
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            ids = self._tokenizer(
                list(texts[start : start + _TEXTS_AT_ONCE]),
                add_special_tokens=framed,
                verbose=False,
            ).input_ids
            found += ([self._each[i] for i in row] for row in ids)
        return found

    def _encode_examples(self, examples: Sequence[Example]) -> list[EncodedExample]:
        prompts = self._encode_prompts([Prompt(e.prompt) for e in examples])
        answers = self._ids([e.answer for e in examples], framed=False)
        end = self._tokenizer.eos_token_id
        return [
            EncodedExample((*prompt, *answer, end), len(prompt), e.weight)
            for prompt, answer, e in zip(prompts, answers, examples)
        ]


def find_hidden_matrices(model: LlamaForCausalLM) -> list[torch.nn.Parameter]:
    """Return the 2-D weights of the model's layers, which the optimiser Muon trains."""
    return [p for name, p in model.named_parameters() if p.ndim == 2 and "layers." in name]


def _join_texts(prefix: str, answer: str) -> str:
    return f"{prefix} {answer}" if prefix and answer else prefix or answer


def _row_seed(seed: int, prompt: Prompt, sample: int) -> int:
    """A seed of its own for each answer, whatever batch it is decoded in."""
    text = f"{seed}\0{sample}\0{prompt.text}\0{prompt.prefix}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")
