"""Verify and translate over HTTP.

- `jobs`: the queue of jobs, each a command in a process of its own.
- `app`: what HTTP takes and tells, as an application of FastAPI with OpenAPI.
"""
