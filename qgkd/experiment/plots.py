"""Two pictures: the tree, and quality against parameters and time.

Comes in: lines. Goes out: PNG files. Needs matplotlib (`pip install 'qgkd[plot]'`).

A literal example: `draw_tree(lines, Path("tree.png"))` has teachers on the left, their distilled students in the middle
and the self-trained ones on the right, each joined to what it was made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qgkd.experiment.rows import Line
from qgkd.experiment.systems import parse_tree

_TEACHER, _DISTILLED, _SELF_TRAINED = 0, 1, 2
_LABEL_HEIGHT = 0.022  # of the picture's
_COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red")


def draw_tree(lines: Sequence[Line], path: Path) -> bool:
    """Draw avg_score along the tree; False where there is no tree in the lines."""
    nodes = {line.name: line for line in lines if parse_tree(line.name)}
    if len(nodes) < 2:
        return False
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(figsize=(9, 6), layout="constrained")
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
    told = ", ".join(f"{colour}: dropout {value:g}" for colour, value in zip(colours, dropouts, strict=False))
    told += "; shares of the questions: t of the teacher, d of distillation, s of self-training; p the dropout"
    axes.set(xlim=(-0.2, 2.6), ylabel="avg_score, mean ± std over seeds")
    axes.set_title(f"{lines[0].evaluated_on}\n{told}", fontsize=9)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
    return True


def draw_quality(lines: Sequence[Line], path: Path) -> None:
    """Draw avg_score against parameters and against the seconds of the evaluation, systems of the tree left out."""
    pyplot = _pyplot()
    figure, panels = pyplot.subplots(1, 2, figsize=(12, 5), sharey=True, layout="constrained")
    shown = [line for line in lines if not parse_tree(line.name)]
    for axes, key, label in zip(panels, ("parameters", "seconds"), ("parameters", "seconds"), strict=True):
        for line in shown:
            if key not in line.mean:
                continue
            marker = "s" if line.mode == "recurrent" else "o"
            x, y = line.mean[key], line.mean["avg_score"]
            axes.errorbar([x], [y], yerr=line.std.get("avg_score") or 0, marker=marker, capsize=3)
            told = line.name if line.mode != "recurrent" else f"{line.name} (recurrent)"
            axes.annotate(told, (x, y), xytext=(5, 4), textcoords="offset points", fontsize=7)
        axes.set(xlabel=label)
    if any(line.mode == "recurrent" for line in shown):
        panels[1].set_xscale("symlog")
    panels[0].set(ylabel="avg_score, mean ± std over seeds")
    figure.suptitle(lines[0].evaluated_on)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _label(axes: Any, nodes: Mapping[str, Line]) -> None:
    """Write each node's name beside it, no two on top of each other."""
    low, high = axes.get_ylim()
    apart = (high - low) * _LABEL_HEIGHT
    for column in (_TEACHER, _DISTILLED, _SELF_TRAINED):
        names = sorted(
            (name for name in nodes if _column(name) == column), key=lambda name: nodes[name].mean["avg_score"]
        )
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
