from __future__ import annotations

import random

import pytest

from qgkd.generator import GenerationRequest
from qgkd.rule import RuleGenerator, synthetic_variants

GENERATOR = RuleGenerator()
HARBOUR = (
    "燈塔建於1867年，由工程師林文海設計，高32公尺。1902年，颱風毀了塔頂。為了修復燈塔，居民籌集了五萬元。"
    "因為船隻常常觸礁，政府在北岸另建了第二座燈塔。此外，林文海還設計了港口的三座橋樑；他在愛丁堡大學學習"
    "海岸工程（Coastal Engineering），著有《潮水與石》。北岸的燈塔（白色）由陳婉如設計，她是林文海的學生。"
)
HARBOUR_SIMPLIFIED = (
    "灯塔建于1867年，由工程师林文海设计，高32公尺。1902年，台风毁了塔顶。为了修复灯塔，居民筹集了五万元。"
    "因为船只常常触礁，政府在北岸另建了第二座灯塔。"
)


def _request(context: str, answer: str, occurrence: int = 0) -> GenerationRequest:
    start_char = -1
    for _ in range(occurrence + 1):
        start_char = context.index(answer, start_char + 1)
    return GenerationRequest(context=context, answer_text=answer, answer_start_char=start_char)


def _questions(context: str, answer: str, occurrence: int = 0, count: int = 1) -> list[str]:
    found = GENERATOR.generate([_request(context, answer, occurrence)], questions_per_answer=count)
    return [question.text for question in found[0]]


@pytest.mark.parametrize(
    ("context", "answer", "word"),
    [
        ("燈塔由林文海設計。", "林文海", "誰"),
        ("工程師林文海設計了燈塔。", "林文海", "哪一位工程師"),
        ("林文海生於葡萄牙。", "葡萄牙", "哪一個國家"),
        ("林文海在愛丁堡大學學習。", "愛丁堡大學", "哪一所大學"),
        ("船隊沿著濁水溪前進。", "濁水溪", "哪一條河流"),
        ("鐵路由東海開發公司興建。", "東海開發公司", "哪一家公司"),
        ("燈塔建於1867年。", "1867年", "哪一年"),
        ("燈塔建於1867年。", "1867", "哪一年"),
        ("燈塔在每年5月開放。", "5月", "幾月"),
        ("燈塔在5月3日開放。", "5月3日", "哪一天"),
        ("這種船出現於3世紀。", "3世紀", "哪個世紀"),
        ("燈塔高32公尺。", "32公尺", "多少公尺"),
        ("燈塔高32公尺。", "32", "多少公尺"),
        ("林文海設計了三座橋樑。", "三座", "幾座橋樑"),
        ("農地占全島的40%。", "40%", "多少比例"),
        ("林文海著有《潮水與石》。", "《潮水與石》", "哪一部作品"),
        ("植物靠光合作用製造養分。", "光合作用", "什麼"),
        ("居民信奉基督教。", "基督教", "哪一種宗教"),
        ("這裡簡稱北港。", "北港", "什麼"),
    ],
)
def test_question_word_of_each_kind(context: str, answer: str, word: str) -> None:
    question = _questions(context, answer)[0]
    assert word in question
    assert answer not in question
    assert question.endswith("？")


def test_simplified_passages_get_simplified_questions() -> None:
    assert _questions(HARBOUR_SIMPLIFIED, "林文海")[0] == "灯塔建于1867年，是由哪一位工程师设计的？"
    assert _questions("灯塔由林文海设计。", "林文海")[0] == "灯塔是由谁设计的？"
    # 里 and 后 have two Traditional forms; the passage's own characters come back.
    assert _questions("皇后在城里见了林文海。", "林文海")[0] == "皇后在城里见了谁？"


def test_latin_names_and_digits_stay_as_they_are() -> None:
    assert "iPhone 12" in _questions("NASA 在2019年用 iPhone 12 拍下燈塔。", "2019年")[0]


def test_time_at_the_front_moves_behind_the_subject() -> None:
    assert _questions(HARBOUR, "1902年")[0] == "颱風在哪一年毀了塔頂？"


def test_reason_is_asked_with_why() -> None:
    assert _questions(HARBOUR, "船隻常常觸礁")[0] == "政府為什麼在北岸另建了第二座燈塔？"


def test_missing_subject_is_supplied() -> None:
    context = "林文海是港口的總工程師，負責海岸一帶所有道路、碼頭與橋樑的規劃與興建工作，於1889年離開愛丁堡大學。"
    question = _questions(context, "1889年")[0]
    assert question.startswith("林文海")


def test_leading_connectives_and_asides_are_left_out() -> None:
    assert not _questions(HARBOUR, "三座")[0].startswith("此外")
    assert "白色" not in _questions(HARBOUR, "陳婉如")[0]


def test_the_chosen_occurrence_is_asked_about() -> None:
    first, second = _questions(HARBOUR, "林文海", 0)[0], _questions(HARBOUR, "林文海", 1)[0]
    last = _questions(HARBOUR, "林文海", 2)[0]
    assert len({first, second, last}) == 3
    assert "1867年" in first
    assert "橋樑" in second
    assert "學生" in last


def test_variants_are_distinct_and_as_many_as_asked_for() -> None:
    questions = _questions(HARBOUR, "1902年", count=4)
    assert len(questions) == len(set(questions)) == 4
    assert all(question.endswith("？") and "1902年" not in question for question in questions)


def test_requests_keep_their_order_and_are_deterministic() -> None:
    requests = [_request(HARBOUR, "1867年"), _request(HARBOUR, "陳婉如"), _request(HARBOUR_SIMPLIFIED, "五万元")]
    found = GENERATOR.generate(requests, questions_per_answer=3)
    assert [questions[0].answer_text for questions in found] == ["1867年", "陳婉如", "五万元"]
    assert found == GENERATOR.generate(requests, questions_per_answer=3)


def test_wrong_offset_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="is not at character 3"):
        GENERATOR.generate([GenerationRequest(context=HARBOUR, answer_text="林文海", answer_start_char=3)])


@pytest.mark.parametrize("context", [HARBOUR, HARBOUR_SIMPLIFIED, "Lighthouse 😀 12, 34（港口「燈塔", "燈塔"])
def test_any_span_gets_a_question(context: str) -> None:
    rng = random.Random(7)
    for _ in range(150):
        start_char = rng.randrange(len(context))
        end_char = rng.randint(start_char + 1, min(len(context), start_char + 30))
        request = GenerationRequest(
            context=context, answer_text=context[start_char:end_char], answer_start_char=start_char
        )
        questions = GENERATOR.generate([request], questions_per_answer=5)[0]
        texts = [question.text for question in questions]
        assert texts
        assert len(set(texts)) == len(texts)
        assert all(text.endswith("？") and len(text) > 1 for text in texts)


def test_far_ends_of_a_long_passage_are_reached() -> None:
    context = "海風很大，浪也很高。" * 12_000 + "燈塔由林文海設計。"
    assert _questions(context, "林文海")[0] == "燈塔是由誰設計的？"


def test_synthetic_questions_follow_their_seed() -> None:
    start_char = HARBOUR.index("1902年")
    end_char = start_char + len("1902年")
    questions = [synthetic_variants(HARBOUR, start_char, end_char, random.Random(seed)) for seed in range(30)]
    assert questions == [synthetic_variants(HARBOUR, start_char, end_char, random.Random(seed)) for seed in range(30)]
    assert len(set(questions)) >= 3
    assert all(question.endswith("？") and "1902年" not in question for question in questions)
