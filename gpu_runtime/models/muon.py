"""Muon for the hidden matrices of a small model, AdamW for everything else.

Source of the method: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks"
(2024); the scale that lets one learning rate serve both parts: J. Liu et al., "Muon is scalable for
LLM training" (2025). torch.optim.Muon works in bfloat16, one matrix at a time; here all matrices of
a shape are orthogonalised together, in bfloat16 only where the processor multiplies it.

    python -c "import torch; from gpu_runtime.models.muon import orthogonalize; \\
        print(orthogonalize(torch.randn(1, 2, 3)))"
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

_QUINTIC = (3.4445, -4.7750, 2.0315)
_STEPS = 5
_MOMENTUM = 0.95
_RMS = 0.2
"""Size of an AdamW update relative to its learning rate, which Muon's updates are scaled to."""


def orthogonalize(matrices: torch.Tensor, products: torch.dtype = torch.float32) -> torch.Tensor:
    """Return matrices with their singular values brought near 1, within about 0.7 to 1.2. Method:
    the iteration of Muon (Jordan et al., 2024).

    matrices: shape (n, rows, columns) with rows <= columns. products: the data type to multiply in.
        The result has the type of `matrices`.
    """
    a, b, c = _QUINTIC
    x = (matrices / (torch.linalg.matrix_norm(matrices, keepdim=True) + 1e-7)).to(products)
    for _ in range(_STEPS):
        gram = x @ x.mT
        x = a * x + torch.baddbmm(gram, gram, gram, beta=b, alpha=c) @ x
    return x.to(matrices.dtype)


class Muon:
    """An optimiser that updates `hidden`, 2-D parameters, by Muon (Jordan et al., 2024) and
    `others` by AdamW.

    learning_rate, weight_decay: of both parts. betas: AdamW's two. products: the type that Muon
        multiplies in.
    """

    def __init__(
        self,
        hidden: Sequence[torch.nn.Parameter],
        others: Sequence[torch.nn.Parameter],
        learning_rate: float,
        betas: tuple[float, float],
        weight_decay: float,
        products: torch.dtype = torch.float32,
    ) -> None:
        self._adamw = torch.optim.AdamW(
            others, lr=learning_rate, betas=betas, weight_decay=weight_decay, fused=True
        )
        self._decay, self._products = weight_decay, products
        self._groups: dict[tuple[int, int], list[torch.nn.Parameter]] = {}
        for parameter in hidden:
            self._groups.setdefault(tuple(sorted(parameter.shape)), []).append(parameter)  # type: ignore[arg-type]
        self._momentum = {
            shape: torch.zeros(len(group), *shape, device=group[0].device)
            for shape, group in self._groups.items()
        }

    @property
    def param_groups(self) -> list[dict]:
        """Return the parameter groups in the form of torch's optimisers: mappings, in which the
        caller may set the learning rate `lr`.
        """
        return self._adamw.param_groups

    def state_dict(self) -> dict:
        """Return the optimiser's state, as values by name that `torch.save` can write, for
        `load_state_dict`.
        """
        return {"adamw": self._adamw.state_dict(), "momentum": list(self._momentum.values())}

    def load_state_dict(self, state: dict) -> None:
        """Restore `state`, a result of `state_dict`, into this optimiser. The parameters must have
        the same shapes in the same order.
        """
        self._adamw.load_state_dict(state["adamw"])
        for mine, kept in zip(self._momentum.values(), state["momentum"], strict=True):
            mine.copy_(kept)

    @torch.no_grad()
    def step(self) -> None:
        """Update all parameters in place from their gradients, which must be set."""
        self._adamw.step()
        rate = self._adamw.param_groups[0]["lr"]
        for shape, group in self._groups.items():
            gradients = torch.stack([_transpose_to_wide(p.grad) for p in group])
            momentum = self._momentum[shape].lerp_(gradients, 1 - _MOMENTUM)
            updates = orthogonalize(gradients.lerp(momentum, _MOMENTUM), self._products)
            for parameter, update in zip(group, updates):
                parameter.mul_(1 - rate * self._decay)
                _transpose_to_wide(parameter).add_(update, alpha=-rate * _RMS * shape[1] ** 0.5)

    def zero_grad(self) -> None:
        """Drop the gradients of all parameters."""
        self._adamw.zero_grad()
        for group in self._groups.values():
            for parameter in group:
                parameter.grad = None


def _transpose_to_wide(matrix: torch.Tensor) -> torch.Tensor:
    """The matrix, or a view of its transpose, with no more rows than columns."""
    return matrix if matrix.shape[0] <= matrix.shape[1] else matrix.mT
