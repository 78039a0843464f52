"""Muon: its updates are orthogonal, whichever way a matrix lies, and it learns what AdamW
learns.
"""

from __future__ import annotations

import pytest
import torch

from gpu_runtime.models.muon import Muon, orthogonalize


@pytest.mark.parametrize("shape", [(4, 8, 8), (3, 16, 50)])
def test_singular_values_come_near_one(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    low, high = torch.linalg.svdvals(orthogonalize(torch.randn(shape) * 1e-3)).aminmax()
    assert 0.4 < low and high < 1.3


def test_a_standing_and_a_lying_matrix_take_the_same_step() -> None:
    torch.manual_seed(1)
    start, gradient = torch.randn(6, 3), torch.randn(6, 3)
    standing, lying = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.mT.clone())
    standing.grad, lying.grad = gradient, gradient.mT.clone()
    rest = torch.nn.Parameter(torch.zeros(2))
    rest.grad = torch.ones(2)
    optimiser = Muon([standing, lying], [rest], 0.1, (0.9, 0.95), 0.01)
    optimiser.step()
    assert torch.allclose(standing, lying.mT, atol=1e-5) and not torch.allclose(
        standing, start, atol=1e-3
    )
    assert (rest < 0).all()
    optimiser.zero_grad()
    assert standing.grad is None and rest.grad is None


def test_it_fits_a_linear_map() -> None:
    torch.manual_seed(2)
    inputs = torch.randn(64, 8)
    wanted = inputs @ torch.randn(8, 4)
    weight, bias = torch.nn.Parameter(torch.zeros(8, 4)), torch.nn.Parameter(torch.zeros(4))
    optimiser = Muon([weight], [bias], 0.3, (0.9, 0.95), 0.0)
    for step in range(200):
        optimiser.param_groups[0]["lr"] = 0.3 * (1 - step / 200)
        loss = ((inputs @ weight + bias - wanted) ** 2).mean()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    assert loss < 0.01
