"""Answers about programs, from the typed tree of `corpora.ir`: each question once, for everybody.

| module | answers |
| --- | --- |
| `polynomial` | values of integer expressions: polynomials over symbols |
| `inequalities` | can integers fulfil equations and inequalities |
| `affine` | index expressions as polynomials; linearised indices as subscripts |
| `reasons` | why something is not known: code, sentence, names, place |
| `loops` | ranges of counted loops, early exits, perfect nests, trip counts |
| `pure_functions` | library functions that only read |
| `updates` | `s += e`, `m = max(m, e)`, minimum by `if` |
| `facts` | the records: accesses, guards, loops, effects |
| `accesses` | the walk over a function that finds them |
| `guards` | conditions that hold where a statement stands |
| `bounds` | extents that arrays need, in terms of the scalars |
| `constants` | literals, comparisons and labels: the fuzzing dictionary |
| `aliasing` | which arrays may overlap |
| `dependence` | dependences between iterations, with distances |
| `privatizable` | scalars and arrays of which each iteration can have its own |
| `repeated_work` | writes that every thread of a kernel repeats |
| `reductions` | reductions, histograms, scans, positions of extremes |
| `parallel` | the verdict on a loop |
| `thread_indices` | what a kernel computes from its indices and compares them with |
| `cuda_index` | thread indices, guards, shared memory and barriers of kernels |
| `compensation` | sums that compute their own rounding error, as Kahan's does |
| `integer_growth` | what is computed in 32 bits and grows faster than arrays do |
| `cuda_sides` | where CUDA's functions run, and what they call there |
"""
