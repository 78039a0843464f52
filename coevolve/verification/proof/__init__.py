"""Proofs that a parallel port does what its serial source does, for every size and launch.

| module | idea |
| --- | --- |
| `prove` | `prove`: the answer for two programs |
| `records` | `Proof`, its answer and its preconditions |
| `terms` | values as shared, simplified expressions |
| `execute` | what one iteration or thread does, as terms |
| `functions` | calls: helpers, mathematics, atomic updates |
| `loops` | loops in order, and loops whose iterations are spread |
| `summary` | what execution finds out: touches, checks, loops |
| `launch` | which numbers tell CUDA's threads apart |
| `match` | whether threads do what iterations do |
| `same` | whether two terms have the same value |
| `independence` | whether iterations touch different elements |
| `solver` | questions about integers, answered by z3 |
| `errors` | why a proof is not found |
| `openmp` | whether directives change nothing but an order |

`prove` loads z3, so that nothing is imported here.
"""
