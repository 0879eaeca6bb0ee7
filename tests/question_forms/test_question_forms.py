"""Items of every form: made on the project's own passages, and read back from their JSON."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import unicodedata
from pathlib import Path

import opencc
import pytest

from qgkd.answer import AnswerSpan, AnswerType
from qgkd.errors import UserError
from qgkd.generator import Question
from qgkd.question_forms import (
    BLANK,
    BuiltItems,
    Confidence,
    Language,
    Notice,
    Passage,
    QuestionForm,
    QuizItem,
    build_items,
    change_form,
    faults_of,
    language_of,
)
from qgkd.question_forms.build import short_answer_item
from qgkd.question_forms.confidence import confidence_of
from qgkd.question_forms.item_json import read_item
from qgkd.quiz.make import make_quiz
from qgkd.quiz.quiz import QuizQuestion
from qgkd.rule import RuleGenerator
from qgkd.text.script import Script, detect_script

REPOSITORY = Path(__file__).resolve().parents[2]
PASSAGES = [
    Passage(path.stem, path.read_text("utf-8")) for path in sorted((REPOSITORY / "data" / "passages").glob("*.txt"))
]
_to_simplified = opencc.OpenCC("t2s").convert


def bare(text: str) -> str:
    """Letters and digits in one script, case and width: written apart from the package's own comparison."""
    folded = _to_simplified(unicodedata.normalize("NFKC", text).casefold())
    return re.sub(r"[\W_]", "", folded)


@pytest.fixture(scope="module")
def quizzes() -> dict[str, tuple[QuizQuestion, ...]]:
    return {each.passage_id: make_quiz(RuleGenerator(), each.context, count=9).items for each in PASSAGES}


@pytest.fixture(scope="module")
def built(quizzes: dict[str, tuple[QuizQuestion, ...]]) -> dict[QuestionForm, list[tuple[Passage, BuiltItems]]]:
    return {
        form: [(each, build_items(quizzes[each.passage_id], each, form, seed=3)) for each in PASSAGES]
        for form in QuestionForm
    }


def made(
    built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]], form: QuestionForm
) -> list[tuple[Passage, QuizItem]]:
    return [(passage, item) for passage, one in built[form] for item in one.items if item.form is form]


def asked(
    context: str, answer: str, question: str = "什麼？", answer_type: AnswerType = AnswerType.TERM
) -> QuizQuestion:
    """A question about the first occurrence of an answer."""
    start = context.index(answer)
    span = AnswerSpan(text=answer, start_char=start, type=answer_type)
    return QuizQuestion(
        question=Question(text=question, answer=span),
        source_sentence=context,
        source_start_char=0,
    )


def one_item(context: str, answer: str, form: QuestionForm, **rest: object) -> tuple[QuizItem, tuple[Notice, ...]]:
    result = build_items([asked(context, answer, **rest)], Passage("p", context), form)  # type: ignore[arg-type]
    return result.items[0], result.notices


# Distractors


def test_most_questions_become_multiple_choice(built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]]) -> None:
    items = [item for _, one in built[QuestionForm.MULTIPLE_CHOICE] for item in one.items]
    assert len(items) >= 60
    assert sum(item.form is QuestionForm.MULTIPLE_CHOICE for item in items) >= 0.8 * len(items)
    noticed = {
        (index, notice.number)
        for index, (_, one) in enumerate(built[QuestionForm.MULTIPLE_CHOICE])
        for notice in one.notices
    }
    short = {
        (index, number)
        for index, (_, one) in enumerate(built[QuestionForm.MULTIPLE_CHOICE])
        for number, item in enumerate(one.items, 1)
        if len(item.options) < 4
    }
    assert noticed == short, "every shortfall has a notice, and nothing else"


