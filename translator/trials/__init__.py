"""How a compiled target is tried: launches, thread orders, thread counts.

- `bench`: What every trial of a target works with: the bench it lies on, the calls that it is run
  on, and where it first fails.
- `cuda`: How a CUDA target is tried: launch plans in turn for a bare kernel, then other orders of
  its threads.
- `directives`: What the OpenMP directives of a program leave open: the order of reductions, and
  which thread takes which share.
- `plans`: How a compiled target of each programming model is tried: which launches, thread
  orders, thread counts and schedules.
"""
