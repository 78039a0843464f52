"""The Translator: what it is asked, how it decodes, how its answers are judged and mended.

- `decoding/`: Constraints on decoding: what a translation can never contain.
- `normalize/`: Source rewritten for the model: macros, helpers and names written out.
- `outline/`: Functions cut into loop nests, and the ports of these put together again.
- `parallelize/`: Loop nests made parallel by rule.
- `prompting/`: What a Translator is asked, and how its answer is read.
- `trials/`: How a compiled target is tried: launches, thread orders, thread counts.
- `judge`: The verdict on candidates: check, compile in one batch, run on a checked suite, compare.
  Failing code is data.
"""
