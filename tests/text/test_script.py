"""Telling the scripts apart, converting, and keeping every character's place."""

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


def test_words_of_the_region_stay() -> None:
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
