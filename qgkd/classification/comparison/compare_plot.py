"""A comparison as a picture: each system's mean with its standard deviation and its best seed.

Comes in: the table's lines. Goes out: a PNG, one panel per task and split. Needs matplotlib (`qgkd[plot]`).

A literal example: `draw(table_lines(rows), Path("table.png"))`
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from qgkd.classification.comparison.compare_table import TableLine, told
from qgkd.files.atomic import write_atomically


def draw(lines: Sequence[TableLine], path: Path) -> None:
    """Draw and write the picture.

    Raises:
        ImportError: matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    tasks = list(dict.fromkeys((line.task, line.split) for line in lines))
    most = max(sum((line.task, line.split) == task for line in lines) for task in tasks)
    figure = Figure(figsize=(4.5 * len(tasks) + 2, 0.4 * most + 1.5), layout="constrained")
    panels = figure.subplots(1, len(tasks), squeeze=False)[0]
    for panel, task in zip(panels, tasks, strict=True):
        of_task = [line for line in lines if (line.task, line.split) == task]
        places = range(len(of_task))
        panel.errorbar(
            [100 * line.mean for line in of_task],
            places,
            xerr=[100 * (line.std or 0.0) for line in of_task],
            fmt="o",
            capsize=4,
        )
        panel.plot([100 * line.best for line in of_task], places, "|", color="tab:gray", markersize=10, label="max")
        panel.set_yticks(places, [f"{line.title} ({told(line)})" for line in of_task])
        panel.invert_yaxis()
        panel.grid(axis="x", alpha=0.3)
        panel.set(title=f"{task[0]}, {task[1]}", xlabel=f"{of_task[0].metric} (%), mean ± std over seeds")
        panel.legend(loc="best", fontsize="small")
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=120)
    with write_atomically(path, binary=True) as file:
        file.write(held.getvalue())
