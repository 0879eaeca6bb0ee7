"""Quizzes: as many questions as asked for, all different, from all over the text, and a word where they fall short."""

from __future__ import annotations

import pytest
from stub_generator import PASSAGE, StubGenerator, ask_by_offset

from qgkd.answer import AnswerSpan, AnswerType
from qgkd.answers.classify import classify_in_sentence
from qgkd.answers.propose import propose_answers
from qgkd.answers.spread import POOR_SCORE, SpreadAnswers
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.question_forms import Passage, QuestionForm, build_items
from qgkd.quiz.distinct import DistinctQuestions, jaccard, ngrams, normalise
from qgkd.quiz.make import make_quiz, make_quizzes
from qgkd.quiz.outcome import RefusalCode
from qgkd.quiz.question_rows import BatchOptions, generate_batches
from qgkd.quiz.quiz import Quiz, QuizOrder
from qgkd.reading.readers import PassageRow
from qgkd.rule import RuleGenerator
from qgkd.text.sentences import split_sentences


def span(text: str, start_char: int | None = None, context: str = PASSAGE) -> AnswerSpan:
    start_char = context.index(text) if start_char is None else start_char
    return AnswerSpan(text=text, start_char=start_char)


def assert_sound(quiz: Quiz, context: str) -> None:
    """Every offset holds, the order is that of the text, no two questions are the same."""
    for item in quiz.items:
        assert context[item.answer.start_char : item.answer.end_char] == item.answer.text
        assert context.startswith(item.source_sentence, item.source_start_char)
        assert item.answer.text in item.source_sentence
        assert item.question.answer is item.answer
    starts = [item.answer.start_char for item in quiz.items]
    assert starts == sorted(starts)
    assert len({normalise(item.question.text) for item in quiz.items}) == len(quiz.items)


@pytest.mark.parametrize("count", [1, 3, 5, 8])
def test_the_rule_writes_exactly_as_many_questions_as_asked_for(count: int) -> None:
    quiz = make_quiz(RuleGenerator(), PASSAGE, count=count)
    assert len(quiz.items) == count
    assert quiz.shortfall is None
    assert_sound(quiz, PASSAGE)


def test_a_shortfall_is_said_in_a_sentence() -> None:
    quiz = make_quiz(RuleGenerator(), PASSAGE, count=200)
    assert 5 < len(quiz.items) < 200
    assert quiz.shortfall is not None
    assert str(quiz.shortfall).startswith(f"{len(quiz.items)} of 200 questions: ")
    assert_sound(quiz, PASSAGE)


@pytest.mark.parametrize("context", ["", " \n", "。", "？！"])
def test_a_passage_without_answers_gives_an_empty_quiz(context: str) -> None:
    quiz = make_quiz(StubGenerator(), context, count=3)
    assert quiz.items == ()
    assert str(quiz.shortfall) == "0 of 3 questions: the passage has no stretch of text that could be an answer"


def test_a_generator_that_repeats_itself_is_asked_again_and_found_out() -> None:
    generator = StubGenerator(lambda request, rank: "燈塔是誰設計的？")
    quiz = make_quiz(generator, PASSAGE, count=3)
    assert len(quiz.items) == 1
    assert quiz.shortfall is not None
    assert "gave no more different questions that are clear" in str(quiz.shortfall)
    assert len(generator.calls) > 1  # the next answers were tried before giving up


def test_answers_without_a_question_are_replaced_by_the_next_ones() -> None:
    def every_other(request: GenerationRequest, rank: int) -> str | None:
        return None if request.answer.start_char % 2 else ask_by_offset(request, rank)

    quiz = make_quiz(StubGenerator(every_other), PASSAGE, count=4)
    assert len(quiz.items) == 4
    assert quiz.shortfall is None


def test_several_questions_per_answer() -> None:
    quiz = make_quiz(StubGenerator(), PASSAGE, count=6, per_answer=2)
    starts = [item.answer.start_char for item in quiz.items]
    assert len(starts) == 6
    assert all(starts.count(start) == 2 for start in starts)


def test_proposed_answers_do_not_overlap_or_repeat() -> None:
    quiz = make_quiz(StubGenerator(), PASSAGE * 3, count=20)
    assert len({normalise(item.answer.text) for item in quiz.items}) == len(quiz.items)
    for one, other in zip(quiz.items, quiz.items[1:], strict=False):
        assert one.answer.end_char <= other.answer.start_char


def test_a_question_that_gives_its_answer_away_is_left_out() -> None:
    generator = StubGenerator(lambda request, rank: f"{ask_by_offset(request, rank)[:-1]}{request.answer.text}？")
    assert make_quiz(generator, PASSAGE, count=3).items == ()


