"""The sheet as teachers print it: the passage, points, rooms to write in, options in a row, versions with keys."""

from __future__ import annotations

import io
import re
from pathlib import Path

import docx
import pytest

from qgkd.cli import main
from qgkd.errors import UserError
from qgkd.exports.export import ExportSettings, Sheet
from qgkd.exports.formats import export_quiz, format_named
from qgkd.question_forms import QuestionForm, QuizItem


def choice(question: str, options: tuple[str, ...], right: int) -> QuizItem:
    return QuizItem(
        item_id=question,
        form=QuestionForm.MULTIPLE_CHOICE,
        question=question,
        answer=options[right],
        options=options,
        correct_index=right,
    )


SHORT = ("稻米", "甘蔗", "茶葉", "樟腦")
ITEMS = [
    choice("山腳種什麼？", SHORT, 2),
    choice("誰來了？", ("林先生和他的兩個兄弟", "陳先生和他的三個女兒", "王先生", "李先生"), 0),
    choice("為什麼？", ("因為颱風從東邊登陸之後整整下了三天三夜的大雨", "不知道", "沒有人說過", "都對"), 3),
    QuizItem(item_id="t", form=QuestionForm.TRUE_FALSE, question="", answer="", statement="山很高。", is_true=True),
    QuizItem(item_id="s", form=QuestionForm.SHORT_ANSWER, question="誰設計了橋？", answer="林文海"),
]


def lines_of(**settings: object) -> list[str]:
    content = export_quiz(ITEMS, "山", format_named("word"), settings=ExportSettings(**settings)).content
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]


def test_room_stands_before_what_is_chosen_and_short_options_in_a_row() -> None:
    lines = lines_of(sheet=Sheet.STUDENT)
    assert [line for line in lines if re.match(r"(（　　）)?\d\. ", line)] == [
        "（　　）1. 山腳種什麼？",
        "（　　）2. 誰來了？",
        "（　　）3. 為什麼？",
        "（　　）4. 山很高。",
        "5. 誰設計了橋？",
    ]
    rows = [line.count("\t") + 1 for line in lines if line.startswith(("A. ", "B. ", "C. ", "D. "))]
    assert rows == [4, 2, 2, 1, 1, 1, 1]


def test_the_passage_and_the_points_stand_above_the_questions() -> None:
    lines = lines_of(sheet=Sheet.STUDENT, passages=("第一段。\n\n第二段。",), points=4)
    at = lines.index("第一段。")
    assert lines[at + 1] == "第二段。"
    assert "共 5 題，每題 4 分，總分 20 分" in lines[at - 1]
    assert lines[at + 2].startswith("（　　）1. ")
    assert not any("分，總分" in line for line in lines_of())


def versions(lines: list[str], heading: str) -> list[str]:
    """The lines under a heading, up to the next page."""
    start = lines.index(heading) + 1
    end = next((at for at in range(start, len(lines)) if lines[at].strip() == ""), len(lines))
    return lines[start:end]


def test_each_version_has_its_own_order_and_the_key_that_fits() -> None:
    lines = lines_of(versions=2)
    assert [line for line in lines if line.startswith("山 ")] == [
        "山 A 卷",
        "山 B 卷",
        "山 A 卷 參考答案",
        "山 B 卷 參考答案",
    ]
    orders, letters = {}, {}
    for letter in "AB":
        sheet = "\n".join(versions(lines, f"山 {letter} 卷"))
        key = dict(line.split(". ", 1) for line in versions(lines, f"山 {letter} 卷 參考答案"))
        questions = dict(re.findall(r"(?m)^(?:（　　）)?(\d)\. (.*)$", sheet))
        orders[letter] = list(questions.values())
        for number, question in questions.items():
            (item,) = [item for item in ITEMS if item.prompt == question]
            if item.options:
                part = sheet.partition(f"{number}. {question}\n")[2]
                shown = re.split(r"[\t\n]", part)[: [*re.split(r"[\t\n]", part)].index(key[number]) + 1]
                assert key[number].endswith(f". {item.answer}")
                assert key[number] in shown[-1]
                letters.setdefault(question, []).append(key[number][0])
    assert sorted(orders["A"]) == sorted(orders["B"])
    assert orders["A"] != orders["B"]
    assert orders["A"] == [item.prompt for item in ITEMS]
    assert all(one != other for one, other in letters.values())
    assert lines == lines_of(versions=2), "a key printed later has to fit"


def test_html_prints_the_same() -> None:
    settings = ExportSettings(versions=2, points=4, passages=("<課文>",))
    text = export_quiz(ITEMS, "山", format_named("html"), settings=settings).content.decode()
    assert text.count("&lt;課文&gt;") == 2
    assert text.count("每題 4 分") == 2
    assert "山 B 卷 參考答案" in text
    assert text.count("repeat(4, 1fr)") == 2


@pytest.mark.parametrize("settings", [ExportSettings(versions=0), ExportSettings(versions=9), ExportSettings(points=0)])
def test_settings_that_are_none_are_a_sentence(settings: ExportSettings) -> None:
    with pytest.raises(UserError, match="expected 1 to"):
        export_quiz(ITEMS, "山", format_named("word"), settings=settings)


def test_the_command_line_takes_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    passage, path = tmp_path / "a.txt", tmp_path / "橋.docx"
    passage.write_text("這座橋由工程師林文海設計，建於1867年。橋長約235公尺，連接臺南和高雄。", "utf-8")
    command = ["generate", str(passage), "-n", "2", "--system", "rule", "--export", str(path)]
    assert main([*command, "--with-passage", "--points", "10", "--versions", "2", "--sheet", "student"]) == 0
    lines = [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]
    assert sum(line.startswith("這座橋由") and "235公尺" in line for line in lines) == 2
    assert sum("總分 20 分" in line for line in lines) == 2
    assert "橋 B 卷" in lines
    assert not any("參考答案" in line for line in lines)
