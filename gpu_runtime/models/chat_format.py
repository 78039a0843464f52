"""How a pre-trained model's prompts become tokens: the same whether transformers or vLLM generates.

python -c "from gpu_runtime.models.chat_format import encode_prompt; help(encode_prompt)"
"""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase as HfTokenizer


def encode_prompt(tokenizer: HfTokenizer, text: str, chat: bool = True) -> list[int]:
    """Return the token ids of the prompt `text`. The tokenizer's chat template is used if it has
    one and `chat` is true.
    """
    if chat and getattr(tokenizer, "chat_template", None):
        turn = [{"role": "user", "content": text}]
        return encode_plain(
            tokenizer,
            tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False),
        )
    return tokenizer(text, verbose=False).input_ids  # what is too long is told apart, not warned of


def encode_plain(tokenizer: HfTokenizer, text: str) -> list[int]:
    """Return the token ids of `text`, without special tokens."""
    return tokenizer(text, add_special_tokens=False, verbose=False).input_ids
