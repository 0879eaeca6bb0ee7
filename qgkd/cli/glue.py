"""`qgkd glue`: classifiers, fine-tuned, distilled and compared.

Comes in: a TOML file, options, `section.key=value`. Goes out: a run folder; its figures on stdout, progress on stderr.

A literal example: `qgkd glue run --task rte --folder glue --method kd --base bert-base-uncased --layers 6 --teacher
runs/rte/teacher/model --out runs/rte/kd`; the same from a file: `qgkd glue run rte_kd.toml train.seed=2`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qgkd.cli.glue_augment import augment
from qgkd.cli.glue_compare import compare
from qgkd.cli.run_options import Force, Resume, print_once, refuse_both
from qgkd.cli.stdout import write_stdout

if TYPE_CHECKING:
    from qgkd.classification.result import ClassificationResult

glue = typer.Typer(
    help="Classification of texts and pairs, on GLUE or files of your own: fine-tune, distil, compare.",
    no_args_is_help=True,
)
glue.command()(compare)
glue.command()(augment)


@glue.command()
def run(
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            help="A TOML file (eval/configs has some), then section.key=value, e.g. method.beta=100.",
            metavar="[CONFIG] [SETTINGS]",
        ),
    ] = None,
    task: Annotated[str | None, typer.Option(help="rte, mnli, ..., or a name for your own files.")] = None,
    folder: Annotated[str | None, typer.Option(help="GLUE's folder, or the task's own in it.")] = None,
    method: Annotated[
        str | None, typer.Option(help="fine-tune, kd, pkd-skip, ...; several with +. `qgkd glue methods` lists them.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Settings that belong together, e.g. rte-report.")] = None,
    base: Annotated[str | None, typer.Option(help="The model's start: a folder or hub name.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="What is trained: the base's own encoder, a new bilstm, a new textcnn.")
    ] = None,
    words: Annotated[
        bool, typer.Option("--words", help="A bilstm or textcnn reads words, not the base's tokens.")
    ] = False,
    head: Annotated[str | None, typer.Option(help="textcnn: filters over a BERT's last hidden states.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="How many of its layers it keeps, from below.")] = None,
    teacher: Annotated[
        list[str] | None, typer.Option(help="A classifier of this task; of two, the smaller first.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run folder.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of a new head, dropout and the order of examples.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
    resume: Resume = False,
    force: Force = False,
) -> None:
    """Train one classifier and measure it."""
    refuse_both(resume=resume, force=force)
    given = list(settings or ())
    file = given.pop(0) if given and "=" not in given[0] else None
    named: dict[tuple[str, str], Any] = {
        ("task", "name"): task,
        ("task", "folder"): folder,
        ("method", "name"): method,
        ("method", "preset"): preset,
        ("model", "base"): base,
        ("model", "kind"): kind,
        ("model", "words"): words or None,
        ("model", "head"): head,
        ("model", "layers"): layers,
        ("model", "teachers"): tuple(teacher) if teacher else None,
        ("train", "output_dir"): None if out is None else str(out),
        ("train", "seed"): seed,
    }
    from qgkd.classification.config import make_classification_config
    from qgkd.files.toml_values import parse_overrides, read_toml

    sections = read_toml(file) if file else {}
    overrides = [(section, key, value) for (section, key), value in named.items() if value is not None]
    for section, key, value in [*overrides, *parse_overrides(given)]:
        sections.setdefault(section, {})[key] = value
    config = make_classification_config(sections, file or "glue run")
    from qgkd.classification.run import run_classification

    result = run_classification(config, resume=resume, force=force)
    print_once(_as_json(result) if as_json else _as_text(result))


@glue.command()
def methods(
    name: Annotated[str, typer.Argument(help="One of them, to see its settings.", metavar="[METHOD]")] = "",
) -> None:
    """List the methods, or one method's settings and their defaults."""
    from qgkd.distillation.methods.by_name import METHODS
    from qgkd.distillation.methods.settings import check_method, settings_in_full

    if not name:
        lines = []
        for each, function in METHODS.items():
            about = (getattr(function, "func", function).__doc__ or "").splitlines()[0]
            lines.append(f"{each:<27} {about}\n")
        write_stdout("".join(lines))
        return
    full = settings_in_full(check_method({"name": name}, "glue methods"))
    write_stdout("".join(f"method.{key} = {json.dumps(value)}\n" for key, value in full.items()))


def _as_json(result: ClassificationResult) -> str:
    return json.dumps({**asdict(result), "folder": str(result.folder)}, ensure_ascii=False) + "\n"


def _as_text(result: ClassificationResult) -> str:
    lines = [
        f"{split}: " + ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
        for split, figures in result.figures.items()
    ]
    lines.append(
        f"{result.kind or f'{result.layers} layers'}, {result.parameters:,} parameters, "
        f"{result.ms_per_example:.2f} ms per example"
    )
    return "\n".join([*lines, str(result.folder)]) + "\n"
