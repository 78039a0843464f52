"""A child for test_cuda_child: answers, dies, hangs or babbles as it is asked to."""

from __future__ import annotations

import os
import signal
import sys
import time

from gpu_runtime.cuda.child_process import ChildChannel, lock_down


def main() -> None:
    channel = ChildChannel()
    if "--silent" in sys.argv:
        sys.exit("no device of that name")
    if "--locked" in sys.argv:
        lock_down(files_closed=False)
        channel.send({"pid": os.getpid()})
        time.sleep(600)  # as a candidate that hangs
    channel.send({"pid": os.getpid()})
    while (request := channel.receive()) is not None:
        what = request["what"]
        if what == "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        if what == "orphan" and os.fork() == 0:
            time.sleep(60)  # holds the pipe open
        if what == "orphan":
            os._exit(4)
        if what == "exit":
            os._exit(3)
        if what == "hang":
            time.sleep(60)
        if what == "print":
            print("this must not reach the parent", flush=True)
            os.write(1, b"nor this")
        if what == "babble":
            os.write(channel._out, b"\x05\x00\x00\x00hello")
        channel.send({"said": what, "length": len(request.get("text", ""))})


if __name__ == "__main__":
    main()
