"""Add reviews as unlabelled text for `qgkd model`, so that an encoder is pretrained on the texts it will classify.

    python eval/review_text.py eval/configs/glue_chinese.toml runs/encoder/prepared --out runs/reviews/prepared \
        compare.data_folder=DATA
    qgkd model eval/configs/model_compare.toml model.base=runs/encoder/model ... --from-prepared runs/reviews/prepared \
        --out runs/reviews

Comes in: a comparison's config and a `prepared` folder. Goes out: a copy of that folder whose masked text is every text
of the tasks' train and transfer files, without labels. The texts that the comparison excludes (those of every test set)
are excluded here by the same code.

Source: pretraining on the task's own unlabelled text, Gururangan et al. 2020 (arXiv 2004.10964), section 4.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from typing import Annotated

import typer

_HELD_OUT_TOKENS = 64 * 96


def main(
    config: Annotated[Path, typer.Argument(help="A config of `qgkd glue compare`.")],
    prepared: Annotated[Path, typer.Argument(help="The `prepared` folder of the encoder to train further.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Settings, e.g. compare.data_folder=DATA.")] = None,
    out: Annotated[Path, typer.Option(help="The new folder.")] = Path("runs/reviews/prepared"),
    seed: Annotated[int, typer.Option(help="Seed of the order of texts; another one gives other windows.")] = 0,
) -> None:
    """Add reviews as unlabelled text for `qgkd model`."""
    from qgkd.checkpoints.tokenizer_folder import load_tokenizer
    from qgkd.files.atomic import write_atomically
    from qgkd.files.json_files import read_json
    from qgkd.model_recipe.prepared_record import RECORD
    from qgkd.model_recipe.text_tokens import TextTokens, encode_documents

    if out.exists():
        raise SystemExit(f"{out}: expected a new folder, found one that is there; remove it or name another")
    record = read_json(prepared / RECORD)
    if "text" not in record:
        raise SystemExit(f"{prepared}: expected prepared text, found none; name the `prepared` folder of `qgkd model`")
    texts = _texts(str(config), tuple(overrides or ()))
    Random(seed).shuffle(texts)
    ids = encode_documents(texts, load_tokenizer(str(prepared / "vocabulary"))).marked_ids
    unfinished = out.with_name(f"{out.name}.unfinished")  # a killed call leaves no folder that looks complete
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(prepared, unfinished)
    end = len(ids) - _HELD_OUT_TOKENS
    TextTokens(marked_ids=ids[:end]).save(unfinished, "text")
    TextTokens(marked_ids=ids[end:]).save(unfinished, "held_out_text")
    record["text"]["counts"] = {"tokens": end, "reviews": len(texts), "instead_of": record["text"].get("counts")}
    with write_atomically(unfinished / RECORD) as file:
        json.dump(record, file, ensure_ascii=False, indent=1)
    unfinished.rename(out)
    print(f"{out}: {end:,} tokens of {len(texts):,} texts")


def _texts(config: str, overrides: tuple[str, ...]) -> list[str]:
    """List the texts of all tasks, each once."""
    from qgkd.classification.tasks.data import load_task
    from qgkd.classification.tasks.task import TRAIN, TRANSFER
    from qgkd.experiment.classification.plan import load_comparison

    whole = ("task.train_limit=0", "task.transfer_limit=0")
    tasks = {run.task: run.config.task for run in load_comparison(config, (*overrides, *whole)).runs}
    data = [load_task(task) for task in tasks.values()]
    found = {e.text_a: None for task in data for split in (TRAIN, TRANSFER) for e in task.examples(split)}
    return list(found)


if __name__ == "__main__":
    typer.run(main)
