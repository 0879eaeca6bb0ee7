"""Put a trained model into the package: half-precision weights, and its best search settings.

    python eval/package_model.py runs/model/model --decoding '{"no_repeat_ngram_tokens": 3, "no_splices": true}'

Comes in: a trained model folder. Goes out: `qgkd/model`, whose card (`README.md`) is written by hand and stays.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

_MOST_BYTES = 40 * 2**20
_TARGET = Path(__file__).resolve().parent.parent / "qgkd" / "model"


def main(
    folder: Annotated[Path, typer.Argument(help="A trained model.")],
    decoding: Annotated[str, typer.Option(help="Fields of DecodingSettings, as JSON.")] = "{}",
    target: Annotated[Path, typer.Option(help="The folder to write.")] = _TARGET,
) -> None:
    """Put a trained model into the package."""
    import torch

    from qgkd.checkpoints.checkpoint import load_checkpoint
    from qgkd.checkpoints.record import RECORD_NAME
    from qgkd.decoding.settings import decoding_of
    from qgkd.files.atomic import write_atomically

    checkpoint = load_checkpoint(folder)
    own = json.loads(decoding)
    decoding_of(checkpoint, own)  # refuses what it cannot take
    partial = target.with_name(".model.partial")
    shutil.rmtree(partial, ignore_errors=True)
    checkpoint.model.to(torch.float16).save_pretrained(partial)
    checkpoint.tokenizer.save_pretrained(partial)
    with write_atomically(partial / RECORD_NAME) as file:
        json.dump(_without_folders({**checkpoint.record, "decoding": own}), file, ensure_ascii=False, indent=1)
        file.write("\n")
    if (target / "README.md").exists():
        shutil.copy(target / "README.md", partial / "README.md")
    if (target / "spans").is_dir():  # eval/package_span_model.py writes it
        shutil.copytree(target / "spans", partial / "spans")
    files = [path for path in partial.iterdir() if path.is_file()]
    for path in files:
        path.chmod(0o644)  # safetensors writes files for their owner alone
    size = sum(path.stat().st_size for path in files)
    if size > _MOST_BYTES:
        raise SystemExit(f"{partial}: expected at most {_MOST_BYTES:,} bytes, found {size:,}; package a smaller model")
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    print(f"{target}: {size:,} bytes", file=sys.stderr)


def _without_folders(value: Any) -> Any:
    """Keep the last name of every absolute path: where the maker's folders are is nobody else's business."""
    if isinstance(value, dict):
        return {key: _without_folders(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_folders(each) for each in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


if __name__ == "__main__":
    typer.run(main)
