"""Add layers on top of a model, which writes the same as before until the new layers are trained.

    python eval/grow_layers.py qgkd/model --layers 12 --out runs/grown

Comes in: a BertForMaskedLM folder. Goes out: one with more layers on top. Each new layer is a copy of one below, in
their order, with its two output projections set to zero, so that it is the identity until it is trained. A post-norm
layer normalises its sum, so the last new layer takes over scale and shift of the layer that was on top before, and
those between have scale 1 and shift 0.

Source: copies on top, Gong et al. 2019 (Efficient Training of BERT by Progressively Stacking); blocks that begin as the
identity, Wu et al. 2024 (LLaMA Pro, arXiv 2401.02415), section 3.2.
Differs: LLaMA Pro's blocks are pre-norm and stand among the old ones; on top, dropping the top layers of the grown
model leaves a model that still writes.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from qgkd.errors import UserError

if TYPE_CHECKING:
    from transformers import BertForMaskedLM


def grown(bert: BertForMaskedLM, layers: int) -> BertForMaskedLM:
    """Build a model of that many layers that gives the same logits in eval mode."""
    import torch
    from transformers import BertForMaskedLM

    below = cast(Any, bert.bert.encoder.layer)
    config: Any = copy.deepcopy(bert.config)
    config.num_hidden_layers = layers
    made = BertForMaskedLM(config).to(torch.float32)  # the package's weights are halves
    weights = {name: values.float() for name, values in bert.state_dict().items()}
    layers_made = cast(Any, made.bert.encoder.layer)
    for place in range(len(below), layers):
        source = f"bert.encoder.layer.{place % len(below)}."
        for name, values in below[place % len(below)].state_dict(prefix=source).items():
            weights[f"bert.encoder.layer.{place}.{name.removeprefix(source)}"] = values.float()
    made.load_state_dict(weights)
    with torch.no_grad():
        scale, shift = (values.clone() for values in layers_made[len(below) - 1].output.LayerNorm.parameters())
        for layer in layers_made[len(below) :]:
            for part in (layer.attention.output, layer.output):
                part.dense.weight.zero_()
                part.dense.bias.zero_()
                part.LayerNorm.weight.fill_(1.0)
                part.LayerNorm.bias.zero_()
        layers_made[len(below) - 1].output.LayerNorm.weight.fill_(1.0)
        layers_made[len(below) - 1].output.LayerNorm.bias.zero_()
        layers_made[-1].output.LayerNorm.weight.copy_(scale)
        layers_made[-1].output.LayerNorm.bias.copy_(shift)
    return made.eval()


def main(
    model: Annotated[Path, typer.Argument(help="A BertForMaskedLM folder.")],
    layers: Annotated[int, typer.Option(help="Number of layers of the new model.")],
    out: Annotated[Path, typer.Option(help="The new model folder.")],
) -> None:
    """Add layers on top of a model."""
    from qgkd.checkpoints.checkpoint import load_checkpoint
    from qgkd.checkpoints.encoder import encoder_layers
    from qgkd.checkpoints.student import save_student
    from qgkd.files.fingerprint import model_sha256

    checkpoint = load_checkpoint(model)
    depth = len(encoder_layers(checkpoint.model))
    if layers <= depth:
        raise SystemExit(f"--layers: expected more than the {depth} layers of {model}, found {layers}; raise it")
    if out.exists():
        raise SystemExit(f"{out}: expected a new folder, found one that is there; remove it or name another")
    base = {"name": checkpoint.name, "sha256": model_sha256(str(model)), "layers": depth, "grown_to": layers}
    record = {key: value for key, value in checkpoint.record.items() if key not in ("step", "figures")}
    made = grown(cast("BertForMaskedLM", checkpoint.model), layers)
    save_student(out, made, checkpoint.tokenizer, {**record, "base": base})
    print(f"{out}: {depth} layers, then {layers - depth} new ones that are the identity")


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(str(error)) from None
