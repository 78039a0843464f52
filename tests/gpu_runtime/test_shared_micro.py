"""How a step is cut for several processes: each makes as many forward passes, so that no lesson is
lost.
"""

from __future__ import annotations

import pytest

from gpu_runtime.models.distributed import DistributedError, choose_micro_batch


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 7])
@pytest.mark.parametrize(
    ("batch", "micro"), [(32768, 4096), (32768, 0), (2048, 2048), (2048, 300), (100, 0), (97, 13)]
)
def test_each_process_makes_as_many_passes(batch: int, micro: int, processes: int) -> None:
    found = choose_micro_batch(batch, micro, processes)
    passes = round(batch / found)  # of a step, over all processes
    assert (
        passes % processes == 0
        and 1 <= found <= batch // processes
        and (not micro or found <= micro)
    )


def test_what_was_shared_out_evenly_stays_as_it_was() -> None:
    assert (
        choose_micro_batch(32768, 4096, 2) == choose_micro_batch(32768, 4096, 4) == 4096
        and choose_micro_batch(128, 0, 2) == 64
    )
    assert (
        round(32768 / choose_micro_batch(32768, 4096, 3)) == 9
    )  # not 8, of which three processes would do six


def test_a_step_too_small_to_share_is_one_line() -> None:
    with pytest.raises(
        DistributedError,
        match="finetune.batch_tokens = 2 cannot be shared out evenly over resources.trainers = 3",
    ):
        choose_micro_batch(2, 0, 3)
