"""Restore distinct embeddings of rare characters, in a model trained from scratch on little text.

    python eval/restore_rare_embeddings.py runs/model/3/model runs/model/3/prepared --out runs/restored

Comes in: a model folder and the data it was trained on. Goes out: a model folder. The softmax pushes all tokens that
are rare as targets in the same direction, until their embeddings are nearly one vector: 堰, 鸞 and 昶 are not
distinguished and not copied. The length along that direction is cut to `--shared`, the rest is brought up to `--own`,
and the bias is set to 0. Training all embeddings afterwards undid it (eval/LOG.md).

Source: the degeneration is described by Gao et al. 2019 (arXiv 1907.12009); the repair is ours, chosen on validation
(eval/LOG.md).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer


def main(
    model: Annotated[Path, typer.Argument(help="A BertForMaskedLM folder.")],
    prepared: Annotated[Path, typer.Argument(help="The `prepared` folder of `qgkd model`.")],
    out: Annotated[Path, typer.Option(help="The new model folder.")],
    fewer_than: Annotated[int, typer.Option(help="Tokens with fewer occurrences in questions are rare.")] = 300,
    shared: Annotated[float, typer.Option(help="The largest length along the direction that rare tokens share.")] = 0.3,
    own: Annotated[float, typer.Option(help="The smallest length of the rest of their embeddings.")] = 0.45,
) -> None:
    """Restore distinct embeddings of rare characters."""
    import torch

    from qgkd.checkpoints.checkpoint import load_checkpoint

    if out.exists():
        raise SystemExit(f"{out}: expected a new folder, found one that is there; remove it or name another")
    checkpoint = load_checkpoint(model)
    bert: Any = checkpoint.model
    weight = bert.bert.embeddings.word_embeddings.weight
    rare = torch.tensor(_written(prepared, weight.shape[0]) < fewer_than)
    with torch.no_grad():
        direction = weight[rare].mean(dim=0)
        direction = direction / direction.norm()
        along = weight[rare] @ direction  # [rare]
        rest = weight[rare] - along[:, None] * direction
        longer = (own / rest.norm(dim=1, keepdim=True).clamp(min=1e-6)).clamp(min=1.0)
        weight[rare] = rest * longer + along.clamp(max=shared)[:, None] * direction
        bert.cls.predictions.bias[rare] = 0.0
    shutil.copytree(model, out)
    bert.save_pretrained(out)
    print(f"{out}: {int(rare.sum()):,} of {len(rare):,} tokens")


def _written(prepared: Path, vocabulary: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Count how often each token occurs in a question, [V]."""
    counts = np.zeros(vocabulary, np.int64)
    for kind in ("copying", "synthetic", "broad", "final", "closest"):
        for path in sorted(prepared.glob(f"{kind}-*.npz")):
            with np.load(path) as part:
                counts += np.bincount(part["target_ids"], minlength=vocabulary)
    return counts


if __name__ == "__main__":
    typer.run(main)
