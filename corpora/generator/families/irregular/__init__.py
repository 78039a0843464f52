"""Families with places that data give, and loops that do not run as they look.

- `last_match`: Families whose iterations may write one place under a test (the last one wins) or
  places that data give, and their parallel twins.
- `locals`: Work of one thread that looks unusual and is independent: long loops of a fixed number
  of turns, powers, casts, wider locals.
- `loops`: Nested loops round stencil-like sums that do not run as they look: an increment that
  moves an outer variable, a return in the middle.
- `pointer_chases`: Families that follow links of no known number: while and do-while loops to a
  root in an array that is also written, or is not.
- `spans`: What the families share: a loop over a line or a grid with whatever else stands in it,
  its tests, its parallel or ordered form.
- `steps`: Loops whose variable the body moves too, or that test a counter instead of their
  variable, and their parallel twins.
"""
