"""Hooks that record the intermediate tensors of a model's forward pass.

Comes in: a model of transformers and `Needs`. Goes out: `Recording`, filled by the forwards inside a `with` block.

A literal example: `with recording(bert, Needs(hidden_states=frozenset({0, 12}))) as seen: bert(**inputs)`, and
`seen.capture().hidden_state(12)` is [B, L, D].

Queries and keys are recorded, because `output_attentions=True` gives nothing under sdpa, and in training under eager
probabilities after dropout.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from qgkd.checkpoints.encoder import attention_parts, encoder_layers
from qgkd.distillation.teachers.capture import DistillCapture, Needs, States

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass
class Recording:
    """What the hooks of one forward recorded."""

    needs: Needs
    states: dict[str, Any] = field(default_factory=lambda: defaultdict(dict))
    """`States` by their names in `DistillCapture`."""
    allowed: torch.Tensor | None = None
    cut_off: bool = False
    """Whether the output of a trained module came without a gradient."""

    def capture(self, logits: torch.Tensor | None = None) -> DistillCapture:
        """Everything recorded, after the forward.

        Raises:
            RuntimeError: A hook was never called: the model was not run, or not through these modules; or gradients
                are wanted and activation checkpointing keeps them.
        """
        if self.cut_off and torch.is_grad_enabled():
            raise RuntimeError(
                "expected captured tensors to carry gradients, found none: activation checkpointing with "
                "use_reentrant=True hides them; set use_reentrant=False"
            )
        for name, layers in _wanted(self.needs).items():
            if missing := sorted(layers - self.states[name].keys()):
                what = name.replace("_", " ")
                raise RuntimeError(
                    f"expected the {what} of layers {sorted(layers)}, the forward gave none for {missing}"
                )
        found = {name: states or None for name, states in self.states.items()}
        return DistillCapture(logits=logits, allowed=self.allowed, **found)


def _wanted(needs: Needs) -> dict[str, frozenset[int]]:
    """The layers that are needed, by the names of their states in `DistillCapture`."""
    attention = dict.fromkeys(("query_states", "key_states"), needs.attention)
    return {"hidden_states": needs.hidden_states, **attention, "value_states": needs.values}


@contextlib.contextmanager
def recording(model: PreTrainedModel, needs: Needs) -> Iterator[Recording]:
    """Hooks for the forwards inside the block, removed after it.

    The model is one that `qgkd.checkpoints.encoder` knows; where logits alone are needed, any.

    Raises:
        ValueError: A layer the model does not have.
    """
    if not (needs.hidden_states or needs.attention or needs.values):
        yield Recording(needs)  # of any model, one without layers too
        return
    layers = encoder_layers(model)
    _check_layers(needs, len(layers))
    heads = int(model.config.num_attention_heads)
    recorded = Recording(needs)
    with contextlib.ExitStack() as hooks:
        if 0 in needs.hidden_states:
            hooks.enter_context(layers[0].register_forward_pre_hook(_keep_input(recorded.states["hidden_states"])))
        for layer in sorted(needs.hidden_states - {0}):
            keep = _keep_output(recorded, recorded.states["hidden_states"], layer)
            hooks.enter_context(layers[layer - 1].register_forward_hook(keep))
        for layer in sorted(needs.attention | needs.values):
            parts = attention_parts(layers[layer - 1])
            modules = {"query_states": parts.query, "key_states": parts.key, "value_states": parts.value}
            for name in (name for name in modules if layer in _wanted(needs)[name]):
                keep = _keep_output(recorded, recorded.states[name], layer, heads)
                hooks.enter_context(modules[name].register_forward_hook(keep))
            hooks.enter_context(parts.attention.register_forward_pre_hook(_keep_mask(recorded), with_kwargs=True))
        yield recorded


def _keep_input(states: States) -> Callable[[nn.Module, tuple[Any, ...]], None]:
    def hook(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        states[0] = arguments[0]

    return hook


def _keep_output(
    recorded: Recording, states: States, layer: int, heads: int = 0
) -> Callable[[nn.Module, Any, Any], None]:
    """Keep a module's output; where `heads` is given, [B, L, D] as [B, H, L, D / H]."""

    def hook(module: nn.Module, arguments: Any, output: Any) -> None:
        state: torch.Tensor = output[0] if isinstance(output, tuple) else output
        recorded.cut_off |= not state.requires_grad and any(weight.requires_grad for weight in module.parameters())
        states[layer] = state.unflatten(-1, (heads, -1)).transpose(1, 2) if heads else state

    return hook


def _keep_mask(recorded: Recording) -> Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], None]:
    """Record the mask that the attention receives."""

    def hook(module: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        hidden: torch.Tensor = arguments[0] if arguments else options["hidden_states"]
        recorded.allowed = _as_allowed(options["attention_mask"], hidden)

    return hook


def _as_allowed(mask: torch.Tensor | None, hidden: torch.Tensor) -> torch.Tensor:
    if mask is None:  # nothing is padded
        return torch.ones(hidden.shape[0], 1, 1, hidden.shape[1], dtype=torch.bool, device=hidden.device)
    if mask.dim() == 2:  # flash attention's
        return mask[:, None, None, :].bool()
    return mask if mask.dtype is torch.bool else mask == 0


def _check_layers(needs: Needs, layers: int) -> None:
    for wanted, first in ((needs.hidden_states, 0), (needs.attention, 1), (needs.values, 1)):
        if absent := sorted(layer for layer in wanted if not first <= layer <= layers):
            raise ValueError(f"expected layers from {first} to {layers}, found {absent}; correct the layer map")
