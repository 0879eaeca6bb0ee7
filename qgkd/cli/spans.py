"""`qgkd spans`: trains and measures the model that proposes answers and reads them.

Comes in: a TOML file and overrides; a file of questions. Goes out: a model folder; figures, as a table or JSON.

A literal example: `qgkd spans train eval/configs/span_model.toml data.folder=../data --out runs/spans`, then
`qgkd spans evaluate runs/spans/prepared/validation.jsonl --model runs/spans/model`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from qgkd.cli.run_options import overrides_like
from qgkd.cli.stdout import write_stdout

spans = typer.Typer(help="The model that proposes answers and reads them: train it, measure it.", no_args_is_help=True)


@spans.command()
def train(
    config: Annotated[Path, typer.Argument(help="A TOML file like eval/configs/span_model.toml.", metavar="CONFIG")],
    overrides: Annotated[list[str] | None, overrides_like("data.folder=../data")] = None,
    out: Annotated[Path, typer.Option(help="The folder for prepared data, checkpoints and model.")] = Path(
        "runs/spans"
    ),
    prepare_only: Annotated[
        bool,
        typer.Option("--prepare-only", help="Prepare the data and stop: a machine without the files can then train."),
    ] = False,
    from_prepared: Annotated[
        Path | None, typer.Option(help="Train on data that another run prepared: its `prepared` folder.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run that was begun with other settings.")] = False,
) -> None:
    """Train a span model; the same command goes on with a run that was cut off."""
    if prepare_only and from_prepared is not None:
        raise typer.BadParameter("--prepare-only writes what --from-prepared reads: choose one")
    from qgkd.span_training.settings import load_settings

    settings = load_settings(config, tuple(overrides or ()))
    if prepare_only:
        from qgkd.span_training.prepare import prepare_spans

        prepare_spans(settings, out / "prepared")
        write_stdout(f"{out / 'prepared'}\n")
        return
    from qgkd.span_training.run import train_spans

    write_stdout(f"{train_spans(settings, out, prepared=from_prepared, force=force)}\n")


@spans.command()
def evaluate(
    data: Annotated[Path, typer.Argument(help="Questions with answers: DRCD/SQuAD JSON, JSONL, CSV, Parquet.")],
    model: Annotated[Path | None, typer.Option(help="A span model's folder; without it the package's own.")] = None,
    answers: Annotated[str, typer.Option(help="`learnt`, or `rules`, which propose answers and read none.")] = "learnt",
    limit: Annotated[int | None, typer.Option(min=1, help="Take the first N questions only.")] = None,
    json_object: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure proposed answers against people's, and the answers read; texts in Traditional and Simplified."""
    from qgkd.cli.evaluate import read_for_evaluation
    from qgkd.span_training.figures import answer_figures, span_figures
    from qgkd.span_training.prepare import passages_of
    from qgkd.spans.propose import ProposedBy, propose, settled

    examples, skipped = read_for_evaluation(data, limit)
    passages = passages_of(examples)
    if answers == ProposedBy.RULES:
        figures = answer_figures(lambda context: propose(context, by=ProposedBy.RULES), passages)
    else:
        from qgkd.checkpoints.packaged_model import packaged_span_model
        from qgkd.spans.span_model import load_span_model

        if model is None:
            settled(answers)
        figures = span_figures(load_span_model(str(model or packaged_span_model())), examples, passages)
    if json_object:
        write_stdout(json.dumps(figures) + "\n")
    else:
        shown = ((name, f"{value:,}" if isinstance(value, int) else f"{value:.4f}") for name, value in figures.items())
        write_stdout("".join(f"{name.replace('_', ' '):<16} {value}\n" for name, value in shown))
    if skipped:
        raise typer.Exit(1)
