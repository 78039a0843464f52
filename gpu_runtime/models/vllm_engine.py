"""Generation by vLLM's offline engine, learning by the pretrained back end, one after the other in the same GPU memory.

Contract: the `LanguageModel` Protocol. While the model learns the engine sleeps (its weights and cache leave the GPU); when it
is asked again, an engine on what was learnt takes its place. Built against the documented calls and tested with a stand-in
for them: NOT YET RUN with vLLM itself, which needs a GPU (`pip install coevolve[vllm]`).

    python -c "from gpu_runtime.models.vllm_engine import VllmModel; help(VllmModel)"
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from gpu_runtime.models.options import ModelOptions
from gpu_runtime.models.protocol import Example, Learning, ModelError, Prompt, Sampling

CONTEXT = 4096


class VllmModel:
    """`vllm` is the module of that name, imported by `load`."""

    def __init__(self, checkpoint: str, options: ModelOptions, vllm: ModuleType) -> None:
        self._checkpoint, self._options, self._vllm = checkpoint, options, vllm
        self._scratch: tempfile.TemporaryDirectory | None = None
        self._engine = None

    @classmethod
    def load(cls, name_or_path: str | Path, options: ModelOptions) -> VllmModel:
        """Raises ModelError where vLLM is not installed."""
        try:
            import vllm
        except ImportError:
            raise ModelError("model.backend = 'vllm' needs the package vllm and a GPU: pip install 'coevolve[vllm]'") from None
        return cls(str(name_or_path), options, vllm)

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
        """See LanguageModel. A forced prefix is continued and is part of the answer; one too long for the context is all there is."""
        engine = self._awake()
        tokenizer = engine.get_tokenizer()
        texts = [_framed(tokenizer, prompt.text) + prompt.prefix for prompt in prompts]
        fitting = [i for i, text in enumerate(texts) if len(tokenizer.encode(text)) < CONTEXT]
        greedy = sampling.temperature <= 0
        asked = self._vllm.SamplingParams(
            n=1 if greedy else sampling.n, temperature=max(0.0, sampling.temperature), top_p=1.0 if greedy else sampling.top_p,
            max_tokens=sampling.max_new_tokens, seed=sampling.seed,
        )  # fmt: skip
        answers = [[prompt.prefix] * sampling.n for prompt in prompts]
        for index, found in zip(fitting, engine.generate([texts[i] for i in fitting], asked, use_tqdm=False), strict=True):
            written = [prompts[index].prefix + output.text for output in found.outputs]
            answers[index] = written * sampling.n if greedy else written
        return answers

    def learn(
        self, examples: Sequence[Example], learning: Learning, progress: Callable[[int, int, float], None] | None = None
    ) -> dict[str, float]:
        """See PretrainedModel.learn. Early stopping generates with the model that learns, not with the engine."""
        from gpu_runtime.models.pretrained import PretrainedConfig, PretrainedModel

        if self._engine is not None:
            self._engine.sleep(level=2)  # its weights and cache leave the GPU
        model = PretrainedModel.load(self._checkpoint, PretrainedConfig(tuning=self._options.tuning))
        figures = model.learn(examples, learning, progress)
        fresh = tempfile.TemporaryDirectory(prefix="vllm-")
        model.save(Path(fresh.name) / "model")
        del model
        _empty_gpu()
        old, self._scratch, self._checkpoint = self._scratch, fresh, str(Path(fresh.name) / "model")
        self._engine = None  # a fresh engine is made on the new weights when it is next asked
        if old:
            old.cleanup()
        return figures

    def save(self, folder: Path) -> None:
        """See LanguageModel: a copy of the folder that is served. Raises ModelError for a model that is only an id so far."""
        from corpora.files import write_folder

        if not Path(self._checkpoint).is_dir():
            from gpu_runtime.models.pretrained import PretrainedModel

            PretrainedModel.load(self._checkpoint).save(folder)
            return
        write_folder(folder, lambda temporary: shutil.copytree(self._checkpoint, temporary, dirs_exist_ok=True))

    def _awake(self):
        if self._engine is None:
            self._engine = self._vllm.LLM(model=self._checkpoint, enable_sleep_mode=True, max_model_len=CONTEXT, dtype="bfloat16")
        return self._engine


def _framed(tokenizer, text: str) -> str:
    if getattr(tokenizer, "chat_template", None):
        return tokenizer.apply_chat_template([{"role": "user", "content": text}], add_generation_prompt=True, tokenize=False)
    return text


def _empty_gpu() -> None:
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