def test_options_are_apart_from_the_answer_and_each_other(
    built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]],
) -> None:
    for _, item in made(built, QuestionForm.MULTIPLE_CHOICE):
        assert item.correct_index is not None
        assert item.options[item.correct_index] == item.answer
        assert 3 <= len(item.options) <= 4
        for one, other in itertools.permutations(map(bare, item.options), 2):
            assert one not in other, item
        for option in item.options:
            assert option == item.answer or bare(option) not in bare(item.question), item
            assert abs(len(option) - len(item.answer)) <= max(5, len(item.answer) // 2), item


def test_options_are_of_the_answers_kind(built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]]) -> None:
    for _, item in made(built, QuestionForm.MULTIPLE_CHOICE):
        has_digit = {bool(re.search(r"\d", option)) for option in item.options}
        if item.answer_type in (AnswerType.DATE, AnswerType.NUMBER) and re.search(r"\d", item.answer):
            assert has_digit == {True}, item
            assert len({re.sub(r"[\d,.]+", "#", option) for option in item.options}) == 1, item
        if item.answer.startswith("《"):
            assert all(option.startswith("《") for option in item.options), item


def test_options_are_in_the_passages_script(built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]]) -> None:
    for passage, item in made(built, QuestionForm.MULTIPLE_CHOICE):
        script = detect_script(passage.context)
        assert item.script is script
        assert detect_script("".join(item.options)) in (script, Script.NEUTRAL), item


def test_the_right_option_stands_anywhere(built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]]) -> None:
    items = [item for _, item in made(built, QuestionForm.MULTIPLE_CHOICE) if len(item.options) == 4]
    places = [sum(item.correct_index == place for item in items) / len(items) for place in range(4)]
    assert min(places) > 0.1, places
    longest = sum(len(item.answer) > max(len(o) for o in item.options if o != item.answer) for item in items)
    assert longest / len(items) < 0.4, "the longest option is too often the right one"


def test_a_seed_gives_the_same_items_another_gives_others(quizzes: dict[str, tuple[QuizQuestion, ...]]) -> None:
    passage = PASSAGES[-1]
    questions = quizzes[passage.passage_id]
    for form in QuestionForm:
        fresh = Passage(passage.passage_id, passage.context)
        assert build_items(questions, passage, form, seed=5) == build_items(questions, fresh, form, seed=5)
    chosen = [build_items(questions, passage, QuestionForm.MULTIPLE_CHOICE, seed=seed).items for seed in (5, 6)]
    assert chosen[0] != chosen[1]
    assert [item.item_id for item in chosen[0]] == [item.item_id for item in chosen[1]]


@pytest.mark.parametrize(
    ("context", "answer", "answer_type", "never"),
    [
        ("車站在基隆、臺中和高雄設有分站，臺南和新竹沒有。", "基隆", AnswerType.PLACE, {"臺中", "高雄"}),
        ("世界衛生組織（WHO）成立於日內瓦。聯合國在紐約。", "世界衛生組織", AnswerType.ORGANISATION, {"WHO"}),
        ("番茄又稱西紅柿，原產於祕魯。馬鈴薯也是。", "番茄", AnswerType.TERM, {"西紅柿"}),
        ("他住在臺灣臺北，後來去了花蓮，又到了屏東和宜蘭。", "臺北", AnswerType.PLACE, {"臺灣"}),
        ("全長三十公里，寬30公里，高5公里。", "三十公里", AnswerType.NUMBER, {"30公里"}),
    ],
)
def test_what_may_be_right_as_well_is_no_option(
    context: str, answer: str, answer_type: AnswerType, never: set[str]
) -> None:
    for seed in range(8):
        question = asked(context, answer, answer_type=answer_type)
        (item,) = build_items([question], Passage("p", context), QuestionForm.MULTIPLE_CHOICE, seed=seed).items
        assert not never & set(item.options), item


def test_the_texts_own_names_come_first() -> None:
    context = "燈塔由林文海設計。1867年，王小明看守過它。後來趙子龍也到過那裡，工程師陳大山修繕了它。"
    item, _ = one_item(
        context, "林文海", QuestionForm.MULTIPLE_CHOICE, question="誰設計了燈塔？", answer_type=AnswerType.PERSON
    )
    in_text = [option for option in item.options if option in context]
    assert len(in_text) >= 3, item.options


