"""Loop nests made parallel by rule.

- `atomics`: Changes of memory that several threads reach, as CUDA's atomic operations.
- `directives`: OpenMP directives inserted into a source text.
- `propose`: Loop nests spread over threads by rule: what is proposed for a nest of which the
  model's answer does not stand.
"""
