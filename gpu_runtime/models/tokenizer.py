"""A SentencePiece vocabulary over space-separated words, saved so that `AutoTokenizer` loads it
without our code.

Contract: every word given or seen often enough is one piece (`▁word`), anything else is spelled in
characters, so that `decode(encode(text)) == text` for single-spaced text over known characters. A
prompt is framed `<s> prompt <sep>`; the answer follows and ends in `</s>`.

    python -c "from gpu_runtime.models.tokenizer import train_tokenizer; \\
        t = train_tokenizer(['a b']); print(t('a b'))"
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence

import sentencepiece
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

SPACE = "\u2581"
PAD, UNKNOWN, START, END, SEPARATOR = "<pad>", "<unk>", "<s>", "</s>", "<sep>"
_SPECIAL = (PAD, UNKNOWN, START, END, SEPARATOR)
_CHARACTERS = tuple(chr(code) for code in range(33, 127))
_WORD_CHARACTERS = 64
"""SentencePiece takes longer words, but they are literals that no other text repeats."""


def train_tokenizer(
    texts: Iterable[str], words: Sequence[str] = (), min_count: int = 5, max_words: int = 2000
) -> PreTrainedTokenizerFast:
    """Return a tokenizer whose vocabulary is `words` and the most frequent words of `texts`, those
    between white space that occur at least `min_count` times. Both together are at most
    `max_words`, unless `words` alone are more.

    Other words are spelled in characters. Equal texts give an equal vocabulary on every machine.
    """
    counts = Counter(word for text in texts for word in text.split())
    chosen = dict.fromkeys(word for word in words if word not in _SPECIAL)
    frequent = (w for w, c in counts.items() if c >= min_count and len(w) <= _WORD_CHARACTERS)
    for word in sorted(frequent, key=lambda w: (-counts[w], w)):
        if len(chosen) >= max_words:
            break
        if word not in _SPECIAL:
            chosen.setdefault(word)
    return _convert_to_unigram(
        _sentencepiece(tuple(chosen), sorted({c for w in counts for c in w}))
    )


def _sentencepiece(
    words: Sequence[str], characters: Sequence[str]
) -> sentencepiece.SentencePieceProcessor:
    """Words as user-defined pieces over a character model: the greedy longest piece wins,
    characters fill the rest.
    """
    model = io.BytesIO()
    alphabet = dict.fromkeys([*_CHARACTERS, *(c for c in characters if c != SPACE)])
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(alphabet)]),
        model_writer=model,
        model_type="char",
        vocab_size=len(alphabet) + len(words) + len(_SPECIAL) + 1,
        hard_vocab_limit=False,
        character_coverage=1.0,
        user_defined_symbols=[SEPARATOR, *(SPACE + word for word in words)],
        normalization_rule_name="identity",
        pad_id=0,
        unk_id=1,
        bos_id=2,
        eos_id=3,
        num_threads=1,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def _convert_to_unigram(pieces: sentencepiece.SentencePieceProcessor) -> PreTrainedTokenizerFast:
    """The same vocabulary as a `tokenizers` Unigram model: the form that loads from tokenizer.json
    alone.

    Word pieces score 0 and characters below -1, so the best segmentation is the one with the fewest
    characters.
    """
    count = pieces.get_piece_size()
    vocabulary = [
        (pieces.id_to_piece(i), min(pieces.get_score(i) - 1.0, -1.0)) for i in range(count)
    ]
    whole = len(SPACE)
    vocabulary = [(p, 0.0 if len(p) > whole and p.startswith(SPACE) else s) for p, s in vocabulary]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=pieces.unk_id()))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement=SPACE, prepend_scheme="always", split=True
    )
    tokenizer.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {SEPARATOR}",
        special_tokens=[(START, pieces.bos_id()), (SEPARATOR, pieces.piece_to_id(SEPARATOR))],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        bos_token=START,
        eos_token=END,
        sep_token=SEPARATOR,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