@pytest.mark.parametrize(
    ("answer", "answer_type", "shape"),
    [
        ("1867年", AnswerType.DATE, r"1[78]\d\d年|19\d\d年|20[012]\d年"),
        ("民國十三年", AnswerType.DATE, r"民國[一二三四五六七八九十]{1,3}年"),
        ("1908年4月20日", AnswerType.DATE, r"[12]\d{3}年([1-9]|1[0-2])月([1-9]|1\d|2[0-8])日"),
        ("前221年", AnswerType.DATE, r"前\d{3}年"),
        ("十九世紀", AnswerType.DATE, r"[一二十][一二三四五六七八九十]{0,2}世紀"),
        ("80年代", AnswerType.DATE, r"[1-9]0年代"),
        ("98%", AnswerType.NUMBER, r"\d\d%"),
        ("3,952公尺", AnswerType.NUMBER, r"\d,\d{3}公尺"),
        ("三分之一", AnswerType.NUMBER, r"[二三四五六]分之[一二三四五]"),
        ("約三十個月", AnswerType.NUMBER, r"約[一二三四五六七八九]?十個月"),
        ("兩座", AnswerType.NUMBER, r"[一兩三四五六]座"),
        ("5到10人", AnswerType.NUMBER, r"\d{1,2}到\d{1,2}人"),
        ("１２８頁", AnswerType.NUMBER, r"[０-９]{2,3}頁"),
        ("2.4公里", AnswerType.NUMBER, r"\d\.\d公里"),
        ("六七個", AnswerType.NUMBER, r"(一二|二三|三四|四五|五六|六七|七八|八九)個"),
    ],
)
def test_other_numbers_are_plausible(answer: str, answer_type: AnswerType, shape: str) -> None:
    context = f"這件事和{answer}有關。"
    for seed in range(5):
        question = asked(context, answer, answer_type=answer_type)
        (item,) = build_items([question], Passage("p", context), QuestionForm.MULTIPLE_CHOICE, seed=seed).items
        assert len(item.options) == 4, item
        assert all(re.fullmatch(shape, option) for option in item.options), item.options
        assert len(set(item.options)) == 4


def test_options_of_our_own_list_end_alike() -> None:
    item, _ = one_item("化石發現於黑龍江省。", "黑龍江省", QuestionForm.MULTIPLE_CHOICE, answer_type=AnswerType.PLACE)
    assert len(item.options) == 4
    assert all(option.endswith("省") for option in item.options)


def test_numbers_stand_in_order() -> None:
    item, _ = one_item("全長235公里。", "235公里", QuestionForm.MULTIPLE_CHOICE, answer_type=AnswerType.NUMBER)
    values = [int(option.removesuffix("公里")) for option in item.options]
    assert values == sorted(values)


def test_no_distractor_leaves_a_short_answer_and_says_so() -> None:
    item, notices = one_item("因為山中土石鬆軟，工程延期。", "山中土石鬆軟", QuestionForm.MULTIPLE_CHOICE)
    assert (item.form, item.options, item.correct_index) == (QuestionForm.SHORT_ANSWER, (), None)
    (notice,) = notices
    assert notice.sentence().startswith("Item 1: fewer than two wrong options like “山中土石鬆軟” were found")


# Cloze


def test_no_cloze_sentence_shows_its_answer(built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]]) -> None:
    items = made(built, QuestionForm.CLOZE)
    assert len(items) >= 60
    for passage, item in items:
        assert item.statement is not None
        assert BLANK in item.statement
        assert not any(bare(item.answer) in bare(piece) for piece in item.statement.split(BLANK)), item
        assert item.statement.replace(BLANK, item.answer) in re.sub(r"\s*\n\s*", " ", passage.context)


def test_every_occurrence_is_blanked() -> None:
    item, _ = one_item("臺北是首都，台北的車站在臺北的中心。", "臺北", QuestionForm.CLOZE)
    assert item.statement == f"{BLANK}是首都，{BLANK}的車站在{BLANK}的中心。"
    item, _ = one_item("ＤＮＡ是遺傳物質，而dna的結構是雙螺旋，DNA很長。", "DNA", QuestionForm.CLOZE)
    assert item.statement == f"{BLANK}是遺傳物質，而{BLANK}的結構是雙螺旋，{BLANK}很長。"


def test_a_number_within_a_number_is_refused() -> None:
    item, (notice,) = one_item("長10公尺，重1005公斤，並且很高很大。", "10", QuestionForm.CLOZE)
    assert item.form is QuestionForm.SHORT_ANSWER
    assert notice.code == "sentence_shows_answer"
    item, (notice,) = one_item("上頜齒式是1.4.2.3，下頜很短很小。", "4.2", QuestionForm.CLOZE)
    assert (item.form, notice.code) == (QuestionForm.SHORT_ANSWER, "no_sentence")


