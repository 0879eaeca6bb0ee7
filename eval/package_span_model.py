"""Put a trained span model into the package: half-precision weights.

    python eval/package_span_model.py runs/spans/model

Comes in: the `model` folder of `qgkd spans train`. Goes out: `qgkd/model/spans`, which proposes and reads answers.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

_MOST_BYTES = 32 * 2**20
_TARGET = Path(__file__).resolve().parent.parent / "qgkd" / "model" / "spans"
_FILES = ("config.json", "qgkd.json", "tokenizer.json", "tokenizer_config.json")


def main(
    folder: Annotated[Path, typer.Argument(help="A trained span model.")],
    target: Annotated[Path, typer.Option(help="The folder to write.")] = _TARGET,
) -> None:
    """Put a trained span model into the package."""
    from safetensors.torch import load_file, save_file

    from qgkd.files.folders import write_folder
    from qgkd.spans.span_model import load_span_model

    load_span_model(str(folder))  # refuses what is none
    weights = {name: each.half() for name, each in load_file(folder / "model.safetensors").items()}
    with write_folder(target) as partial:
        for name in _FILES:
            shutil.copy(folder / name, partial / name)
        save_file(weights, partial / "model.safetensors", metadata={"format": "pt"})
        for path in partial.iterdir():
            path.chmod(0o644)  # safetensors writes files for their owner alone
        size = sum(path.stat().st_size for path in partial.iterdir())
        if size > _MOST_BYTES:
            raise SystemExit(f"{folder}: expected at most {_MOST_BYTES:,} bytes, found {size:,}; take fewer layers")
    print(f"{target}: {size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    typer.run(main)
