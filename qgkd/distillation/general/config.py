"""The config of a general stage.

Comes in: sections of a TOML file and overrides. Goes out: `GeneralRun`.

A literal example:

    [general]
    method = "minilm"
    teacher = "bert-base-chinese"
    text = ["wiki_zh_tw.txt.xz"]
    [student]
    layers = 6
    hidden_size = 384
    [train]
    output_dir = "runs/minilm"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from qgkd.checkpoints.student import Drop, is_layer_list
from qgkd.distillation.methods.settings import check_method, settings_in_full
from qgkd.errors import UserError
from qgkd.files.toml_values import check_section
from qgkd.training.config import require

METHODS = {"tinybert": "tinybert-layers", "minilm": "minilm", "distilbert": "distilbert"}
"""Methods of the general stage, as `qgkd.distillation.methods.by_name` has them."""
_OWN = {"label_weight": 0.0}
"""MiniLM's labels are left out: with them its authors had lower results."""
_KEYS: dict[str, Any] = {
    "teacher": str, "text": tuple[str, ...], "method": str, "window_tokens": int, "mask_share": float,
    "mask_smoothing": float,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class GeneralConfig:
    """What is learnt from the teacher, on which text."""

    teacher: str = ""
    """A pretrained masked language model, a folder or hub name."""
    text: tuple[str, ...] = ()
    """Text files in UTF-8, also .gz, .bz2 and .xz, a paragraph a line; read as a stream."""
    method: str = "tinybert"
    """tinybert, minilm or distilbert."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The method's own, every default written out; in TOML they are keys of `[general]`."""
    window_tokens: int = 128
    """Row length, [CLS] and [SEP] included (Jiao et al. 2020: 128)."""
    mask_share: float = 0.15
    """Share of the tokens that are hidden (Devlin et al. 2019: 0.15)."""
    mask_smoothing: float = 0.0
    """Rare tokens are hidden more often, by their count to the power of minus this; 0 treats all alike (DistilBERT's
    code: 0.7)."""

    @property
    def method_section(self) -> dict[str, Any]:
        """As the methods' functions take it."""
        return {"name": METHODS[self.method], **self.settings}

    def to_json(self) -> dict[str, Any]:
        """The section's keys."""
        return {key: getattr(self, key) for key in _KEYS} | {**self.settings}


@dataclass(frozen=True, kw_only=True)
class GeneralStudent:
    """How the student begins: from layers of a model, or with random weights where it has sizes of its own."""

    base: str = ""
    """A model of the teacher's vocabulary whose layers it takes; empty is the teacher."""
    layers: int | None = None
    """How many layers it has; None takes all."""
    drop: str = "top"
    """Which of the base's layers go: top, bottom, alternate-odd, alternate-even or symmetric; or the layers that are
    kept, such as `1,3,5,8,10,12` (DistilBERT's code)."""
    hidden_size: int | None = None
    """Width of new, random weights; None copies the base's."""
    intermediate_size: int | None = None
    """Of new weights; four times the width by default."""


@dataclass(frozen=True, kw_only=True)
class GeneralRun:
    """A whole run."""

    general: GeneralConfig = field(default_factory=GeneralConfig)
    student: GeneralStudent = field(default_factory=GeneralStudent)
    train: dict[str, Any] = field(default_factory=dict)
    """Passed to `transformers.TrainingArguments` as it is; batch sizes count rows."""

    @property
    def run_folder(self) -> Path:
        """Where checkpoints, the log and the model go."""
        return Path(self.train["output_dir"])

    def to_json(self) -> dict[str, Any]:
        """The sections as plain values."""
        return {"general": self.general.to_json(), "student": asdict(self.student), "train": dict(self.train)}


def make_general_run(sections: dict[str, dict[str, Any]], source: str = "config") -> GeneralRun:
    """Check sections of plain values and build the config from them.

    Raises:
        UserError: An unknown section or key, or a value out of range.
    """
    values = check_section(source, "", sections, ("general", "student", "train"))
    student = GeneralStudent(**check_section(source, "student", values.get("student", {}), GeneralStudent))
    run = GeneralRun(
        general=_general(values.get("general", {}), source), student=student, train=dict(values.get("train", {}))
    )
    general, drops = run.general, [str(drop) for drop in Drop if drop is not Drop.CONTRIBUTION]
    named = student.drop in drops or is_layer_list(student.drop)
    requirements = [
        (bool(general.teacher), "general.teacher must name a pretrained masked language model"),
        (bool(general.text), "general.text must name at least one text file"),
        (bool(run.train.get("output_dir")), "train.output_dir must name the run folder"),
        (general.window_tokens >= 8, f"general.window_tokens must be at least 8, was {general.window_tokens}"),
        (0 < general.mask_share < 1, f"general.mask_share must be above 0 and below 1, was {general.mask_share}"),
        (general.mask_smoothing >= 0, f"general.mask_smoothing must be 0 or more, was {general.mask_smoothing}"),
        (named, f"student.drop must be one of {drops} or layers such as 1,3,5, was {student.drop!r}"),
        (student.hidden_size is None or bool(student.layers), "student.hidden_size needs student.layers"),
    ]
    require(source, requirements)
    return run


def _general(values: Any, source: str) -> GeneralConfig:
    method = str(values.get("method", "tinybert")) if isinstance(values, Mapping) else ""
    if method not in METHODS:
        raise UserError(f"{source}: general.method must be one of {tuple(METHODS)}, was {method!r}; correct it")
    own = dict(_OWN) if method == "minilm" else {}
    given = {key: value for key, value in values.items() if key != "method"}
    section = check_method({"name": METHODS[method], **own, **given}, source, "general", _KEYS)
    found = {key: section.pop(key) for key in _KEYS if key in section}
    settings = settings_in_full(section)
    settings.pop("name")
    return GeneralConfig(**found, method=method, settings=settings)
