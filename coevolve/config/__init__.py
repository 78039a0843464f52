"""The configuration of a run, read strictly.

- `checks`: What makes a configuration unusable although every value has its type: values out of
  range, keys that exclude each other.
- `schema`: The run's configuration: one strict TOML file, at most 81 keys, documented in
  `configs/reference.toml`.
"""
