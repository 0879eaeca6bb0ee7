"""Plot a run: the terms of its loss above, the validation score below.

    python eval/plot_run.py runs/distilled                      # runs/distilled/log.png
    python eval/plot_run.py runs/distilled --output terms.png

Comes in: a run folder with `log.jsonl`, as `qgkd train`, `distill` and `selftrain` leave it. Goes out: a PNG. Needs
matplotlib (`pip install 'qgkd[plot]'`).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

NO_TERMS = {"loss", "epoch", "step", "grad_norm", "learning_rate", "hours_left"}
NO_TERMS |= {"questions_per_second", "examples_per_second"}
SHARES = ("share_of_", "eval_", "train_", "total_flos")
AGREEMENT = ("teacher_agreement",)


def main() -> int:
    """Parse the command line, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run folder")
    parser.add_argument("--output", type=Path, help="the PNG (default: log.png in the run folder)")
    options = parser.parse_args()
    log = options.run / "log.jsonl"
    if not log.is_file():
        print(f"plot_run: {log}: expected the log of a run, found none; give a run folder", file=sys.stderr)
        return 1
    entries = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    output = options.output or options.run / "log.png"
    draw(entries, output, title=options.run.name)
    print(output)
    return 0


def curves(entries: list[dict]) -> dict[str, list[tuple[int, float]]]:
    """Return step and value of the loss, its terms and other logged figures, by name."""
    found: dict[str, list[tuple[int, float]]] = {}
    for entry in entries:
        if "loss" not in entry:
            continue
        for name, value in entry.items():
            if name == "loss" or not (name in NO_TERMS or name.startswith(SHARES)):
                found.setdefault(name, []).append((entry["step"], value))
    return found


def validation(entries: list[dict]) -> tuple[str, list[tuple[int, float]]]:
    """Return `avg_score` by step where the run decoded, else the validation loss."""
    for name in ("eval_avg_score", "eval_loss"):
        points = [(entry["step"], entry[name]) for entry in entries if name in entry]
        if points:
            return name.removeprefix("eval_"), points
    return "", []


def draw(entries: list[dict], output: Path, *, title: str) -> None:
    """Draw two panels over one axis of steps."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (above, below) = pyplot.subplots(2, 1, figsize=(8, 7), sharex=True, layout="constrained")
    agreement = below.twinx()
    for name, points in curves(entries).items():
        steps, values = zip(*points, strict=True)
        if name in AGREEMENT:
            agreement.plot(steps, values, color="tab:gray", linestyle=":", label=name)
        else:
            above.plot(steps, values, label=name, linewidth=2 if name == "loss" else 1)
    above.set(ylabel="mean since the last log", yscale="log", title=title)
    above.legend()
    name, points = validation(entries)
    if points:
        steps, values = zip(*points, strict=True)
        below.plot(steps, values, marker="o", label=f"validation {name}")
    below.set(xlabel="optimiser steps", ylabel=f"validation {name}".strip())
    agreement.set(ylabel="share", ylim=(0, 1))
    if agreement.get_lines():
        agreement.legend(loc="lower right")
    else:
        agreement.set_visible(False)
    figure.savefig(output, dpi=120)
    pyplot.close(figure)


if __name__ == "__main__":
    sys.exit(main())
