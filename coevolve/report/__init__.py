"""What a run has reached, as tables, pages and scalars.

- `data`: What a run's report page shows, as plain JSON values read from the run folder alone.
- `direction_table`: A table per direction over finished rounds of runs: yield, and what is
  measured before and after on held-out programs.
- `page`: The run's table and its report page, from the files of the run folder alone.
- `scalars`: The figures of a run as TensorBoard scalars, one step a round (0 is the cold start).
"""
