"""The module that is trained, and where it comes from.

Comes in: a `ModelConfig`; a `ModelInput`. Goes out: a `Checkpoint` with its weights; `Capture`, the outputs of one
forward pass.

A literal example: `TrainingModel(checkpoint.model)(batch.inputs).logits` is [R, V].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from transformers.utils import ModelOutput

from qgkd.checkpoints.checkpoint import Checkpoint, load_checkpoint
from qgkd.checkpoints.encoder import set_dropout
from qgkd.checkpoints.masked_lm import mask_logits
from qgkd.checkpoints.record import read_record
from qgkd.errors import UserError
from qgkd.model_input.batch import ModelInput
from qgkd.model_input.input_format import Attention, InputFormat
from qgkd.training.config import ModelConfig, TrainConfig
from qgkd.training.copying_start import start_copying

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass
class Capture(ModelOutput):
    """Outputs of a forward pass; a `ModelOutput`, so that FSDP, DDP and autocast find the tensors in it."""

    logits: torch.Tensor | None = None  # [R, V], in the order of scored_positions


class TrainingModel(nn.Module):
    """A masked language model whose forward returns the logits at the scored positions.

    Everything runs inside this one forward, so wrappers (DDP, FSDP, DeepSpeed, torch.compile) see every parameter.
    Only `model` is ever saved.

    Args:
        model: Any `AutoModelForMaskedLM`.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model
        # accelerate reads these from the module it wraps.
        self._no_split_modules = getattr(model, "_no_split_modules", None)
        self._keys_to_ignore_on_save = getattr(model, "_keys_to_ignore_on_save", None)

    @property
    def config(self) -> Any:
        """The inner model's config, which DeepSpeed's "auto" values and TensorBoard read."""
        return self.model.config

    def activation_checkpointing_enable(self, **options: Any) -> None:
        """Recompute activations in the backward pass (`train.activation_checkpointing`)."""
        cast(Any, self.model).activation_checkpointing_enable(**options)

    def forward(self, inputs: ModelInput) -> Capture:
        """Run the model and its head on the scored positions."""
        return Capture(logits=mask_logits(self.model, inputs))


def starting_checkpoint(config: TrainConfig) -> Checkpoint:
    """The weights a run starts from, in the format it trains.

    Raises:
        UserError: The base cannot be loaded, or cannot take the run's format.
    """
    settings = config.model
    if not settings.base:
        checkpoint = _from_scratch(config)
    elif "format" in read_record(settings.base):
        checkpoint = load_checkpoint(settings.base)
    else:
        checkpoint = load_checkpoint(settings.base, attention=settings.attention or "prefix", layout=settings.layout)
    return settled_checkpoint(checkpoint, config)


def settled_checkpoint(checkpoint: Checkpoint, config: TrainConfig) -> Checkpoint:
    """Loaded weights in the format, with the dropout and script of a run.

    Raises:
        UserError: They cannot take the format.
    """
    settings = config.model
    input_format = config.input_format(checkpoint.input_format)
    positions = getattr(checkpoint.model.config, "max_position_embeddings", input_format.max_total_tokens)
    if input_format.max_total_tokens > positions:
        raise UserError(
            f"model.max_total_tokens must be at most the {positions} positions of {settings.base or 'the model'}, was "
            f"{input_format.max_total_tokens}; lower it"
        )
    if input_format.attention is Attention.PREFIX and checkpoint.model.config.model_type != "bert":
        raise UserError(
            f"{settings.base}: attention 'prefix' needs a BertForMaskedLM, found model type "
            f"{checkpoint.model.config.model_type!r}; set model.attention=recurrent"
        )
    set_dropout(checkpoint.model, settings.dropout)
    if settings.attn_implementation:
        set_attention(checkpoint.model, settings.attn_implementation)
    script = settings.script or checkpoint.record.get("script", "")
    # Do not inherit the base's decoding settings.
    kept = {name: value for name, value in checkpoint.record.items() if name != "decoding"}
    return replace(checkpoint, input_format=input_format, record=kept | ({"script": script} if script else {}))


def set_attention(model: PreTrainedModel, implementation: str) -> None:
    """Choose how attention is computed.

    Raises:
        UserError: transformers has no such way for the model.
    """
    try:
        model.set_attn_implementation(implementation)
    except (ValueError, ImportError) as error:
        raise UserError(
            f"model.attn_implementation: expected 'eager' or 'sdpa', found {implementation!r}; correct it"
        ) from error


def _from_scratch(config: TrainConfig) -> Checkpoint:
    from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, set_seed

    settings: ModelConfig = config.model
    if not Path(settings.vocabulary).is_dir():
        raise UserError(f"model.vocabulary: expected a folder with a tokenizer, found none at {settings.vocabulary!r}")
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(settings.vocabulary)
    except Exception as error:
        raise UserError(
            f"model.vocabulary: expected a tokenizer in {settings.vocabulary}, but: {str(error).splitlines()[0]}"
        ) from error
    input_format = config.input_format(InputFormat())
    set_seed(int(config.train.get("seed", 42)))
    try:
        bert = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=settings.hidden_size,
            num_hidden_layers=settings.layers,
            num_attention_heads=settings.heads,
            intermediate_size=settings.intermediate_size,
            max_position_embeddings=input_format.max_total_tokens,
            pad_token_id=tokenizer.pad_token_id,
        )
        model = BertForMaskedLM(bert)
    except ValueError as error:
        raise UserError(f"[model]: a BERT of these sizes cannot be built: {error}; correct them") from error
    if settings.sinusoidal_positions:
        _start_as_sinusoids(model.bert.embeddings.position_embeddings.weight, bert.initializer_range)
    if settings.copying_start:
        start_copying(model, int(tokenizer.mask_token_id), int(config.train.get("seed", 42)))
    return Checkpoint(name="scratch", model=model, tokenizer=tokenizer, input_format=input_format, record={})


def _start_as_sinusoids(weight: torch.Tensor, scale: float) -> None:
    """Sines and cosines of falling frequency, as strong as the random start they replace.

    Source: Vaswani et al. 2017, section 3.5.
    Differs: scaled to the other embeddings' standard deviation, and learnt on.
    """
    count, width = weight.shape
    place = torch.arange(count, dtype=torch.float32)[:, None]
    rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10_000.0) / width))
    angles = place * rates  # [positions, width / 2]
    waves = torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)[:, :width]
    with torch.no_grad():
        weight.copy_(waves * scale * math.sqrt(2))


def freeze_embeddings(model: PreTrainedModel) -> None:
    """Freeze the token embeddings, and with them the head's weights and bias."""
    for parameter in (*model.get_input_embeddings().parameters(), *model.get_output_embeddings().parameters()):
        parameter.requires_grad_(False)
