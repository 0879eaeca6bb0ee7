"""Questions and their references in, scores out, always with their definition.

    >>> score(["誰種了樹？"], [["誰種了樹？"]]).as_json_keys()["ROUGE_L"]
    1.0

Read in order: pairs, tokens, bleu, rouge_l, meteor_alignment, meteor, item_statistics, scores, meteor_jar, bootstrap,
diversity.
"""

from qgkd.scoring.bootstrap import MetricDifference, paired_bootstrap
from qgkd.scoring.diversity import CopyRate, copy_rate, distinct_n
from qgkd.scoring.scores import MeteorKind, MetricValues, Scores, define, score
from qgkd.scoring.tokens import Tokenization, tokenize

__all__ = [
    "CopyRate",
    "MeteorKind",
    "MetricDifference",
    "MetricValues",
    "Scores",
    "Tokenization",
    "copy_rate",
    "define",
    "distinct_n",
    "paired_bootstrap",
    "score",
    "tokenize",
]
