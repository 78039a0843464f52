"""`coevolve serve`: verify and translate over HTTP, as jobs.

Contract: serves until interrupted. What a job may be is in `/openapi.json`. The server has no users
and no encryption: it listens on loopback unless told otherwise.

    coevolve serve --port 8720
"""

from __future__ import annotations

import argparse
import json

from coevolve.cli.signals import print_early_end
from coevolve.serving.jobs import JobQueue, ServeLimits


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve serve` to `commands`, the subparsers of the command line. Returns its
    parser.
    """
    limits = ServeLimits()
    parser = commands.add_parser(
        "serve",
        help="serve verify and translate over HTTP",
        description="Take jobs by POST /verify and POST /translate, and tell of them by GET "
        "/jobs/ID. /docs and /openapi.json say what they take. There are no users and no "
        "encryption: put a proxy before it where others can reach it.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: here)")
    parser.add_argument("--port", type=int, default=8720, help="0 takes any (default: 8720)")
    parser.add_argument(
        "--workers", type=int, default=limits.workers, metavar="N", help="jobs at a time"
    )
    parser.add_argument(
        "--queue", type=int, default=limits.queue, metavar="N", help="most jobs that wait or run"
    )
    parser.add_argument(
        "--job-seconds", type=float, default=limits.job_s, metavar="S", help="most time of a job"
    )
    parser.add_argument("--json", action="store_true", help="print the address as a JSON object")
    return parser


def run(args: argparse.Namespace) -> int:
    """Serve the HTTP API until interrupted. args: parsed by `add_parser`. Returns the exit code,
    130 after Ctrl-C and 143 after SIGTERM. Raises UserError for a bad limit, a port in use, or
    where the extra `serve` is not installed.
    """
    import socket

    from coevolve.cli.errors import UserError

    if args.workers < 1 or args.queue < 1 or args.job_seconds <= 0:
        raise UserError("--workers and --queue must be at least 1, and --job-seconds above 0")
    if not 0 <= args.port <= 65535:
        raise UserError(f"--port {args.port} is no port; give one of 0 to 65535")
    try:
        import uvicorn

        from coevolve.serving.app import make_app
    except ImportError:
        raise UserError(
            "coevolve serve needs the extra serve: python -m pip install 'coevolve[serve]'"
        ) from None
    limits = ServeLimits(queue=args.queue, workers=args.workers, job_s=args.job_seconds)
    queue = JobQueue(limits)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((args.host, args.port))
        sock.listen(128)
    except OSError as error:
        raise UserError(f"--host {args.host} --port {args.port}: {error.strerror}") from None
    address = f"http://{args.host}:{sock.getsockname()[1]}"
    print(json.dumps({"address": address}) if args.json else f"serving on {address}", flush=True)
    config = uvicorn.Config(make_app(queue), log_level="warning", lifespan="off")
    try:
        uvicorn.Server(config).run(sockets=[sock])
    except KeyboardInterrupt as error:
        return print_early_end(error, "the server has ended")
    finally:
        queue.close()
    return 0
