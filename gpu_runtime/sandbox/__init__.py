"""Running hostile code: the lock-down, how a process ended, cores and memory.

- `cores`: How many processors this process may keep busy: what its affinity allows, and its
  container's share of time.
- `exit_status`: How a sandboxed process ended, in one status and one line: signals, exit codes,
  sanitizer reports.
- `lockdown`: The lock-down as Python sees it: what this machine offers, what is missing, and
  compilers run inside it.
- `memory`: What the C heap of this process keeps of freed memory, instead of handing it back and
  having new pages cleared.
"""
