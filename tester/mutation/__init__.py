"""Mutants of a program, and how many of them a suite kills.

- `branches`: Which sides of a source's conditions the tests of a suite take.
- `mutants`: Mutants: programs that differ from a given one by one small mistake, the kind that
  translations and people make.
- `schemata`: Many mutants as one program: a number chooses at run time which mistake is made
  (mutant schemata: Untch, Offutt and Harrold, 1993).
- `sites`: The statements and expressions that an entry can execute, with their places in the text.
- `strength`: How much a suite sees: the share of the source's mutants that it kills, and the
  branches that it takes.
"""
