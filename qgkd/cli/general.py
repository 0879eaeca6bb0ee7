"""`qgkd general`: a student learns from a pretrained teacher on any text, before a task.

Comes in: text files, a teacher; a TOML file, options, `section.key=value`. Goes out: a run folder; its name on stdout,
progress on stderr.

A literal example: `qgkd general --method minilm --teacher bert-base-chinese --text wiki.txt --layers 6 --out
runs/minilm student.hidden_size=384`, then `qgkd glue run --base runs/minilm/model ...`. A teacher assistant is one run
more, whose model is the next one's `--teacher`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from qgkd.cli.run_options import Force, Resume, print_once, refuse_both


def general(
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            help="A TOML file, then section.key=value, e.g. general.window_tokens=256.", metavar="[CONFIG] [SETTINGS]"
        ),
    ] = None,
    method: Annotated[str | None, typer.Option(help="tinybert, minilm or distilbert.")] = None,
    teacher: Annotated[
        str | None, typer.Option(help="A pretrained masked language model: a folder or hub name.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="A text file, also .gz, .bz2, .xz. May be repeated.")] = None,
    base: Annotated[str | None, typer.Option(help="What the student takes its layers from; the teacher.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="How many layers the student has.")] = None,
    keep: Annotated[str | None, typer.Option(help="Which of the base's it takes, e.g. 1,3,5,8,10,12.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run folder.")] = None,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Distil a pretrained model on raw text: TinyBERT's, MiniLM's or DistilBERT's general stage."""
    refuse_both(resume=resume, force=force)
    given = list(settings or ())
    file = given.pop(0) if given and "=" not in given[0] else None
    named: dict[tuple[str, str], Any] = {
        ("general", "method"): method,
        ("general", "teacher"): teacher,
        ("general", "text"): text or None,
        ("student", "base"): base,
        ("student", "layers"): layers,
        ("student", "drop"): keep,
        ("train", "output_dir"): None if out is None else str(out),
    }
    from qgkd.distillation.general.config import make_general_run
    from qgkd.files.toml_values import parse_overrides, read_toml

    sections = read_toml(file) if file else {}
    overrides = [(section, key, value) for (section, key), value in named.items() if value is not None]
    for section, key, value in [*overrides, *parse_overrides(given)]:
        sections.setdefault(section, {})[key] = value
    run = make_general_run(sections, file or "general")
    from qgkd.distillation.general.run import general_stage

    print_once(f"{general_stage(run, resume=resume, force=force)}\n")
