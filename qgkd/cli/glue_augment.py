"""`qgkd glue augment`: a transfer set of changed texts for students that learn from a teacher.

Comes in: a TOML file, options, `section.key=value`. Goes out: a folder of Arrow files; its name on stdout, progress on
stderr.

A literal example: `qgkd glue augment --task hotel --teacher runs/hotel/teacher/model --out runs/hotel/augmented
task.train=train.jsonl`, then `qgkd glue run ... task.transfer=runs/hotel/augmented`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from qgkd.cli.run_options import print_once


def augment(
    out: Annotated[Path, typer.Option(help="The folder to write; an interrupted command, given again, goes on.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            help="A TOML file, then section.key=value, e.g. augment.mask_share=0.2.", metavar="[CONFIG] [SETTINGS]"
        ),
    ] = None,
    task: Annotated[str | None, typer.Option(help="rte, mnli, ..., or a name for your own files.")] = None,
    folder: Annotated[str | None, typer.Option(help="GLUE's folder, or the task's own in it.")] = None,
    method: Annotated[
        str | None, typer.Option(help="words (hidden, replaced by their part of speech, n-grams) or masked-lm.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Of masked-lm: a masked language model.")] = None,
    teacher: Annotated[str | None, typer.Option(help="A classifier of this task: its logits are written too.")] = None,
    variants: Annotated[int | None, typer.Option(min=1, help="The most of each example; 20, of pairs 30.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of all draws.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a set that was made in another way.")] = False,
) -> None:
    """Write a transfer set: the task's texts, variants of them, a teacher's logits."""
    given = list(settings or ())
    file = given.pop(0) if given and "=" not in given[0] else None
    named: dict[tuple[str, str], Any] = {
        ("task", "name"): task,
        ("task", "folder"): folder,
        ("augment", "method"): method,
        ("augment", "model"): model,
        ("augment", "teacher"): teacher,
        ("augment", "variants"): variants,
        ("augment", "seed"): seed,
    }
    from qgkd.classification.augmentation.config import make_augment_run
    from qgkd.files.toml_values import parse_overrides, read_toml

    sections = read_toml(file) if file else {}
    overrides = [(section, key, value) for (section, key), value in named.items() if value is not None]
    for section, key, value in [*overrides, *parse_overrides(given)]:
        sections.setdefault(section, {})[key] = value
    run = make_augment_run(sections, file or "glue augment")
    from qgkd.classification.augmentation.run import write_augmented

    print_once(f"{write_augmented(run, out, force=force)}\n")