def test_a_part_of_a_foreign_name_is_refused() -> None:
    context = "他的母親是瑪莉·衛斯理，父親在魔法部工作。"
    item, (notice,) = one_item(context, "莉·衛斯理", QuestionForm.CLOZE, answer_type=AnswerType.PERSON)
    assert (item.form, notice.code) == (QuestionForm.SHORT_ANSWER, "answer_is_cut")
    whole, _ = one_item(context, "瑪莉·衛斯理", QuestionForm.CLOZE, answer_type=AnswerType.PERSON)
    assert whole.statement == f"他的母親是{BLANK}，父親在魔法部工作。"


def test_a_sentence_that_is_all_answer_is_refused() -> None:
    item, (notice,) = one_item("他是林文海。", "林文海", QuestionForm.CLOZE)
    assert (item.form, notice.code) == (QuestionForm.SHORT_ANSWER, "sentence_too_short")


def test_a_pronoun_brings_its_sentence_along() -> None:
    context = "林文海生於基隆。因此，他設計的燈塔立在港口的東邊。"
    item, _ = one_item(context, "港口的東邊", QuestionForm.CLOZE)
    assert item.statement == f"林文海生於基隆。因此，他設計的燈塔立在{BLANK}。"


# True or false


def test_half_of_the_statements_are_false(built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]]) -> None:
    for _, one in built[QuestionForm.TRUE_FALSE]:
        judged = [item for item in one.items if item.form is QuestionForm.TRUE_FALSE]
        false = sum(item.is_true is False for item in judged)
        noticed = [notice for notice in one.notices if notice.code == "no_false_statement"]
        assert false in (len(judged) // 2, len(judged) - len(judged) // 2) or noticed, one


def test_statements_made_one_by_one_are_not_all_true(quizzes: dict[str, tuple[QuizQuestion, ...]]) -> None:
    alone = [
        build_items([question], each, QuestionForm.TRUE_FALSE).items[0]
        for each in PASSAGES
        for question in quizzes[each.passage_id]
    ]
    false = sum(item.is_true is False for item in alone)
    assert 0.3 * len(alone) < false < 0.7 * len(alone)


def test_a_false_statement_differs_in_the_answer_alone(
    built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]],
) -> None:
    for passage, item in made(built, QuestionForm.TRUE_FALSE):
        text = re.sub(r"\s*\n\s*", " ", passage.context)
        assert item.statement is not None
        if item.is_true:
            assert item.statement in text
            assert item.answer in item.statement
        else:
            assert item.statement not in text
            assert bare(item.answer) not in bare(item.statement), item
            start = next(
                i for i, (a, b) in enumerate(zip(item.statement, _true(item, passage), strict=False)) if a != b
            )
            assert item.statement[:start] in text


def _true(item: QuizItem, passage: Passage) -> str:
    """The sentence that a false statement was made of."""
    shown = change_form(item, passage, QuestionForm.TRUE_FALSE, is_true=True).items[0].statement
    assert shown is not None
    return shown


# Changing forms, items written by hand


def test_an_item_changes_its_form_and_back(quizzes: dict[str, tuple[QuizQuestion, ...]]) -> None:
    passage = PASSAGES[0]
    first = short_answer_item(quizzes[passage.passage_id][4], passage)
    item = first
    for form in (QuestionForm.MULTIPLE_CHOICE, QuestionForm.CLOZE, QuestionForm.TRUE_FALSE):
        item = change_form(item, passage, form).items[0]
        assert item.form is form
        assert item.item_id != first.item_id
    assert change_form(item, passage, QuestionForm.SHORT_ANSWER).items == (first,)


def test_an_item_written_by_hand_needs_no_passage() -> None:
    item = QuizItem(item_id="own", form=QuestionForm.SHORT_ANSWER, question="臺灣最高的山有多高？", answer="3,952公尺")
    choice = change_form(item, None, QuestionForm.MULTIPLE_CHOICE).items[0]
    assert len(choice.options) == 4
    cloze = change_form(item, None, QuestionForm.CLOZE, number=7)
    assert cloze.items[0].form is QuestionForm.SHORT_ANSWER
    assert cloze.notices[0].sentence(Language.TRADITIONAL) == "第7題：沒有含有答案的原文句子，改為簡答題。"


