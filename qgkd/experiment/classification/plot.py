"""A comparison as a plot: each system's mean with its standard deviation and its best seed. It needs matplotlib.

Comes in: the table's lines. Goes out: a figure, one panel per task and split.

A literal example: `comparison_figure(table_lines(rows))`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgkd.experiment.classification.tables import TableLine, percent
from qgkd.experiment.engine.figures import grouped


def comparison_figure(lines: Sequence[TableLine]) -> Any:
    """Draw the lines.

    Raises:
        ImportError: matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    tasks = grouped(lines, lambda line: (line.task, line.split))
    most = max(len(group) for group in tasks.values())
    figure = Figure(figsize=(4.5 * len(tasks) + 2, 0.4 * most + 1.5), layout="constrained")
    panels = figure.subplots(1, len(tasks), squeeze=False)[0]
    for panel, ((task, split), group) in zip(panels, tasks.items(), strict=True):
        places = range(len(group))
        means, deviations = [100 * line.mean for line in group], [100 * (line.std or 0.0) for line in group]
        panel.errorbar(means, places, xerr=deviations, fmt="o", capsize=4)
        panel.plot([100 * line.best for line in group], places, "|", color="tab:gray", markersize=10, label="max")
        panel.set_yticks(places, [f"{line.title} ({percent(line)})" for line in group])
        panel.invert_yaxis()
        panel.grid(axis="x", alpha=0.3)
        panel.set(title=f"{task}, {split}", xlabel=f"{group[0].metric} (%), mean ± std over seeds")
        panel.legend(loc="best", fontsize="small")
    return figure