def test_given_answers_are_asked_about_where_they_stand() -> None:
    second = PASSAGE.index("燈塔", PASSAGE.index("燈塔") + 1)
    quiz = make_quiz(StubGenerator(), PASSAGE, count=2, answers=[span("燈塔", second), span("林文海")])
    assert [item.answer.start_char for item in quiz.items] == [PASSAGE.index("林文海"), second]


def test_a_given_answer_at_the_wrong_place_is_an_error() -> None:
    with pytest.raises(UserError, match=r"answer '林文海' is not at characters 3 to 6 .*found '的燈塔'"):
        make_quiz(StubGenerator(), PASSAGE, count=1, answers=[span("林文海", 3)])


def test_an_answer_of_300_characters_is_refused_alone() -> None:
    context = "長" * 300 + PASSAGE
    answers = [span("長" * 300, 0, context), span("林文海", None, context)]
    quiz = make_quiz(StubGenerator(), context, count=2, answers=answers)
    assert [item.answer.text for item in quiz.items] == ["林文海"]
    assert len(quiz.refusals) == 1
    assert "is 300 characters and words long, the longest that can be asked about has 64" in str(quiz.refusals[0])


def test_a_refusal_of_the_generator_takes_no_other_request_with_it() -> None:
    def refuse_one(request: GenerationRequest, rank: int) -> str:
        if request.answer.text == "1920年":
            raise ValueError("answer '1920年' is not to my liking")
        return ask_by_offset(request, rank)

    answers = [span("林文海"), span("1920年"), span("交通部")]
    quiz = make_quiz(StubGenerator(refuse_one), PASSAGE, count=3, answers=answers)
    assert [item.answer.text for item in quiz.items] == ["林文海", "交通部"]
    assert [str(refusal) for refusal in quiz.refusals] == ["answer '1920年' is not to my liking"]


def test_orders_are_filled_together_as_they_are_alone() -> None:
    orders = [QuizOrder(context=PASSAGE, count=3), QuizOrder(context="", count=2), QuizOrder(context=PASSAGE, count=9)]
    generator = StubGenerator()
    together = make_quizzes(generator, orders)
    assert len({request.context for request in generator.calls[0]}) == 1
    assert len(generator.calls[0]) > 9  # both passages' answers in one call
    assert together == [make_quiz(StubGenerator(), order.context, count=order.count) for order in orders]


@pytest.mark.parametrize(("count", "per_answer"), [(0, 1), (1, 0), (-1, 1)])
def test_counts_must_be_positive(count: int, per_answer: int) -> None:
    with pytest.raises(UserError, match="expected one question or more"):
        make_quiz(StubGenerator(), PASSAGE, count=count, per_answer=per_answer)


def test_answers_come_from_every_stretch_before_any_gives_a_second() -> None:
    context = "甲乙丙。丁戊己。庚辛壬。癸子丑。"
    ranked = [span(text, None, context) for text in ("甲", "乙", "丁", "丙", "庚", "癸")]
    untried = SpreadAnswers(ranked, split_sentences(context), 2)
    order = [answer.text for answer in iter(untried.take, None)]
    assert order == ["甲", "庚", "丁", "癸", "乙", "丙"]


def test_a_rejected_answer_makes_room_in_its_own_stretch() -> None:
    context = "甲乙丙。丁戊己。庚辛壬。癸子丑。"
    ranked = [span(text, None, context) for text in ("甲", "乙", "丁", "丙", "庚", "癸")]
    untried = SpreadAnswers(ranked, split_sentences(context), 2)
    first, second = untried.take(), untried.take()
    assert first is not None
    assert second is not None
    untried.reject(second)
    third = untried.take()
    assert third is not None
    assert (first.text, second.text, third.text) == ("甲", "庚", "癸")


def test_kinds_are_mixed_where_scores_are_near() -> None:
    context = "甲乙。丙丁。戊己。"

    def scored(text: str, kind: AnswerType, score: float) -> AnswerSpan:
        start_char = context.index(text)
        return AnswerSpan(text=text, start_char=start_char, type=kind, score=score)

    ranked = [
        scored("甲", AnswerType.DATE, 1.0),
        scored("丙", AnswerType.DATE, 0.9),
        scored("戊", AnswerType.DATE, 0.8),
        scored("丁", AnswerType.PERSON, 0.5),
        scored("己", AnswerType.PERSON, -2.0),
        scored("乙", AnswerType.PLACE, POOR_SCORE - 1),
    ]
    untried = SpreadAnswers(ranked, split_sentences(context), 3)
    # 丁 before 丙: a second date gives way to a person; 戊 before 己: not to a poor one; 乙 when nothing else is left.
    assert [answer.text for answer in iter(untried.take, None)] == ["甲", "丁", "戊", "丙", "己", "乙"]


