"""`qgkd score`: predictions in, one table or one JSON object out, with the definition of every number.

qgkd score predictions.jsonl --json
{"Bleu_1": 0.549, ..., "avg_score": 0.422, "mean_of_items": {...}, "n": 3493, "definition": "tokens mixed: ..."}
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from qgkd.errors import UserError

if TYPE_CHECKING:
    from qgkd.scoring import MetricValues, Scores, Tokenization
    from qgkd.scoring.bootstrap import MetricDifference
    from qgkd.scoring.pairs import Pairs


def score(
    file: Annotated[str, typer.Argument(help="JSONL with hyp and refs, or hypotheses one per line; - is stdin.")],
    references: Annotated[
        str | None, typer.Argument(help="References one per line, where FILE holds hypotheses one per line.")
    ] = None,
    tokenize: Annotated[
        Literal["mixed", "char"],
        typer.Option(help="mixed keeps Latin and digit runs whole, char splits every character."),
    ] = "mixed",
    meteor: Annotated[
        Literal["exact", "jar"],
        typer.Option(help="exact is our own; jar is the METEOR 1.5 program (extra meteor-jar, needs java)."),
    ] = "exact",
    compare: Annotated[
        str | None, typer.Option(help="A second system's file over the same references: paired bootstrap.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else on stdout.")] = False,
) -> None:
    """Score questions: Bleu_1..4, METEOR, ROUGE_L and their mean, with the definition."""
    if compare is not None and meteor == "jar":
        raise UserError("expected --compare with --meteor exact, found --meteor jar; score each file by itself instead")
    if compare == "-" and "-" in (file, references):
        raise UserError("expected one file on stdin, found - twice; write one of them to a file")

    from qgkd.scoring import score as compute_scores
    from qgkd.scoring.pairs import read_jsonl_pairs, read_other_hypotheses, read_text_pairs

    pairs = read_jsonl_pairs(file) if references is None else read_text_pairs(file, references)
    if compare is not None:
        other = read_other_hypotheses(compare, pairs, is_jsonl=references is None)
        _compare(pairs, other, [_name(file), _name(compare)], tokenize, seed, as_json)
        return
    scores = compute_scores(pairs.hypotheses, pairs.references, tokenization=tokenize, meteor=meteor)
    if as_json:
        print(json.dumps(scores.as_json(), ensure_ascii=False))
    else:
        _print_scores({_name(file): scores})


def _compare(
    pairs: Pairs, other: list[str], names: list[str], tokenization: Tokenization, seed: int, as_json: bool
) -> None:
    from qgkd.scoring.bootstrap import DEFAULT_RESAMPLES, compare_statistics
    from qgkd.scoring.item_statistics import count_items, tokenize_items
    from qgkd.scoring.scores import scores_from_statistics

    first, second = (
        count_items(tokenize_items(hypotheses, pairs.references, tokenization))
        for hypotheses in (pairs.hypotheses, other)
    )
    scores, other_scores = (scores_from_statistics(each, tokenization=tokenization) for each in (first, second))
    differences = compare_statistics(first, second, resamples=DEFAULT_RESAMPLES, seed=seed)
    if as_json:
        comparison: dict[str, Any] = {
            "other": other_scores.as_json(),
            "resamples": DEFAULT_RESAMPLES,
            "seed": seed,
            "difference": {name: asdict(difference) for name, difference in differences.items()},
        }
        print(json.dumps({**scores.as_json(), "comparison": comparison}, ensure_ascii=False))
        return
    _print_scores({f"A {names[0]}": scores, f"B {names[1]}": other_scores})
    _print_differences(differences, f"paired bootstrap over items, {DEFAULT_RESAMPLES} resamples, seed {seed}")


def _print_scores(of_files: dict[str, Scores]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold")
    first = next(iter(of_files.values()))
    for name in first.as_json_keys():
        table.add_column(name, justify="right", no_wrap=True)
    for file, scores in of_files.items():
        table.add_row(escape(file), *_cells(scores))
        table.add_row("mean of items", *_cells(scores.mean_of_items), style="dim")
    console.print(table)
    console.print(f"n {first.n} | {first.definition}", style="dim", markup=False, highlight=False, soft_wrap=True)


def _print_differences(differences: dict[str, MetricDifference], how: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in ("A - B", "difference", "95 % interval", "p"):
        table.add_column(name, justify="left" if name == "A - B" else "right", no_wrap=True)
    for name, of_metric in differences.items():
        interval = f"{of_metric.low:+.4f} .. {of_metric.high:+.4f}"
        table.add_row(name, f"{of_metric.difference:+.4f}", interval, f"{of_metric.p_value:.4f}")
    console.print()
    console.print(table)
    console.print(how, style="dim", markup=False, highlight=False, soft_wrap=True)


def _cells(values: MetricValues) -> list[str]:
    return [f"{value:.4f}" for value in values.as_json_keys().values()]


def _name(path: str) -> str:
    return "stdin" if path == "-" else PurePath(path).name
