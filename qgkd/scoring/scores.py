"""Score questions against references: the six usual values and their mean, with their definition.

`score(["誰種了樹"], [["誰種樹了"]])` gives `Scores(bleu_1=1.0, bleu_2=.577, ..., rouge_l=.75)`. The definition
belongs to a value: the same predictions score .344 or .228 in Bleu_4 by tokenisation alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qgkd import __version__
from qgkd.scoring.item_statistics import METRICS, ItemStatistics, TokenizedItem, count_items, tokenize_items
from qgkd.scoring.meteor import METEOR_TEXT
from qgkd.scoring.tokens import TOKENIZATION_TEXT, Tokenization

MeteorKind = Literal["exact", "jar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValues:
    """Six values, all fractions from 0 to 1."""

    bleu_1: float
    bleu_2: float
    bleu_3: float
    bleu_4: float
    meteor: float
    rouge_l: float

    @property
    def avg_score(self) -> float:
        """Mean of the six values."""
        return (self.bleu_1 + self.bleu_2 + self.bleu_3 + self.bleu_4 + self.meteor + self.rouge_l) / 6

    def as_json_keys(self) -> dict[str, float]:
        """The values by nlg-eval's names, `avg_score` last."""
        return {**{name: getattr(self, name.lower()) for name in METRICS}, "avg_score": self.avg_score}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores(MetricValues):
    """Corpus values of a file of questions, and everything needed to compare them with others."""

    mean_of_items: MetricValues
    """Means of the items' own values, as some published tables have them; not comparable with the corpus values."""
    n: int
    """Number of questions scored."""
    definition: str
    """Tokens, aggregation, kind of METEOR and versions, in one line."""

    def as_json(self) -> dict[str, Any]:
        """Everything, ready for `json.dumps`."""
        return {
            **self.as_json_keys(),
            "mean_of_items": self.mean_of_items.as_json_keys(),
            "n": self.n,
            "definition": self.definition,
        }


def score(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    tokenization: Tokenization = "mixed",
    meteor: MeteorKind = "exact",
) -> Scores:
    """Score questions as nlg-eval does: corpus BLEU and METEOR from summed counts, ROUGE_L as a mean.

    Args:
        hypotheses: The questions of the system; empty ones score 0.
        references: For each, one or more reference questions.
        tokenization: `mixed` (Latin and digit runs whole) or `char`.
        meteor: `exact`, our own; `jar`, the METEOR 1.5 program through pycocoevalcap, which needs java.

    Raises:
        UserError: No questions, lengths that differ, an empty reference, or `jar` where it is not installed.
    """
    items = tokenize_items(hypotheses, references, tokenization)
    scores = scores_from_statistics(count_items(items), tokenization=tokenization)
    return scores if meteor == "exact" else _with_jar_meteor(scores, items, tokenization)


def scores_from_statistics(statistics: ItemStatistics, *, tokenization: Tokenization) -> Scores:
    """Score from the counts of all items, with our own METEOR; `tokenization` is for the definition."""
    return Scores(
        **_fields(statistics.corpus_values()),
        mean_of_items=MetricValues(**_fields(statistics.item_values().mean(axis=0))),
        n=len(statistics.rows),
        definition=define(tokenization, "exact"),
    )


def define(tokenization: Tokenization, meteor: MeteorKind) -> str:
    """The definition of the scores in one line, printed beside every score."""
    packages = ["nltk", "rouge-score"] + (["pycocoevalcap"] if meteor == "jar" else [])
    versions = ", ".join([f"qgkd {__version__}", *(f"{package} {version(package)}" for package in packages)])
    return (
        f"tokens {TOKENIZATION_TEXT[tokenization]} | corpus: Bleu (coco-caption formula, closest reference) and METEOR "
        "from summed counts, ROUGE_L (max P, max R, beta 1.2) mean of items, avg_score mean of the six | "
        f"{METEOR_TEXT if meteor == 'exact' else 'METEOR 1.5 jar (-l en -norm)'} | {versions}"
    )


def _with_jar_meteor(scores: Scores, items: Sequence[TokenizedItem], tokenization: Tokenization) -> Scores:
    from qgkd.scoring.meteor_jar import jar_meteor

    corpus, of_items = jar_meteor(items)
    return replace(
        scores,
        meteor=corpus,
        mean_of_items=replace(scores.mean_of_items, meteor=float(np.mean(of_items))),
        definition=define(tokenization, "jar"),
    )


def _fields(values: NDArray[np.float64]) -> dict[str, float]:
    return {name.lower(): float(value) for name, value in zip(METRICS, values, strict=True)}
