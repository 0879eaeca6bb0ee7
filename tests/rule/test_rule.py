from __future__ import annotations

import random

import pytest
from generation_requests import request

from qgkd.answer import AnswerSpan
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


def _questions(context: str, answer: str, occurrence: int = 0, count: int = 1) -> list[str]:
    found = GENERATOR.generate([request(context, answer, occurrence)], questions_per_answer=count)
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
def test_question_word_of_each_answer_type(context: str, answer: str, word: str) -> None:
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


def test_a_time_at_the_front_moves_after_the_subject() -> None:
    assert _questions(HARBOUR, "1902年")[0] == "颱風在哪一年毀了塔頂？"


def test_a_reason_gets_a_why_question() -> None:
    assert _questions(HARBOUR, "船隻常常觸礁")[0] == "政府為什麼在北岸另建了第二座燈塔？"


def test_a_missing_subject_is_added() -> None:
    context = "林文海是港口的總工程師，負責海岸一帶所有道路、碼頭與橋樑的規劃與興建工作，於1889年離開愛丁堡大學。"
    question = _questions(context, "1889年")[0]
    assert question.startswith("林文海")


def test_leading_connectives_and_asides_are_left_out() -> None:
    assert not _questions(HARBOUR, "三座")[0].startswith("此外")
    assert "白色" not in _questions(HARBOUR, "陳婉如")[0]


def test_the_question_is_about_the_given_occurrence() -> None:
    first, second = _questions(HARBOUR, "林文海", 0)[0], _questions(HARBOUR, "林文海", 1)[0]
    last = _questions(HARBOUR, "林文海", 2)[0]
    assert len({first, second, last}) == 3
    assert "1867年" in first
    assert "橋樑" in second
    assert "學生" in last


def test_variants_are_distinct_and_as_many_as_requested() -> None:
    questions = _questions(HARBOUR, "1902年", count=4)
    assert len(questions) == len(set(questions)) == 4
    assert all(question.endswith("？") and "1902年" not in question for question in questions)


def test_requests_keep_their_order_and_are_deterministic() -> None:
    requests = [request(HARBOUR, "1867年"), request(HARBOUR, "陳婉如"), request(HARBOUR_SIMPLIFIED, "五万元")]
    found = GENERATOR.generate(requests, questions_per_answer=3)
    assert [questions[0].answer.text for questions in found] == ["1867年", "陳婉如", "五万元"]
    assert found == GENERATOR.generate(requests, questions_per_answer=3)


def test_wrong_offset_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="is not at characters 3 to 6"):
        GENERATOR.generate([GenerationRequest(context=HARBOUR, answer=AnswerSpan(text="林文海", start_char=3))])


@pytest.mark.parametrize("context", [HARBOUR, HARBOUR_SIMPLIFIED, "Lighthouse 😀 12, 34（港口「燈塔", "燈塔"])
def test_any_span_gets_a_question(context: str) -> None:
    rng = random.Random(7)
    for _ in range(150):
        start_char = rng.randrange(len(context))
        end_char = rng.randint(start_char + 1, min(len(context), start_char + 30))
        request = GenerationRequest(
            context=context, answer=AnswerSpan(text=context[start_char:end_char], start_char=start_char)
        )
        questions = GENERATOR.generate([request], questions_per_answer=5)[0]
        texts = [question.text for question in questions]
        assert texts
        assert len(set(texts)) == len(texts)
        assert all(text.endswith("？") and len(text) > 1 for text in texts)


def test_answers_at_both_ends_of_a_long_passage() -> None:
    context = "海風很大，浪也很高。" * 12_000 + "燈塔由林文海設計。"
    assert _questions(context, "林文海")[0] == "燈塔是由誰設計的？"


def test_synthetic_questions_follow_their_seed() -> None:
    start_char = HARBOUR.index("1902年")
    end_char = start_char + len("1902年")
    questions = [synthetic_variants(HARBOUR, start_char, end_char, random.Random(seed)) for seed in range(30)]
    assert questions == [synthetic_variants(HARBOUR, start_char, end_char, random.Random(seed)) for seed in range(30)]
    assert len(set(questions)) >= 3
    assert all(question.endswith("？") and "1902年" not in question for question in questions)


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("南投縣", "北山座落在嘉義縣、高雄市和哪一個縣的交界處？"),
        ("嘉義縣", "北山座落在南投縣、高雄市和哪一個縣的交界處？"),
        ("高雄市", "北山座落在南投縣、嘉義縣和哪一個城市的交界處？"),
        ("南投縣、嘉義縣和高雄市", "北山座落在哪些地方的交界處？"),
    ],
)
def test_a_member_of_an_enumeration_moves_to_the_end(answer: str, question: str) -> None:
    assert _questions("北山座落在南投縣、嘉義縣和高雄市的交界處。", answer)[0] == question


