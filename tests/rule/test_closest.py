from __future__ import annotations

import pytest

from qgkd.answers.classify import classify
from qgkd.model_recipe.synthetic import closest_examples
from qgkd.reading.examples import QGExample
from qgkd.rule.clauses import frame_answer
from qgkd.rule.closest import closest_question
from qgkd.rule.variants import variants

CONTEXT = "望安燈塔建於1867年，由英國工程師林文海設計，塔高12公尺，用當地的玄武岩砌成。每年夏天有許多遊客前來。"
ASKED = [
    ("林文海", "望安燈塔是由哪一位工程師設計的？"),
    ("1867年", "望安燈塔在哪一年建成？"),
    ("12公尺", "由林文海設計的燈塔有多高？"),
    ("玄武岩", "望安燈塔用什麼石頭砌成？"),
]


def _chrf(hypothesis: str, reference: str) -> float:
    """Mean F of character n-grams, n = 1 to 4, implemented independently."""
    scores = []
    for size in range(1, 5):
        hyp = [hypothesis[i : i + size] for i in range(len(hypothesis) - size + 1)]
        ref = [reference[i : i + size] for i in range(len(reference) - size + 1)]
        both = sum(min(hyp.count(gram), ref.count(gram)) for gram in set(hyp))
        scores.append(2 * both / (len(hyp) + len(ref)) if hyp and ref else 0.0)
    return sum(scores) / 4


@pytest.mark.parametrize(("answer", "question"), ASKED)
def test_no_question_of_the_rule_is_closer(answer: str, question: str) -> None:
    start = CONTEXT.index(answer)
    span = (start, start + len(answer))
    found, closeness = closest_question(CONTEXT, *span, question)
    assert found.endswith("？")
    assert answer not in found
    assert closeness == pytest.approx(_chrf(found[:-1], question[:-1]), abs=0.02)
    of_the_rule = variants(frame_answer(CONTEXT, *span), classify(CONTEXT, *span))
    assert closeness >= max(_chrf(text[:-1], question[:-1]) for text in of_the_rule) - 1e-9


def test_the_clause_of_the_reference_question_is_kept() -> None:
    start = CONTEXT.index("1867年")
    found, _ = closest_question(CONTEXT, start, start + 5, "燈塔建於哪一年？")
    assert found == "燈塔建於哪一年？"


def test_paraphrased_reference_questions_are_skipped() -> None:
    start = CONTEXT.index("玄武岩")
    questions = ("望安燈塔用什麼砌成？", "哪種材料適合蓋房子呢？")
    examples = [
        QGExample(example_id=str(number), context=CONTEXT, answer_text="玄武岩", answer_start_char=start, question=text)
        for number, text in enumerate(questions)
    ]
    kept = list(closest_examples(examples, 0.4))
    assert [example.example_id for example in kept] == ["closest-0"]
    assert kept[0].answer_start_char == start
