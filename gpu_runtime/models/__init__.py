"""Language-model back ends behind one protocol.

- `attention`: Causal attention for training a small model on a CPU, a row of the batch at a time.
- `backends`: Which back end answers to which name in a configuration: a plain dict, looked up at
  the edge and nowhere else.
- `batched`: Decoding with a causal Hugging Face model: rows that end make room for the next
  prompts at once.
- `chat_format`: How a pre-trained model's prompts become tokens: the same whether transformers or
  vLLM generates.
- `code_blocks`: Fenced blocks in what instruction models write, and the reasoning before them.
- `decoded`: How far a model is with its answers, for whoever watches.
- `decoding`: Batched decoding: which id comes next in every row, under constraints, at a
  temperature.
- `distributed`: Fine-tuning in several processes, one per device or CPU share: torch.distributed
  through the Trainer (DDP), or FSDP.
- `encoded`: One lesson as a model's ids.
- `finetune`: Fine-tuning of a pre-trained model by transformers' Trainer: whole, by LoRA or by
  QLoRA, with loss on the answers only.
- `collation`: Examples as tensors for transformers' Trainer: which are learnt together, padded or
  packed, loss on the answers only.
- `llama_decoder`: The forward pass of a Llama-shaped model, with a cache of which the answers to
  one prompt share the prompt's part.
- `muon`: Muon for the hidden matrices of a small model, AdamW for everything else.
- `options`: Settings of a back end beyond the model's name: plain values, without any heavy import.
- `pretrained`: Any Hugging Face model, by id or folder: causal or sequence-to-sequence, fine-
  tuned whole or by (Q)LoRA.
- `pretraining`: What a small model learns from single functions, before any pair: filling in,
  recognising entities, restoring.
- `protocol`: The model seam: generate a batch, learn from examples, save and load. One Protocol;
  back ends are in this package.
- `remote`: A model behind an OpenAI-compatible endpoint: asked, never taught.
- `resume_state`: From where a killed training goes on: one file in its workspace, written whole,
  that belongs to its lessons alone.
- `scratch`: A small decoder-only model trained from nothing: the default back end where no pre-
  trained model is at hand.
- `scripted`: A model whose answers come from a function: for tests of everything that sits on the
  model seam.
- `sharded_state`: What the training of a model that is cut over processes (FSDP) goes on from:
  each one's share, by torch's distributed checkpoints.
- `sizes`: How large a model is and what it needs: parameters from its shape, memory and time by
  estimate.
- `templates`: Prompts as text files with named places: `$name` and `${name}`; `$$` is a dollar
  sign.
- `tokenizer`: A SentencePiece vocabulary over space-separated words, saved so that
  `AutoTokenizer` loads it without our code.
- `training`: The training loop that every trainable back end shares: batches by token count, Muon
  or AdamW, linear decay.
- `verdict_training`: Learning from verdicts beyond "this is right": preferences (DPO) and rewards
  (GRPO), by TRL's trainers.
- `vllm_engine`: Generation by vLLM's offline engine, learning by the pretrained back end, one
  after the other in the same memory.
"""

import logging

# bitsandbytes asks, when it is imported, for a package that only makes its kernels faster, and logs
# a failure that is none.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
