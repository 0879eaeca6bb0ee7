"""The systems of the comparison: the chain of steps that each name stands for.

Comes in: settings of one seed and mode, a name. Goes out: the step whose model is scored; steps that several systems
need are equal, and so are made once.

Literal examples:

    teacher         all layers, labels, all questions
    direct          the student on labels alone, from the teacher's lower layers
    direct-base     the same from the pretrained base's lower layers
    direct-long     `direct` for as many steps as both stages of `two-stage`
    hinton          the teacher's logits
    all-layer       logits, hidden states and attention at once
    layer-adding    layers join bottom up
    layer-by-layer  one at a time
    two-stage       all-layer on the first part, dropout .3, then labels
    other-base      another distilled model, fine-tuned
    rule            no model
    t0.5-d1-p0.3-s0.5   the tree: teacher on the first half, distillation on everything, dropout .3, self-training on
                    the first half; `s0` is without, `t0.5` alone is that teacher
    tree            all of these
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from qgkd.errors import UserError
from qgkd.experiment.generation.settings import CompareOptions, CompareSettings
from qgkd.experiment.recipe.chain import Chain
from qgkd.experiment.recipe.settings import RunSettings
from qgkd.experiment.recipe.training_step import TrainingStep
from qgkd.files.toml_values import nearest

BASELINES = (
    "teacher", "direct", "direct-base", "direct-long", "hinton", "all-layer", "layer-adding", "layer-by-layer",
    "two-stage", "other-base", "rule",
)  # fmt: skip
_TREE = re.compile(r"t(?P<teacher>[\d.]+)(?:-d(?P<distill>[\d.]+)-p(?P<dropout>[\d.]+)-s(?P<labels>[\d.]+))?")


def tree_names(options: CompareOptions) -> list[str]:
    """List the tree's systems: teachers, then their students before and after self-training."""
    names = []
    for teacher in options.fractions:
        students = itertools.product(options.fractions, options.dropouts, (0.0, *options.fractions))
        names += [f"t{teacher:g}", *(f"t{teacher:g}-d{d:g}-p{dropout:g}-s{s:g}" for d, dropout, s in students)]
    return names


def with_tree(names: Iterable[str], options: CompareOptions) -> list[str]:
    """Replace `tree` in a list of names by all of the tree's systems."""
    found = [each for name in names for each in (tree_names(options) if name == "tree" else [name])]
    return list(dict.fromkeys(found))


def chosen_names(settings: CompareSettings) -> list[str]:
    """List the systems that the settings choose, or refuse an unknown name."""
    options = settings.options
    names = with_tree(options.systems, options) or [
        *(name for name in BASELINES if name != "other-base" or settings.other_base.base),
        *tree_names(options),
    ]
    for name in (*names, *options.recurrent, *settings.test.systems):
        check_name(name, settings)
    absent = [name for name in settings.test.systems if name not in (*names, *options.recurrent)]
    if absent:
        raise UserError(
            f"{settings.source}: test.systems names {absent[0]!r}, which is no row; add it to compare.systems"
        )
    return names


def check_name(name: str, settings: CompareSettings) -> None:
    """Refuse an unknown name, with the nearest known one."""
    if name not in BASELINES and not parse_tree(name):
        raise UserError(
            f"{settings.source}: system {name!r} is unknown{nearest(name, (*BASELINES, 't1-d0.5-p0.3-s1'))}"
        )
    if name == "other-base" and not settings.other_base.base:
        raise UserError(f"{settings.source}: other-base needs other_base.base, the model to fine-tune; name it")


def parse_tree(name: str) -> dict[str, float]:
    """Return the numbers in a name of the tree; {} for any other name."""
    found = _TREE.fullmatch(name)
    try:
        return {key: float(value) for key, value in found.groupdict().items() if value} if found else {}
    except ValueError:  # 0.5.1
        return {}


def step_of(name: str, settings: CompareSettings) -> TrainingStep | None:
    """Return the step that makes a system's model with one seed and mode (`CompareSettings.of`); None for the rule."""
    if name == "rule":
        return None
    chain, distill, direct = Chain(settings.chain), settings.chain.distill, settings.direct
    if name in ("all-layer", "layer-adding", "layer-by-layer"):
        whole = replace(distill, fraction=1.0, dropout=direct.dropout)
        found = chain.distilled("distilled", whole, schedule=name)
    elif name in ("direct", "direct-base", "direct-long"):
        run = _as_long_as_two(settings) if name == "direct-long" else direct
        teacher = str(settings.chain.shared["model"].get("base", "")) if name == "direct-base" else None
        found = chain.labels(name, run, base=chain.student(teacher))
    elif name == "hinton":
        method = {"alpha": 0.5, **settings.hinton.method, "method": "hinton"}
        found = chain.distilled("hinton", replace(settings.hinton, method=method))
    elif name == "teacher":
        found = chain.teacher()
    elif name == "two-stage":
        found = chain.selftrained()
    elif name == "other-base":
        found = _other_base(chain, settings)
    else:
        found = _of_tree(parse_tree(name), chain, settings)
    assert isinstance(found, TrainingStep)  # nothing is given in a comparison
    return found


def _of_tree(node: dict[str, float], chain: Chain, settings: CompareSettings) -> TrainingStep | str:
    teacher = chain.teacher(node["teacher"])
    if "distill" not in node:
        return teacher
    dropout, labels = node["dropout"], node.get("labels", 0.0)
    run = replace(settings.chain.distill, fraction=node["distill"], dropout=dropout)
    student = chain.student(teacher)
    distilled = chain.distilled("distilled", run, teacher=teacher, student=student, schedule="all-layer")
    if not labels:
        return distilled
    return chain.selftrained(distilled, replace(settings.chain.selftrain, fraction=labels, dropout=dropout))


def _other_base(chain: Chain, settings: CompareSettings) -> TrainingStep:
    step = chain.labels("other-base", settings.direct, base=settings.other_base.base)
    model: dict[str, Any] = {
        **{key: step.sections["model"][key] for key in ("dropout", "script") if key in step.sections["model"]},
        "attention": settings.other_base.attention,
        "layout": settings.other_base.layout,
    }
    sections = {**step.sections, "model": model}
    if settings.other_base.attention != settings.mode:
        for name, values in settings.recurrent.items():
            sections[name] = {**sections.get(name, {}), **values}
    return replace(step, sections=sections)


def _as_long_as_two(settings: CompareSettings) -> RunSettings:
    """Give `direct` the training steps, or the epochs, of distillation and self-training together."""
    runs = (settings.chain.distill, settings.chain.selftrain)
    trains = [{**settings.chain.shared["train"], **run.train} for run in runs]
    steps = [int(train.get("max_steps", -1)) for train in trains]
    if min(steps) > 0:
        length: dict[str, Any] = {"max_steps": sum(steps)}
    else:
        pairs = zip(trains, runs, strict=True)
        epochs = sum(float(train.get("num_train_epochs", 3)) * run.fraction for train, run in pairs)
        length = {"num_train_epochs": epochs / settings.direct.fraction}
    return replace(settings.direct, train={**settings.direct.train, **length})
