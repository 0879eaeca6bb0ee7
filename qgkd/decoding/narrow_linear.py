"""Linear layers on one or two rows.

Comes in: a linear module and its input. Goes out: the module's output. A decoding step of one question multiplies two
rows with every weight of the model: the time is the time to read the weights, and on a CPU a transposed copy is read
about twice as fast (eval/LOG.md has the measurement). The copies double the model's memory, and are made only where
one question is decoded alone.

A literal example: two rows of 768 against [3072, 768]: 0.92 ms instead of 1.71 ms on one AVX2 core.
"""

from __future__ import annotations

import torch

_MOST_ROWS = 2  # from four rows on the plain layout is the faster one


class NarrowLinear:
    """Runs linear modules, by the transposed copy where that is faster; weights must not change in between."""

    def __init__(self) -> None:
        self._transposed: dict[torch.nn.Module, torch.Tensor] = {}

    def __call__(self, module: torch.nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        """`module(inputs)`, up to rounding; inputs [..., D]."""
        rows = inputs.numel() // inputs.shape[-1]
        # Exactly nn.Linear: a quantised or parallelised layer keeps its weights in another way.
        if rows > _MOST_ROWS or inputs.device.type != "cpu" or type(module) is not torch.nn.Linear:
            return module(inputs)  # type: ignore[no-any-return]
        weights = self._transposed.get(module)
        if weights is None:
            weights = self._transposed[module] = module.weight.detach().t().contiguous()
        flat = inputs.reshape(rows, -1)
        product = flat @ weights if module.bias is None else torch.addmm(module.bias, flat, weights)
        return product.view(*inputs.shape[:-1], -1)
