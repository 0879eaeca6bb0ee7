"""Question vocabulary is learnt from people's questions and kept in the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qgkd.errors import UserError
from qgkd.model_recipe.question_vocabulary import load_vocabulary, put_into_record, question_vocabulary, save_vocabulary
from qgkd.reading.examples import QGExample


def example(context: str, question: str) -> QGExample:
    return QGExample(example_id="1", context=context, answer_text=context[0], answer_start_char=0, question=question)


def test_what_passages_lack_and_many_questions_have() -> None:
    common = [example("燈塔在港口", "燈塔在哪裡 1 a？")] * 2399
    rare = [example("燈塔在港口", "僧在哪裡？")]
    vocabulary = question_vocabulary([*common, *rare])
    assert set(vocabulary) == set("哪裡？")  # not the passage's 燈塔, not 僧 of one in 2,400, no digit, no letter


def test_it_is_kept(tmp_path: Path) -> None:
    assert load_vocabulary(tmp_path) == ""
    save_vocabulary(tmp_path, "哪裡？")
    assert load_vocabulary(tmp_path) == "哪裡？"
    with pytest.raises(UserError, match="expected a model folder"):
        put_into_record(tmp_path, "哪裡？")
    (tmp_path / "qgkd.json").write_text(json.dumps({"format": {}, "script": "traditional"}), "utf-8")
    put_into_record(tmp_path, "哪裡？")
    record = json.loads((tmp_path / "qgkd.json").read_text("utf-8"))
    assert record == {"format": {}, "script": "traditional", "question_vocabulary": "哪裡？"}
