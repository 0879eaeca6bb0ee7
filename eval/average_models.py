"""Average the weights of several models.

    python eval/average_models.py runs/model/4/4-reward/checkpoint-* --out runs/model/averaged

Comes in: folders of models that were trained from the same model, such as the checkpoints of a run. Goes out: a folder
like the first one's, its weights their mean. Training on drawn questions fluctuates from checkpoint to checkpoint; the
mean needs no choice among them.

Source: Izmailov et al. 2018 (arXiv 1803.05407), section 3.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

_COPIED = ("config.json", "tokenizer.json", "tokenizer_config.json")
_OF_ONE_MODEL = ("step", "figures")  # entries of a record that hold for its own weights alone


def main(
    folders: Annotated[list[Path], typer.Argument(help="Models of one size and vocabulary.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
) -> None:
    """Average the weights of several models."""
    import torch
    from safetensors.torch import load_file, save_file

    from qgkd.checkpoints.record import RECORD_NAME

    mean: dict[str, torch.Tensor] = {}
    for folder in folders:
        if not (folder / "model.safetensors").is_file():
            raise SystemExit(f"{folder}: expected a model folder, found no model.safetensors in it; check the path")
        weights = load_file(folder / "model.safetensors")
        if mean and {n: t.shape for n, t in weights.items()} != {n: t.shape for n, t in mean.items()}:
            raise SystemExit(f"{folder}: expected weights of the sizes of {folders[0]}, found others; leave it out")
        for name, values in weights.items():
            mean[name] = mean.get(name, torch.zeros_like(values, dtype=torch.float32)) + values.float() / len(folders)
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in _COPIED:
        shutil.copy(folders[0] / name, partial / name)
    record = json.loads((folders[0] / RECORD_NAME).read_text(encoding="utf-8"))
    kept = {key: value for key, value in record.items() if key not in _OF_ONE_MODEL}
    text = json.dumps({**kept, "mean_of_models": len(folders)}, ensure_ascii=False, indent=1)
    (partial / RECORD_NAME).write_text(text, encoding="utf-8")
    save_file(mean, partial / "model.safetensors", metadata={"format": "pt"})
    shutil.rmtree(out, ignore_errors=True)
    partial.rename(out)
    print(f"{out}: the mean of {len(folders)} models")


if __name__ == "__main__":
    typer.run(main)
