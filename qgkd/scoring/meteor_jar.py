"""METEOR of tokenised questions by the METEOR 1.5 program itself, for comparison with published tables.

`pip install '.[meteor-jar]'` brings the program with its English data (101 MB, in pycocoevalcap); it needs java.
On DRCD it differs from our own METEOR by 2e-5, through English letters and digits alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from qgkd.errors import UserError, how_to_install
from qgkd.scoring.item_statistics import TokenizedItem


def jar_meteor(items: Sequence[TokenizedItem]) -> tuple[float, list[float]]:
    """Score tokenised questions with the METEOR 1.5 program (`-l en -norm`).

    Returns:
        The corpus value, from summed statistics, and each item's; fractions.

    Raises:
        UserError: pycocoevalcap or java is missing, or the program ended early.
    """
    try:
        from pycocoevalcap.meteor.meteor import Meteor
    except ImportError as error:
        raise UserError(
            "--meteor jar: expected the package pycocoevalcap, found none; "
            f"{how_to_install('meteor-jar')} or use --meteor exact"
        ) from error
    if shutil.which("java") is None:
        raise UserError(
            "--meteor jar: expected java on the PATH, found none; install a Java runtime or use --meteor exact"
        )
    references = {number: [" ".join(tokens) for tokens in item.references] for number, item in enumerate(items)}
    hypotheses = {number: [" ".join(item.hypothesis)] for number, item in enumerate(items)}
    try:
        corpus, of_items = Meteor().compute_score(references, hypotheses)
    except (OSError, ValueError) as error:
        raise UserError(
            f"--meteor jar: expected scores from the METEOR program, found that it ended early ({error}); "
            "check that java starts and has 2 GB of memory, or use --meteor exact"
        ) from error
    return float(corpus), [float(value) for value in of_items]
