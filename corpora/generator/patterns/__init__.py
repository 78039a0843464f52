"""Families that are written as C text with choices and holes, a family a paragraph, read by the
project's own front end.

Contract: a file `NAME.txt` of this folder holds one group of families. `read_families(NAME)` gives
them in the order of the file; each is a function of a `Builder` that draws a nest. What stands in a
text is C as `corpora.frontends` reads it; what is drawn besides is:

    == softmax 4 par real | x[n][m] y[n][m]! idx[n]:i32=integers(0,n-1)
    T top = x[i][0];
    [: s += VALUE(x[i]); :: :: s -= TERM(x[i]); :]

- The head: name, weight, options, and after `|` the parameters. Options: `par` and `par2` (the
  first loop, or the first two, are parallel), `real` (floating-point numbers only), `whole`
  (integers only), `small` (short arrays).
- A parameter is `name[extent][extent]`, then `!` where it is written or `@` where the function
  itself allocates it (every loop is parallel then, and `to = from;` copies one), then `:type`
  (else the main type T) and `=fill`. One without extents is a scalar, and `=` gives the values
  that it may have. A name that occurs in extents or loops alone is a size. Parameters that the
  drawn text does not use are left out. A line that begins with `| ` goes on with them.
- `[: a :: b :]` is one of the alternatives, each as likely as the others.
- Holes: `VALUE(places…)` an expression of these places, `TERM` the same with at least one of them,
  `TEST(places…)` a condition, `LIKELY(place)` one that some elements meet, `NUM`, `ZERO`, `FRAC`
  and `HUGE` constants (FRAC below one, HUGE the largest), `S` a positive scalar parameter,
  `MAX(a, b)` and `MIN(a, b)` in any spelling, `JOIN(last, new)` what comes next in a recurrence,
  `SWAP(a, b)` three statements.
- Names are drawn anew: from the list in `words.txt` that has the name's letters, else from those
  for arrays, locals, sizes and loops.

    python -c "from corpora.generator.patterns import read_families; \\
        print([f.name for f in read_families('sequential')])"
"""

from corpora.generator.patterns.families import Pattern, read_families

__all__ = ["Pattern", "read_families"]