def test_members_of_one_class_are_asked_about_by_its_name() -> None:
    assert _questions("河水穿過瞿塘峽、巫峽和西陵峽。", "瞿塘峽、巫峽和西陵峽")[0] == "河水穿過哪些峽谷？"


def test_the_day_goes_with_its_year() -> None:
    assert _questions("國家公園在1985年4月10日成立。", "1985年")[0] == "國家公園在哪一年成立？"
    assert "4月10日" not in _questions("1985年4月10日，國家公園成立。", "1985年")[0]


def test_reported_speech_stays_in_the_question() -> None:
    question = _questions("1838年，植物學家林文海提出，所有植物都由細胞構成。", "1838年")[0]
    assert question == "植物學家林文海在哪一年提出所有植物都由細胞構成？"


def test_no_subject_is_added_where_the_sentence_has_one() -> None:
    context = "日本政府修了路。住在附近的布農族和鄒族，也各自流傳著大洪水的傳說。"
    question = _questions(context, "布農族")[0]
    assert "日本政府" not in question
    assert question.startswith("住在附近的鄒族和哪一個民族")
    context = "細胞是生命的單位。從1673年起，他不斷寫信給學會。"
    assert _questions(context, "1673年")[0] == "從哪一年起，他不斷寫信給學會？"


@pytest.mark.parametrize(
    ("context", "answer", "question"),
    [
        ("玉山是臺灣的最高峰。它位於南投縣。", "南投縣", "玉山位於哪一個縣？"),
        ("科學家胡克出版了一本書。1902年，他離開了南投縣。", "南投縣", "科學家胡克離開了哪一個縣？"),
        # Two persons: it is unclear to whom 他 refers, so the sentence before is quoted.
        ("林文海見了陳婉如。他寫了三十封信。", "三十封", "林文海見了陳婉如，他寫了多少封信？"),
    ],
)
def test_a_pronoun_is_replaced_where_its_antecedent_is_certain(context: str, answer: str, question: str) -> None:
    written = _questions(context, answer)[0]
    assert written.removeprefix("1902年，") == question


def test_a_property_gets_its_owner() -> None:
    context = "最難的工程是獅球嶺隧道，全長約235公尺，山中土石鬆軟。"
    assert _questions(context, "235公尺")[0] == "最難的工程是獅球嶺隧道，全長約多少公尺？"


@pytest.mark.parametrize(
    ("context", "answer", "word"),
    [
        ("中國和法國是常任理事國。", "常任理事國", "是什麼"),
        ("第一任秘書長是挪威人賴伊。", "挪威人賴伊", "是誰"),
        ("他看見蜂窩狀的小格子。", "小格子", "什麼"),
        ("在葉綠體裡，光能被吸收。", "葉綠體", "什麼"),
        ("館裡藏有《平家物語》。", "《平家物語》", "哪一部作品"),
        ("他買下了通俗報紙《太陽報》。", "《太陽報》", "哪一份通俗報紙"),
        ("會議在1980年代末期召開。", "1980年代末期", "哪個年代"),
    ],
)
def test_class_of_the_question_word(context: str, answer: str, word: str) -> None:
    assert word in _questions(context, answer)[0]


def test_a_date_before_the_subject_stays_in_front() -> None:
    assert _questions("1891年，基隆到臺北的路段通車。", "1891年")[0] == "哪一年，基隆到臺北的路段通車？"


def test_a_why_question_with_a_date_includes_the_event() -> None:
    context = "為了恢復水中的生物，從2021年1月1日起，長江實行十年的禁漁。"
    assert "實行十年的禁漁" in _questions(context, "恢復水中的生物")[0]
    assert _questions("因此居民挑水以便於灌溉。", "灌溉")[0] == "居民挑水以便於什麼？"
