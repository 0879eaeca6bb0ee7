"""Scores: identities that hold for any questions, hand-computed values, the traps of other libraries."""

from __future__ import annotations

import random
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest

from qgkd.errors import UserError
from qgkd.scoring import score, tokenize
from qgkd.scoring.item_statistics import count_items, tokenize_items
from qgkd.scoring.meteor import meteor_from_statistics, meteor_statistics
from qgkd.scoring.meteor_alignment import align
from qgkd.scoring.rouge_l import rouge_l

QUESTIONS = [
    "這座燈塔是由誰設計的？",
    "請問小鎮圖書館每逢星期幾舉辦說故事活動？",
    "GPS衛星在1987年12月3日發生了什麼事？",
    "海口鎮的鹽田的創辦人是誰？",
    "誰種了樹",
]


def perturb(question: str, rng: random.Random) -> str:
    characters = list(question)
    for _ in range(rng.randrange(4)):
        first, second = rng.randrange(len(characters)), rng.randrange(len(characters))
        characters[first], characters[second] = characters[second], characters[first]
    return "".join(characters[: rng.randrange(1, len(characters) + 1)])


def test_a_question_against_itself_is_perfect() -> None:
    scores = score(QUESTIONS, [[question] for question in QUESTIONS])
    for value in scores.as_json_keys().values():
        assert value == pytest.approx(1.0, abs=1e-9)
    for value in scores.mean_of_items.as_json_keys().values():
        assert value == pytest.approx(1.0, abs=1e-9)


def test_order_of_items_does_not_matter() -> None:
    rng = random.Random(0)
    pairs = [(perturb(question, rng), [question, perturb(question, rng)]) for question in QUESTIONS * 3]
    straight = score([hyp for hyp, _ in pairs], [refs for _, refs in pairs])
    shuffled = rng.sample(pairs, len(pairs))
    mixed_up = score([hyp for hyp, _ in shuffled], [refs for _, refs in shuffled])
    assert list(mixed_up.as_json_keys().values()) == pytest.approx(list(straight.as_json_keys().values()), abs=1e-12)
    # With the references reversed only METEOR may change: of two equal scores, it takes the counts of the first.
    turned = score([hyp for hyp, _ in pairs], [refs[::-1] for _, refs in pairs])
    for metric in ("bleu_1", "bleu_4", "rouge_l"):
        assert getattr(turned, metric) == pytest.approx(getattr(straight, metric), abs=1e-12)
    assert turned.mean_of_items.meteor == pytest.approx(straight.mean_of_items.meteor, abs=1e-12)


def test_values_stay_between_zero_and_one() -> None:
    rng = random.Random(1)
    for _ in range(50):
        hypothesis, reference = perturb(rng.choice(QUESTIONS), rng), rng.choice(QUESTIONS)
        for value in score([hypothesis], [[reference]]).as_json_keys().values():
            assert 0 <= value <= 1


def test_another_reference_never_lowers_an_item() -> None:
    rng = random.Random(2)
    for _ in range(50):
        hypothesis, references = perturb(rng.choice(QUESTIONS), rng), [perturb(rng.choice(QUESTIONS), rng)]
        one = score([hypothesis], [references])
        two = score([hypothesis], [[*references, rng.choice(QUESTIONS)]])
        assert two.rouge_l >= one.rouge_l - 1e-12
        assert two.meteor >= one.meteor - 1e-12


def test_values_by_hand() -> None:
    scores = score(["誰種了樹"], [["誰種樹了"]])
    assert scores.bleu_1 == pytest.approx(1.0, abs=1e-9)
    assert scores.bleu_2 == pytest.approx((1 / 3) ** 0.5, abs=1e-9)
    assert scores.rouge_l == pytest.approx(0.75)
    assert scores.meteor == pytest.approx(1 - 0.6 * (3 / 4) ** 0.2)  # 誰種, 了, 樹: three chunks
    assert scores.avg_score == pytest.approx(sum(list(scores.as_json_keys().values())[:6]) / 6)


def test_corpus_is_not_the_mean_of_items() -> None:
    scores = score(["誰", "請問小鎮圖書館星期幾開門？"], [["樹是誰種的？"], ["請問小鎮圖書館星期幾開門？"]])
    assert scores.mean_of_items.bleu_4 < 0.51
    assert scores.bleu_4 > 0.6
    assert scores.mean_of_items.rouge_l == pytest.approx(scores.rouge_l)


