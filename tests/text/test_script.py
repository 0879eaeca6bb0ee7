"""Scripts: detection, conversion, and conversion that keeps every character's offset."""

from __future__ import annotations

from pathlib import Path

import pytest

from qgkd.text.script import (
    Script,
    detect_script,
    to_simplified,
    to_simplified_aligned,
    to_traditional,
    to_traditional_aligned,
)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("臺灣的鐵路", Script.TRADITIONAL),
        ("台灣", Script.TRADITIONAL),
        ("台湾的铁路", Script.SIMPLIFIED),
        ("公里", Script.NEUTRAL),
        ("", Script.NEUTRAL),
        ("DNA 1953", Script.NEUTRAL),
        ("国國", Script.NEUTRAL),
        ("作者陳寅恪是历史学家，写过许多书。", Script.SIMPLIFIED),
    ],
)
def test_detect(text: str, script: Script) -> None:
    assert detect_script(text) is script


def test_characters_are_chosen_by_phrase() -> None:
    assert to_traditional("发现头发在里面") == "發現頭髮在裡面"
    assert to_simplified("發現頭髮在裡面") == "发现头发在里面"


def test_regional_words_are_not_replaced() -> None:
    assert to_traditional("软件") == "軟件"


@pytest.mark.parametrize(
    "text", ["", "发\n\n现。", "头发\x00里\ud83d面", "a b\tc，发", "😀发现𠮷", "，，。", "只有一只干净的面条，后来皇后"]
)
def test_aligned_keeps_the_length_and_unusual_characters(text: str) -> None:
    for convert in (to_traditional_aligned, to_simplified_aligned):
        converted = convert(text)
        assert len(converted) == len(text)
        for before, after in zip(text, converted, strict=True):
            assert before == after or "\u3400" <= before <= "\u9fff"


def test_aligned_falls_back_where_a_phrase_changes_length(monkeypatch: pytest.MonkeyPatch) -> None:
    def convert(text: str) -> str:
        return text.replace("打印机", "印表機用").replace("机", "機")

    monkeypatch.setattr("qgkd.text.script._converter", lambda _config: convert)
    assert to_traditional_aligned("打印机，机。") == "打印機，機。"


def test_aligned_is_the_plain_conversion_on_public_text(shared_folder: Path) -> None:
    import json

    articles = json.loads((shared_folder / "data/cmrc2018/cmrc2018_trial.json").read_text("utf-8"))["data"]
    for paragraph in (paragraph for article in articles for paragraph in article["paragraphs"]):
        context = paragraph["context"]
        assert to_traditional_aligned(context) == to_traditional(context)
        assert detect_script(context) is Script.SIMPLIFIED
        assert detect_script(to_traditional(context)) is Script.TRADITIONAL


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("岛上只有一个中学，走两万里也到不了", "島上只有一個中學，走兩萬里也到不了"),
        ("但是只有三只鸭子，这只是开始", "但是只有三隻鴨子，這只是開始"),
        ("屋里三只猫，村里住着九个中医", "屋裡三隻貓，村裡住著九個中醫"),
        ("她说明了原因，为了解决渴水，你想了解历史", "她說明了原因，為了解決渴水，你想瞭解歷史"),
        ("学生发起募捐，头发生长得慢，疾病一直发展", "學生發起募捐，頭髮生長得慢，疾病一直發展"),
        ("限制造成不便，里面包含面包，舞台风格", "限制造成不便，裡面包含麵包，舞臺風格"),
        ("恢复制度，关系统计，十里长街", "恢復制度，關係統計，十里長街"),
        ("画家弗里德里克在城里，并成为院长", "畫家弗里德里克在城裡，並成為院長"),
        ("皇后后来在干净的理发店吃面", "皇后後來在乾淨的理髮店吃麵"),
    ],
)
def test_words_decide_where_a_character_has_several(simplified: str, traditional: str) -> None:
    assert to_traditional(simplified) == to_traditional_aligned(simplified) == traditional


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("孩子們看著海，唱著歌，隨著浪走", "孩子们看着海，唱着歌，随着浪走"),
        ("他著有三部名著，原著顯著地長", "他著有三部名著，原著显著地长"),
        ("土著坐著看著書，編著者著名", "土著坐着看着书，编著者著名"),
        ("執著、附著、沉著、穿著、著手、著急", "执着、附着、沉着、穿着、着手、着急"),
        ("乾隆年間的餅乾，一隻鐘，隻身在裡面", "乾隆年间的饼干，一只钟，只身在里面"),
    ],
)
def test_zhu_is_written_as_the_mainland_does(traditional: str, simplified: str) -> None:
    assert to_simplified(traditional) == to_simplified_aligned(traditional) == simplified
