"""Give rare characters a face of their own again, in a model trained from scratch on little text.

    python eval/restore_rare_embeddings.py runs/model/3/model runs/model/3/prepared --out runs/restored

Comes in: a model folder and the data it was trained on. Goes out: a model folder. The softmax pushes every token that
is hardly ever written in the same direction, until their embeddings are nearly one vector: 堰, 鸞 and 昶 are not
told from others and not copied. Their shared part is cut down to `--shared`, what tells them apart is brought up to
`--own`, and their bias is 0. Training on from there undid it (eval/LOG.md): do this last.

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
    fewer_than: Annotated[int, typer.Option(help="Rare is what is written fewer times in the prepared data.")] = 300,
    shared: Annotated[float, typer.Option(help="The most length along the direction that rare tokens share.")] = 0.3,
    own: Annotated[float, typer.Option(help="The least length of what is left of them.")] = 0.45,
) -> None:
    """Write the folder."""
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
    """[V] how often each token is a question's token."""
    counts = np.zeros(vocabulary, np.int64)
    for kind in ("copying", "synthetic", "broad", "final", "closest"):
        for path in sorted(prepared.glob(f"{kind}-*.npz")):
            with np.load(path) as part:
                counts += np.bincount(part["target_ids"], minlength=vocabulary)
    return counts


if __name__ == "__main__":
    typer.run(main)