def test_an_empty_hypothesis_scores_zero_and_is_counted() -> None:
    alone = score([""], [["誰種樹？"]])
    assert list(alone.as_json_keys().values()) == pytest.approx([0.0] * 7, abs=1e-9)
    both = score(["", "誰種樹？"], [["誰種樹？"], ["誰種樹？"]])
    assert both.n == 2
    assert both.rouge_l == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("hypotheses", "references", "complaint"),
    [
        ([], [], "at least one question"),
        (["誰"], [], "1 hypotheses and 0 lists"),
        (["誰"], [[]], "item 1"),
        (["誰", "誰"], [["誰"], ["　 "]], "item 2"),
        (["誰"], ["誰"], "found a string"),
    ],
)
def test_unscorable_input_is_refused(hypotheses: list[str], references: list[list[str]], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        score(hypotheses, references)


def test_tokenisations() -> None:
    text = "ＧＰＳ在 1,250  公尺高?"
    assert tokenize(text) == ["gps", "在", "1,250", "公", "尺", "高", "？"]
    assert tokenize(text, "char") == [*"gps在1", "，", *"250公尺高", "？"]
    assert tokenize("  \u3000") == []


def test_double_spaces_make_no_empty_tokens() -> None:
    """coco-caption's ROUGE_L splits at single spaces, so that two spaces were a token."""
    spaced = score(["這座  燈塔   是誰設計的？"], [["這座燈塔  是誰設計的？"]])
    assert spaced.rouge_l == pytest.approx(1.0)


def test_definition_names_everything() -> None:
    definition = score(["誰"], [["誰"]], tokenization="char").definition
    for part in ("char", "corpus", "METEOR (1.5 parameters, exact match)", f"nltk {version('nltk')}", "rouge-score"):
        assert part in definition
    assert "\n" not in definition


def test_rouge_score_library_scores_equal_chinese_strings_zero() -> None:
    from rouge_score.rouge_scorer import RougeScorer

    question = "這座燈塔是由誰設計的？"
    assert RougeScorer(["rougeL"]).score(question, question)["rougeL"].fmeasure == 0
    assert rouge_l(tokenize(question), [tokenize(question)]) == pytest.approx(1.0)


def test_precision_and_recall_may_come_from_different_references() -> None:
    short, long = ["幾", "點"], [*"老街上的廟會在晚上幾點開始"]
    hypothesis = [*"老街的廟會幾點開始"]
    precision, recall = 9 / 9, 2 / 2  # the long reference contains all nine in order, the hypothesis both of the short
    expected = (1 + 1.44) * precision * recall / (recall + 1.44 * precision)
    assert rouge_l(hypothesis, [short, long]) == pytest.approx(expected)
    assert max(rouge_l(hypothesis, [short]), rouge_l(hypothesis, [long])) < expected


def test_nltk_agrees_on_long_hypotheses_and_differs_on_short_ones() -> None:
    from nltk.translate.bleu_score import corpus_bleu

    def nltk_bleu(pairs: list[tuple[str, str]]) -> float:
        return float(corpus_bleu([[tokenize(ref)] for _, ref in pairs], [tokenize(hyp) for hyp, _ in pairs]))

    long = [("這座燈塔是誰設計的？", "這座燈塔是由誰設計的？"), ("鹽田的創辦人是誰呢？", "海口鎮的鹽田的創辦人是誰？")]
    own = score([hyp for hyp, _ in long], [[ref] for _, ref in long]).bleu_4
    assert nltk_bleu(long) == pytest.approx(own, abs=1e-9)
    short = [*long, ("誰", "誰種了樹？"), ("", "誰種了樹？")]
    own = score([hyp for hyp, _ in short], [[ref] for _, ref in short]).bleu_4
    assert abs(nltk_bleu(short) - own) > 1e-3


def test_alignment_prefers_matches_then_chunks_then_distance() -> None:
    assert align([*"燈塔是誰建"], [*"誰建燈塔"]).chunks == 2
    assert align([*"甲乙丙丁"], [*"甲乙丙丁"]).chunks == 1
    repeated = align([*"的人的山"], [*"的山"])
    assert (repeated.matched_positions, repeated.chunks) == ((2, 3), 1)
    nothing = align([*"貓"], [*"魚"])
    assert (nothing.matched_positions, nothing.chunks) == ((), 0)
    assert align([], [*"魚"]).chunks == 0


def test_alignment_matches_as_many_words_as_there_are() -> None:
    rng = random.Random(3)
    for _ in range(100):
        hypothesis = [rng.choice("的是誰在哪一") for _ in range(rng.randrange(1, 20))]
        reference = [rng.choice("的是誰在哪一") for _ in range(rng.randrange(1, 20))]
        possible = sum(min(hypothesis.count(word), reference.count(word)) for word in set(reference))
        assert len(align(hypothesis, reference).matched_positions) == possible


def test_punctuation_is_a_function_word_and_widths_of_quotes_are_one() -> None:
    light = meteor_statistics(["誰", "."], [["誰", "-"]])
    assert light == [1, 0, 1, 1, 1, 1, 1]
    assert meteor_statistics(["“", "誰", "”"], [['"', "誰", '"']])[1] == 2
    matched, hypothesis, reference = 0.75, 1.0, 1.0
    expected = matched / (0.15 * hypothesis + 0.85 * reference) * (1 - 0.6)
    assert float(meteor_from_statistics(np.array(light, dtype=float))) == pytest.approx(expected)


def test_a_perfect_question_adds_no_chunk_to_the_corpus_sum() -> None:
    items = tokenize_items(["誰種樹？", "誰種樹"], [["誰種樹？"], ["誰種樹？"]], "mixed")
    assert [row[-2] for row in count_items(items).rows] == [0, 1]


def test_the_scorer_imports_neither_nltk_nor_torch() -> None:
    code = (
        "import sys, qgkd.scoring, qgkd.cli.score; print({'nltk', 'rouge_score', 'torch', 'jieba'} & set(sys.modules))"
    )
    # qgkd.cli imports the other commands, whose slow imports are inside functions.
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
