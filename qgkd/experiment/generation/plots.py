"""Two plots: the tree, and quality against parameters and time. They need matplotlib.

Comes in: lines. Goes out: figures.

A literal example: `tree_figure(lines)` has teachers on the left, their distilled students in the middle and the
self-trained ones on the right, each joined to the model it was made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgkd.experiment.engine.figures import grouped
from qgkd.experiment.generation.systems import parse_tree
from qgkd.experiment.generation.tables import Line

_TEACHER, _DISTILLED, _SELF_TRAINED = 0, 1, 2
_LABEL_HEIGHT = 0.022  # share of the plot's height
_COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red")


def tree_figure(lines: Sequence[Line]) -> Any:
    """Draw avg_score along the tree; None where the lines hold no tree."""
    nodes = {line.name: line for line in lines if parse_tree(line.name)}
    if len(nodes) < 2:
        return None
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    dropouts = sorted({parse_tree(name)["dropout"] for name in nodes if "dropout" in parse_tree(name)})
    for name, line in nodes.items():
        numbers = parse_tree(name)
        x, y = _column(name), line.mean["avg_score"]
        colour = _COLOURS[dropouts.index(numbers["dropout"]) % len(_COLOURS)] if "dropout" in numbers else "black"
        axes.errorbar([x], [y], yerr=line.std.get("avg_score") or 0, color=colour, marker="o", capsize=3)
        parent = nodes.get(_parent(name))
        if parent is not None:
            axes.plot([_column(parent.name), x], [parent.mean["avg_score"], y], color=colour, linewidth=0.8, alpha=0.7)
    _label(axes, nodes)
    axes.set_xticks([0, 1, 2], ["teacher", "distilled", "self-trained"])
    colours = [colour.removeprefix("tab:") for colour in _COLOURS]
    legend = ", ".join(f"{colour}: dropout {value:g}" for colour, value in zip(colours, dropouts, strict=False))
    legend += "; shares of the questions: t of the teacher, d of distillation, s of self-training; p the dropout"
    axes.set(xlim=(-0.2, 2.6), ylabel="avg_score, mean ± std over seeds")
    axes.set_title(f"{lines[0].evaluated_on}\n{legend}", fontsize=9)
    return figure


def quality_figure(lines: Sequence[Line]) -> Any:
    """Draw avg_score against parameters and against the seconds of the evaluation, systems of the tree left out."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    shown = [line for line in lines if not parse_tree(line.name)]
    for axes, key in zip(panels, ("parameters", "seconds"), strict=True):
        for line in shown:
            if key not in line.mean:
                continue
            marker = "s" if line.mode == "recurrent" else "o"
            x, y = line.mean[key], line.mean["avg_score"]
            axes.errorbar([x], [y], yerr=line.std.get("avg_score") or 0, marker=marker, capsize=3)
            label = line.name if line.mode != "recurrent" else f"{line.name} (recurrent)"
            axes.annotate(label, (x, y), xytext=(5, 4), textcoords="offset points", fontsize=7)
        axes.set(xlabel=key)
    if any(line.mode == "recurrent" for line in shown):
        panels[1].set_xscale("symlog")
    panels[0].set(ylabel="avg_score, mean ± std over seeds")
    figure.suptitle(lines[0].evaluated_on)
    return figure


def _label(axes: Any, nodes: Mapping[str, Line]) -> None:
    """Write each node's name beside it, no two on top of each other."""
    low, high = axes.get_ylim()
    apart = (high - low) * _LABEL_HEIGHT
    from_below = sorted(nodes, key=lambda name: nodes[name].mean["avg_score"])
    for column, names in grouped(from_below, _column).items():
        at = -float("inf")
        for name in names:
            y = nodes[name].mean["avg_score"]
            at = max(y, at + apart)
            pointer = {"arrowstyle": "-", "color": "grey", "linewidth": 0.4}
            axes.annotate(name, (column, y), xytext=(column + 0.05, at), fontsize=6, va="center", arrowprops=pointer)


def _column(name: str) -> int:
    numbers = parse_tree(name)
    if "distill" not in numbers:
        return _TEACHER
    return _SELF_TRAINED if numbers.get("labels") else _DISTILLED


def _parent(name: str) -> str:
    column = _column(name)
    if column == _DISTILLED:
        return name.partition("-")[0]
    return f"{name.rpartition('-')[0]}-s0" if column == _SELF_TRAINED else ""