def test_two_questions_about_one_answer_have_two_ids() -> None:
    context = "燈塔由工程師林文海設計。"
    items = build_items([asked(context, "林文海"), asked(context, "林文海", "誰？")], Passage("p", context)).items
    assert items[1].item_id == f"{items[0].item_id}-2"


def test_hostile_passages_break_nothing() -> None:
    for context in (
        "\x00\x00林文海\x00設計了燈塔。",
        "<script>林文海</script>設計了燈塔和1867年的房子。",
        "林文海" * 3000,
        "1867年" + "一" * 5000 + "，由林文海設計" + "9" * 5000,
        "\ud800林文海設計了燈塔\u202e。",
    ):
        for form in QuestionForm:
            (item,) = build_items(
                [asked(context, "林文海", answer_type=AnswerType.PERSON)], Passage("p", context), form
            ).items
            assert item.answer == "林文海"
            assert item.prompt


# JSON, notices, words


def test_json_gives_back_the_item(built: dict[QuestionForm, list[tuple[Passage, BuiltItems]]]) -> None:
    for form in QuestionForm:
        for _, item in made(built, form)[:12]:
            assert read_item(json.loads(json.dumps(item.to_json()))) == item


def test_json_of_an_edited_item_is_checked() -> None:
    item = QuizItem(item_id="a", form=QuestionForm.CLOZE, question="誰？", answer="他", statement=f"{BLANK}來了。")
    edited = item.with_prompt(f"{BLANK}走了。")
    assert (edited.prompt, edited.question) == (f"{BLANK}走了。", "誰？")
    unfinished = dataclasses.replace(edited, answer="")
    assert read_item(unfinished.to_json()) == unfinished
    assert (faults_of(edited), faults_of(unfinished)) == ((), ("no_answer",))
    with pytest.raises(UserError, match=r"quiz\.json: item 3: expected a statement in a cloze item, found none"):
        read_item(dataclasses.replace(edited, statement=None).to_json(), where="quiz.json: item 3")


def test_every_notice_has_a_sentence_in_every_language() -> None:
    sources = [*REPOSITORY.glob("qgkd/question_forms/*.py"), *REPOSITORY.glob("qgkd/exports/*.py")]
    calls = [call for path in sources for call in re.findall(r'(?:Notice\.of\(|code=)"(\w+)"', path.read_text("utf-8"))]
    values = {
        "number": 3, "answer": "林文海", "found": 5, "wanted": 4, "limit": 4, "field": "question", "form": "cloze",
        "characters": "U+0000", "count": 2, "written": "→",
    }  # fmt: skip
    assert len(set(calls)) >= 14
    for code in set(calls) - {"answer"}:
        sentences = {Notice.of(code, **values).sentence(language) for language in Language}
        assert len(sentences) == 3, code
        assert not any("{" in sentence for sentence in sentences)
        assert all(sentence.endswith((".", "。")) for sentence in sentences)


def test_a_questions_probability_in_words() -> None:
    question = Question(text="誰？", answer=AnswerSpan(text="他", start_char=0))
    assert confidence_of(question) is Confidence.UNKNOWN
    words = [confidence_of(dataclasses.replace(question, mean_log_probability=value)) for value in (-0.01, -0.5, -3.0)]
    assert words == [Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW]
    twice = Question(
        text="在《某書》和《某書》和《某書》？", answer=AnswerSpan(text="他", start_char=0), mean_log_probability=-0.01
    )
    assert confidence_of(twice) is Confidence.LOW
    unfinished = dataclasses.replace(question, mean_log_probability=-0.01, finished=False)
    assert confidence_of(unfinished) is Confidence.LOW


def test_the_language_is_that_of_the_items() -> None:
    item = QuizItem(item_id="a", form=QuestionForm.SHORT_ANSWER, question="燈塔由誰設計？", answer="林文海")
    assert language_of([item]) is Language.TRADITIONAL
    assert language_of([dataclasses.replace(item, question="灯塔由谁设计？")]) is Language.SIMPLIFIED
    assert language_of([dataclasses.replace(item, question="Who?", answer="me")]) is Language.TRADITIONAL
