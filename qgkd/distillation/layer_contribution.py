"""How much each layer of a model contributes.

Comes in: a checkpoint and examples. Goes out: for each layer the cosine between its input and its output, the mean over
the examples; a layer near 1 changes little.

A literal example: `(0.71, 0.83, 0.97)` for three layers: the third is the first to go.

Source: Sajjad et al. 2023 (Poor Man's BERT, arXiv 2004.03844), section 3: the cosine of [CLS] before and after a layer,
the mean over the development set.
Differs: the paper drops the layers above a threshold, which leaves the number open; here a given number is dropped,
the most similar first. Rows are the model's own: source, answer, question.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.checkpoints.encoder import encoder_layers
from qgkd.checkpoints.masked_lm import mask_logits
from qgkd.distillation.teachers.capture import Needs
from qgkd.distillation.teachers.hooks import recording
from qgkd.errors import UserError
from qgkd.model_input.batch import pad_rows
from qgkd.model_input.input_format import Attention
from qgkd.model_input.rows import Row, packed_row, recurrent_row
from qgkd.reading.examples import QGExample
from qgkd.training.data import tokenise

_BATCH_ROWS = 8


@torch.inference_mode()
def layer_similarities(checkpoint: Checkpoint, examples: Sequence[QGExample]) -> tuple[float, ...]:
    """The mean cosine of each layer's input and output at [CLS], layer 1 first.

    The model is in eval mode; examples whose answer the format refuses are skipped.

    Raises:
        UserError: No example is left.
    """
    rows = sorted(_rows(checkpoint, examples), key=len)
    model, count = checkpoint.model, len(encoder_layers(checkpoint.model))
    needs = Needs(hidden_states=frozenset(range(count + 1)))
    sums = torch.zeros(count, dtype=torch.float64)
    for start in range(0, len(rows), _BATCH_ROWS):
        inputs = pad_rows(rows[start : start + _BATCH_ROWS], int(checkpoint.tokenizer.pad_token_id))
        with recording(model, needs) as recorded:
            mask_logits(model, inputs)
        seen = recorded.capture()
        states = torch.stack([seen.hidden_state(layer)[:, 0].float() for layer in range(count + 1)])  # [N + 1, B, D]
        sums += torch.cosine_similarity(states[:-1], states[1:], dim=-1).sum(dim=1).double()
    return tuple((sums / len(rows)).tolist())


def _rows(checkpoint: Checkpoint, examples: Sequence[QGExample]) -> list[Row]:
    store = tokenise(examples, checkpoint.tokenizer, checkpoint.input_format, {})
    mask_id = int(checkpoint.tokenizer.mask_token_id)
    if not len(store):
        raise UserError("expected examples to measure the layers on, found none that the model can read; give others")
    pairs = [(store.source(question), store.target(question)) for question in range(len(store))]
    if checkpoint.input_format.attention is Attention.RECURRENT:
        return [recurrent_row(source, target, len(target), mask_id) for source, target in pairs]
    return [packed_row([source], [target], mask_id) for source, target in pairs]
