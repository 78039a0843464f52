"""The older reader of the C family, for callers that still ask tree-sitter's nodes.
`corpora.frontends` replaces it.

- `c_family`: tree-sitter's trees of the C family, and function definitions.
"""
