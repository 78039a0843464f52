"""`coevolve view`: runs and evaluations in a browser.

Contract: serves until it is interrupted (exit code 130, or 143 after SIGTERM); prints the address.

    coevolve view runs
"""

from __future__ import annotations

import argparse
import json
import webbrowser
from pathlib import Path

from coevolve.cli.signals import print_early_end


def add_parser(commands) -> argparse.ArgumentParser:
    """Add `coevolve view` to `commands`, the subparsers of the command line. Returns its parser."""
    parser = commands.add_parser(
        "view",
        help="look at runs and evaluations in a browser",
        description="Serve pages of runs and evaluations on this machine: tables with intervals "
        "and controls, loss curves, every judged answer beside its source, differences of any two. "
        "Stop it with Ctrl-C.",
    )
    parser.add_argument(
        "places",
        nargs="+",
        metavar="FOLDER",
        help="a run, a folder of runs, or a result of 'coevolve eval --out'",
    )
    parser.add_argument(
        "--port", type=int, default=8000, metavar="N", help="port; 0: a free one (default: 8000)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument("--json", action="store_true", help="print the address as a JSON object")
    return parser


def run(args: argparse.Namespace) -> int:
    """Serve the pages until interrupted. args: parsed by `add_parser`. Returns the exit code, 130
    after Ctrl-C and 143 after SIGTERM. Raises UserError for a folder without runs or
    a port that is taken.
    """
    from coevolve.report.server import ADDRESS, Viewer, find_shown, make_server

    shown = find_shown([Path(place) for place in args.places])
    with make_server(Viewer(shown), args.port) as server:
        address = f"http://{ADDRESS}:{server.server_address[1]}/"
        counted = {"runs": len(shown.runs), "evaluations": len(shown.evaluations)}
        if args.json:
            print(json.dumps({"address": address, **counted}), flush=True)
        else:
            told = ", ".join(
                f"{count} {name.removesuffix('s') if count == 1 else name}"
                for name, count in counted.items()
            )
            print(f"{address} shows {told}; Ctrl-C ends it", flush=True)
        if not args.no_browser:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt as error:
            return print_early_end(error, "the pages are no longer served")
    return 0
