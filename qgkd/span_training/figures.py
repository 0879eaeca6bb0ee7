"""Measures a span model, or the rules, against what people chose.

Comes in: a `SpanModel`, validation questions. Goes out: figures: recall of people's answers among the proposed ones;
exact match and F1 of the answers read; how often a question is refused.

A literal example: `{"exact_at_1": 0.25, …, "reader_f1": 0.81, "refused_own": 0.06, "refused_other": 0.88, …}`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING

from qgkd.answer import AnswerSpan
from qgkd.reading.examples import QGExample
from qgkd.scoring.span_scores import Range, exact_match, proposal_recall, span_f1
from qgkd.span_training.tokenise import Passage
from qgkd.spans.propose import learnt_answers

if TYPE_CHECKING:
    from qgkd.spans.span_model import SpanModel

_PAIRS_PER_CALL = 32


def span_figures(model: SpanModel, examples: Sequence[QGExample], passages: Sequence[Passage]) -> dict[str, float]:
    """All figures of a model; `passages` are those of the examples, with people's answers."""
    return {
        **answer_figures(lambda context: learnt_answers(model, context), passages),
        **reader_figures(model, examples),
    }


def answer_figures(propose: Callable[[str], list[AnswerSpan]], passages: Sequence[Passage]) -> dict[str, float]:
    """Recall of people's answers among those that `propose` gives, best first."""
    compared: list[tuple[list[Range], set[Range]]] = []
    for context, chosen in passages:
        proposed = [(answer.start_char, answer.end_char) for answer in propose(context)]
        compared.append((proposed, set(chosen)))
    return proposal_recall(compared).as_json()


def reader_figures(model: SpanModel, examples: Sequence[QGExample]) -> dict[str, float]:
    """The reader's figures.

    Returns:
        `reader_em`, `reader_f1`: of the best answer, accepted or not, as the official scores have it, where every
        question has an answer; `accepted_f1`: a refused question counts 0; `refused_own`: share of questions refused;
        `refused_other`: likewise with a passage of another article.
    """
    exact = f1 = accepted_f1 = refused = 0.0
    other_refused = 0
    others = _other_passages(examples)
    for start in range(0, len(examples), _PAIRS_PER_CALL):
        part = range(start, min(start + _PAIRS_PER_CALL, len(examples)))
        found = [reading.best() for reading in model.read([(examples[n].question, examples[n].context) for n in part])]
        for number, best in zip(part, found, strict=True):
            text, wanted = "" if best.answer is None else best.answer.text, examples[number].answer_text
            own_f1 = span_f1(text, wanted)
            exact, f1 = exact + exact_match(text, wanted), f1 + own_f1
            accepted_f1 += own_f1 if best.accepted else 0.0
            refused += best.accepted is None
        pairs = [(examples[number].question, others[number]) for number in part if others[number]]
        other_refused += sum(reading.best().accepted is None for reading in model.read(pairs))
    count, other_count = max(1, len(examples)), max(1, sum(map(bool, others)))
    return {
        "questions": len(examples),
        "reader_em": exact / count,
        "reader_f1": f1 / count,
        "accepted_f1": accepted_f1 / count,
        "refused_own": refused / count,
        "refused_other": other_refused / other_count,
    }


def _other_passages(examples: Sequence[QGExample]) -> list[str]:
    """For each question a passage of another article, drawn by a fixed seed; empty where there is none."""
    by_title = {example.context: example.title or example.context for example in examples}
    contexts, random = list(by_title), Random(42)
    others = []
    for example in examples:
        usable = [c for c in contexts if by_title[c] != by_title[example.context] and example.answer_text not in c]
        others.append(random.choice(usable) if usable else "")
    return others
