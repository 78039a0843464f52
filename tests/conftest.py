"""What all tests share: tests marked `gpu` need a device, and say so; with REQUIRE_CUDA=1 its
absence is a failure. Examples of property tests have no time limit: on a busy machine it would be a
timed test. `make test` runs files side by side.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile(
    "untimed", settings.get_profile("ci") if os.environ.get("CI") else None, deadline=None
)
settings.load_profile("untimed")
# Without bytecode each process that a test starts compiles torch and transformers anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: a process for each core that may be used, eight at most, as each holds torch and
    models of its own.
    """
    from corpora.cores import count_usable_cores

    return min(8, count_usable_cores())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture, which may ask for the device itself."""
    if item.get_closest_marker("gpu") is None:
        return
    from gpu_runtime.cuda.driver import count_devices

    if count_devices() == 0:
        message = "no CUDA device answers on this machine"
        if os.environ.get("REQUIRE_CUDA") == "1":
            pytest.fail(f"{message}, and REQUIRE_CUDA=1 asks for one", pytrace=False)
        pytest.skip(message)
