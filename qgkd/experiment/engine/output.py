"""Tables as Markdown and CSV, plots as PNG.

Comes in: column heads and rows; a function that draws. Goes out: text; files.

A literal example of a cell: `plus_minus(0.4102, 0.0031, digits=4)` is `0.4102 ± 0.0031`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from qgkd.errors import how_to_install
from qgkd.files.atomic import write_atomically
from qgkd.training.main_process import say


def plus_minus(mean: float, std: float | None, digits: int) -> str:
    """Write mean ± standard deviation; the mean alone for a single seed."""
    return f"{mean:.{digits}f}" + ("" if std is None else f" ± {std:.{digits}f}")


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, align: str = "---:") -> str:
    """Write a Markdown table without a line end after it; `align` is the rule below all columns but the first."""
    lines = [f"| {' | '.join(heads)} |", "|---|" + f"{align}|" * (len(heads) - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]], *, for_excel: bool = False) -> None:
    """Write a CSV file, None as an empty cell; `for_excel` with a byte order mark and CRLF line ends."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n" if for_excel else "\n")
    writer.writerows([heads, *rows])
    with write_atomically(path, binary=True) as file:
        file.write(text.getvalue().encode("utf-8-sig" if for_excel else "utf-8"))


def write_plot(path: Path, draw: Callable[[], Any], *, dpi: int = 120) -> bool:
    """Write the figure that `draw` returns, unless it is None; say so where matplotlib is not installed.

    Returns:
        Whether the plot was written.
    """
    try:
        figure = draw()
    except ImportError:
        say(f"qgkd: {path.name} needs matplotlib, found none; {how_to_install('plot')}")
        return False
    if figure is None:
        return False
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=dpi)
    with write_atomically(path, binary=True) as file:
        file.write(png.getvalue())
    return True
