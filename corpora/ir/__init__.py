"""Typed tree of programs: nodes, walking, rebuilding, and edits of text by span.

| module | holds |
| --- | --- |
| `nodes` | the grammar: every node as a frozen dataclass |
| `walk` | `walk`, `find`, `children`, `transform`: every question in one line |
| `edits` | replacing spans of the source text, all at once, checked for overlap |
"""

from corpora.ir.edits import (
    Edit as Edit,
    apply_edits as apply_edits,
)
from corpora.ir.nodes import *  # noqa: F403
from corpora.ir.walk import (
    children as children,
    find as find,
    names_in as names_in,
    rewrite_statements as rewrite_statements,
    transform as transform,
    walk as walk,
)