def test_a_quiz_is_not_all_dates() -> None:
    context = "".join(
        f"{year}年，工程師{name}在{place}建造了燈塔。"
        for year, name, place in (
            (1867, "林文海", "南投縣"),
            (1902, "陳婉如", "高雄市"),
            (1911, "王天祥", "嘉義縣"),
            (1920, "李明德", "基隆市"),
        )
    )
    kinds = {item.answer.type for item in make_quiz(RuleGenerator(), context, count=4).items}
    assert len(kinds) >= 3


def test_given_answers_beyond_the_count_are_no_refusals() -> None:
    answers = [span(text) for text in ("1867年", "林文海", "1920年", "交通部")]
    quiz = make_quiz(StubGenerator(), PASSAGE, count=2, answers=answers)
    assert [item.answer.text for item in quiz.items] == ["1867年", "林文海"]
    assert quiz.refusals == ()


def test_near_duplicates_are_recognised_by_bigrams_and_answers() -> None:
    distinct = DistinctQuestions()
    distinct.add("燈塔建於哪一年？", "1867年")
    assert not distinct.is_new("燈塔建於哪一年?", "1867年")
    assert not distinct.is_new("這座燈塔建於哪一年？", "1867年")
    assert distinct.is_new("這座燈塔建於哪一年？", "1920年")  # 6 of 8 bigrams: alike, but about another answer
    assert not distinct.is_new("燈塔建於哪一年？", "1920年")
    assert distinct.is_new("燈塔由誰設計？", "林文海")
    assert not distinct.is_new("？", "林文海")


def test_jaccard_by_hand() -> None:
    assert ngrams("燈塔在") == {"燈塔", "塔在"}
    assert ngrams("燈") == {"燈"}
    assert jaccard(ngrams("燈塔在"), ngrams("燈塔高")) == pytest.approx(1 / 3)
    assert normalise(" １８６７年， ABC？") == "1867年abc"


@pytest.fixture
def classified_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of every span that is classified, proposals apart."""
    texts: list[str] = []

    def counted(sentence: str, start_char: int, end_char: int) -> AnswerType:
        texts.append(sentence[start_char:end_char])
        return classify_in_sentence(sentence, start_char, end_char)

    monkeypatch.setattr("qgkd.answers.classify.classify_in_sentence", counted)
    return texts


def test_a_given_answer_is_classified_once(classified_texts: list[str]) -> None:
    answers = tuple(span(text) for text in ("1867年", "林文海", "交通部"))
    row = PassageRow(file="-", row_number=1, row_id="a", context=PASSAGE, answers=answers)
    (batch,) = generate_batches(RuleGenerator(), [row], BatchOptions(questions_per_answer=2))
    assert classified_texts == ["1867年", "林文海", "交通部"]
    assert {question["answer_type"] for question in batch.questions} == {"date", "person", "organisation"}


def test_an_answer_with_a_type_is_not_classified_again(classified_texts: list[str]) -> None:
    typed = AnswerSpan(text="林文海", start_char=PASSAGE.index("林文海"), type=AnswerType.TERM)
    (item,) = make_quiz(RuleGenerator(), PASSAGE, count=1, answers=[typed]).items
    assert item.answer is typed
    assert "誰" not in item.question.text  # which a person would get
    assert make_quiz(RuleGenerator(), PASSAGE, count=3).items
    assert classified_texts == []


def test_proposals_are_made_once_per_passage_and_serve_the_wrong_options(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(context: str, *, limit: int | None = None) -> list[AnswerSpan]:
        calls.append(context)
        return propose_answers(context, limit=limit)

    monkeypatch.setattr("qgkd.spans.propose.propose_answers", counted)
    monkeypatch.setattr("qgkd.question_forms.passage.propose_answers", counted)
    quiz = make_quiz(RuleGenerator(), PASSAGE, count=4)
    passage = Passage("p", PASSAGE, quiz.proposals)
    built = build_items(quiz.items, passage, QuestionForm.MULTIPLE_CHOICE)
    assert any(item.options for item in built.items)
    assert calls == [PASSAGE]
    assert build_items(quiz.items, Passage("p", PASSAGE), QuestionForm.MULTIPLE_CHOICE) == built


def test_earlier_questions_and_answers_are_not_repeated() -> None:
    first = make_quiz(StubGenerator(), PASSAGE, count=3)
    earlier = tuple((item.question.text, item.answer.text) for item in first.items)
    used = tuple(item.answer for item in first.items)
    order = QuizOrder(context=PASSAGE, count=3, earlier_questions=earlier, earlier_answers=used)
    (second,) = make_quizzes(StubGenerator(), [order])
    assert len(second.items) == 3
    assert not {item.answer.text for item in second.items} & {item.answer.text for item in first.items}
    again = QuizOrder(context=PASSAGE, count=3, answers=used, earlier_questions=earlier)
    (third,) = make_quizzes(StubGenerator(), [again])
    assert [refusal.code for refusal in third.refusals] == [RefusalCode.ALREADY_ASKED] * 3
