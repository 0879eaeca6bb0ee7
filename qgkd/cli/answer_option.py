"""The option that says what proposes answers, shared by `answers` and `generate`.

Comes in: what typer read. Goes out: the settled choice, and what of it a resumed run must have the same.

A literal example: `--answers rules` on a machine whose package has the span model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from qgkd.spans.propose import ProposedBy

AnswersOption = Annotated[
    str | None,
    typer.Option(
        "--answers",
        help="What proposes answers: `learnt`, the package's span model, the default where it is there, or `rules`.",
    ),
]


def proposal_settings(by: ProposedBy | None) -> dict[str, Any]:
    """The span model as its digest; nothing by the rules."""
    from qgkd.checkpoints.packaged_model import packaged_span_model
    from qgkd.files.fingerprint import model_sha256
    from qgkd.spans.propose import ProposedBy

    return {"span_model_sha256": model_sha256(str(packaged_span_model()))} if by is ProposedBy.LEARNT else {}
