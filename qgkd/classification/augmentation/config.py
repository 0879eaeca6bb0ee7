"""The config of `qgkd glue augment`.

Comes in: sections of a TOML file and overrides. Goes out: `AugmentRun`, every field documented with its unit and the
source of its default.

A literal example:

    [task]
    name = "hotel"
    train = ["train.jsonl"]
    transfer = ["unlabelled.jsonl"]
    [augment]
    teacher = "runs/hotel/teacher/model"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qgkd.classification.config import TaskConfig
from qgkd.classification.tasks.words import LANGUAGES
from qgkd.files.toml_values import check_section
from qgkd.training.config import require

METHODS = ("words", "masked-lm")
PAIR_TEXTS = {"cycle": ("a", "b", "both"), "a": ("a",), "b": ("b",), "both": ("both",)}
"""Which texts of a pair are changed, variant by variant."""
_VARIANTS, _PAIR_VARIANTS = 20, 30
_SHARES = ("mask_share", "same_tag_share", "ngram_share", "replace_share")


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """How texts are changed."""

    method: str = "words"
    """`words`: words are hidden or replaced by others of their part of speech, or some neighbours alone are kept (Tang
    et al. 2019, section 3.3); `masked-lm`: by what a masked language model proposes (Jiao et al. 2020, algorithm 1)."""
    variants: int = 0
    """The most variants of an example, fewer where some are equal; 0 is 20, and 30 for pairs, ten of each way of
    `pair_texts` (Tang et al. 2019: n_iter 20, 10). Jiao et al. 2020 have 10 to 30."""
    pair_texts: str = "cycle"
    """Which texts of a pair are changed: `a`, `b`, `both`, or `cycle`, in turns (Tang et al. 2019)."""
    originals: bool = True
    """Whether the texts themselves are in the set, each before its variants."""
    language: str = "auto"
    """`chinese` words by jieba, `english` ones by nltk; `auto` looks at the texts."""
    mask_share: float = 0.1
    """Of `words`: share of words hidden by [MASK] (Tang et al. 2019: 0.1)."""
    same_tag_share: float = 0.1
    """Of `words`: share of words replaced by one of the same part of speech, drawn by its count in the texts (Tang et
    al. 2019: 0.1)."""
    ngram_share: float = 0.25
    """Of `words`: share of variants of which some neighbouring words alone are kept (Tang et al. 2019: 0.25)."""
    ngram_words: int = 5
    """Of `words`: the most words kept then, from 1 (Tang et al. 2019: 5)."""
    model: str = ""
    """Of `masked-lm`: a masked language model, a folder or hub name."""
    replace_share: float = 0.4
    """Of `masked-lm`: the chance that a word is replaced (Jiao et al. 2020, section 4: 0.4)."""
    candidates: int = 15
    """Of `masked-lm`: how many of the likeliest tokens a replacement is drawn from (Jiao et al. 2020: 15)."""
    teacher: str = ""
    """A classifier of this task whose logits are written beside each text; empty writes none."""
    seed: int = 0
    """Of all draws; an example's variants depend on it and on the example's own texts, not on its place."""

    def variants_of(self, *, pair: bool) -> int:
        """The most variants of an example."""
        return self.variants or (_PAIR_VARIANTS if pair else _VARIANTS)


@dataclass(frozen=True, kw_only=True)
class AugmentRun:
    """A whole run."""

    task: TaskConfig = field(default_factory=TaskConfig)
    """As in `qgkd glue run`; the texts of `train` and `transfer` are changed."""
    augment: AugmentConfig = field(default_factory=AugmentConfig)


def make_augment_run(sections: dict[str, dict[str, Any]], source: str = "config") -> AugmentRun:
    """Check sections of plain values and build the config from them.

    Raises:
        UserError: An unknown section or key, or a value out of range.
    """
    values = check_section(source, "", sections, ("task", "augment"))
    run = AugmentRun(
        task=TaskConfig(**check_section(source, "task", values.get("task", {}), TaskConfig)),
        augment=AugmentConfig(**check_section(source, "augment", values.get("augment", {}), AugmentConfig)),
    )
    augment, languages = run.augment, ("auto", *LANGUAGES)
    requirements = [
        (bool(run.task.name), "task.name must name the task, e.g. sst2"),
        (augment.method in METHODS, f"augment.method must be one of {METHODS}, was {augment.method!r}"),
        (augment.pair_texts in PAIR_TEXTS, f"augment.pair_texts must be one of {(*PAIR_TEXTS,)}, was "
         f"{augment.pair_texts!r}"),
        (augment.language in languages, f"augment.language must be one of {languages}, was {augment.language!r}"),
        (augment.variants >= 0, f"augment.variants must be 0 (20, pairs 30) or more, was {augment.variants}"),
        (augment.ngram_words >= 1, f"augment.ngram_words must be at least 1, was {augment.ngram_words}"),
        (augment.candidates >= 1, f"augment.candidates must be at least 1, was {augment.candidates}"),
        (augment.method != "masked-lm" or bool(augment.model), "method masked-lm needs augment.model"),
        (augment.method == "masked-lm" or not augment.model, "augment.model is of method masked-lm"),
        (augment.mask_share + augment.same_tag_share <= 1, "mask_share and same_tag_share must be at most 1 together"),
        *((0 <= getattr(augment, name) <= 1, f"augment.{name} must be from 0 to 1, was {getattr(augment, name)}")
          for name in _SHARES),
    ]  # fmt: skip
    require(source, requirements)
    return run
