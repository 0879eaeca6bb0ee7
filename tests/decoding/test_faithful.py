"""Faithful decoding: a question holds nothing but the passage's words and question vocabulary."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch
from tiny_model import tiny_bert
from transformers import BertTokenizerFast

from qgkd.answer import AnswerSpan
from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.decoding.constraints import Constraints
from qgkd.decoding.faithful import Faithfulness, wording_of
from qgkd.decoding.generator import ModelGenerator
from qgkd.decoding.settings import DecodingSettings, decoding_of
from qgkd.generator import GenerationRequest
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.source import PassageEncoder

PASSAGE = "玄奘住在3952公尺的山上，1,200人與Newton寫了三百二十封信，共3.14斤，在三月十五日寄出。"
WORDING = "什麼哪一幾年個誰？的"
PIECES = ["39", "##52", "12", "1", "##00", "200", "3", "14", "7", "new", "##t", "##on", "york", "."]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("model")
    characters = sorted(set(re.sub("[0-9A-Za-z.]", "", PASSAGE)) | set(WORDING) | set("色僧海日百六蔣渭水"))
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *PIECES]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    limits = {"max_total_tokens": 160, "max_question_tokens": 24, "max_answer_tokens": 10, "attention": "prefix"}
    record = {"question_vocabulary": WORDING}
    return Checkpoint(
        name="tiny",
        model=tiny_bert(len(tokens)),
        tokenizer=tokenizer,
        input_format=InputFormat(**limits),
        record=record,
    )


def following(
    checkpoint: Checkpoint,
    *question: str,
    passage: str = PASSAGE,
    answer: tuple[int, int] = (0, 2),
    wording: str = WORDING,
) -> set[str]:
    tokenizer = checkpoint.tokenizer
    source = PassageEncoder(tokenizer, checkpoint.input_format, passage).source(*answer)
    rules = Faithfulness(source, wording_of(tokenizer, wording), tokenizer.sep_token_id, len(tokenizer))
    allowed = rules.allowed(tokenizer.convert_tokens_to_ids(list(question)))
    return set(tokenizer.convert_ids_to_tokens(allowed.nonzero()[:, 0].tolist()))


def test_characters_are_the_passages_or_question_vocabulary(checkpoint: Checkpoint) -> None:
    first = following(checkpoint)
    assert {"玄", "什", "哪", "一", "個", "寄", "，", "[SEP]"} <= first
    assert not {"色", "僧", "海", "六", "york", "7", "12"} & first


def test_names_are_whole(checkpoint: Checkpoint) -> None:
    assert "奘" not in following(checkpoint)
    assert "奘" not in following(checkpoint, "住")
    assert following(checkpoint, "玄") == {"奘"}
    assert {"住", "什", "[SEP]", "玄"} <= following(checkpoint, "玄", "奘")


def test_wording_within_a_name_stays_free(checkpoint: Checkpoint) -> None:
    after = following(checkpoint, "玄", wording="什麼玄")
    assert {"住", "什", "奘", "[SEP]"} <= after
    assert "奘" not in following(checkpoint, "什", wording="什麼玄")


def test_a_surname_belongs_to_its_name(checkpoint: Checkpoint) -> None:
    passage = "蔣渭水在山上住。"
    assert following(checkpoint, "蔣", passage=passage, answer=(4, 5)) == {"渭"}
    assert following(checkpoint, "蔣", "渭", passage=passage, answer=(4, 5)) == {"水"}
    assert "水" not in following(checkpoint, passage=passage, answer=(4, 5))


def test_a_name_keeps_its_unknown_character(checkpoint: Checkpoint) -> None:
    assert following(checkpoint, "僧", passage="僧龘海住山上。", answer=(4, 5)) == {"[UNK]"}
    assert "住" in following(checkpoint, "僧", passage="僧龘海住山上，僧住海上。", answer=(4, 5))


def test_a_character_outside_names_needs_nothing_before_it(checkpoint: Checkpoint) -> None:
    passage = "玄奘住山上，奘在寄信。"
    assert "奘" in following(checkpoint, "住", passage=passage, answer=(3, 4))


def test_a_name_that_the_answer_cuts_is_no_name(checkpoint: Checkpoint) -> None:
    assert "奘" in following(checkpoint, answer=(0, 1))
    assert {"住", "什"} <= following(checkpoint, "玄", answer=(0, 1))


def test_numbers_and_latin_words_are_whole(checkpoint: Checkpoint) -> None:
    assert {"39", "new", "1", "3"} <= following(checkpoint)
    assert not {"##52", "52", "200", "14", "##on"} & following(checkpoint)
    assert following(checkpoint, "39") == {"##52"}
    assert following(checkpoint, "高", "new") == {"##t"}
    assert following(checkpoint, "new", "##t") == {"##on"}
    assert following(checkpoint, "1") == {","}
    assert following(checkpoint, "1", ",") == {"200"}
    assert following(checkpoint, "3") == {"."}
    assert {"公", "？", "[SEP]"} <= following(checkpoint, "39", "##52")


def test_no_number_is_put_beside_another(checkpoint: Checkpoint) -> None:
    assert not {"39", "1", "三", "一"} & following(checkpoint, "39", "##52")
    assert {"39", "1"} <= following(checkpoint, "39", "##52", "的")


def test_han_numerals_are_whole_unless_wording(checkpoint: Checkpoint) -> None:
    assert following(checkpoint, "三", "百", "二") == {"十"}
    assert {"封", "什", "[SEP]"} <= following(checkpoint, "三", "百", "二", "十")
    assert {"個", "年"} <= following(checkpoint, "哪", "一")
    assert following(checkpoint, "十") == {"五"}  # of 十五
    assert "百" not in following(checkpoint)  # only inside 三百二十
    assert "月" in following(checkpoint, "三")  # 三月, beside 三百二十


def test_numbers_apart_are_two(checkpoint: Checkpoint) -> None:
    both = following(checkpoint, "39", "##52", passage="玄奘 3952 7 人")
    assert {"7", "人"} <= both
    after = following(checkpoint, "7", passage="玄奘 3952 7 人")
    assert {"人", "[SEP]"} <= after
    assert "39" not in after  # the passage has them the other way round


def test_an_answer_that_cuts_a_number_is_no_number(checkpoint: Checkpoint) -> None:
    start = PASSAGE.index("二十封")
    assert following(checkpoint, "三", "百", "二", answer=(start, start + 1)) == {"十"}
    assert "二" not in following(checkpoint, answer=(start, start + 1))


def test_other_rules_do_not_end_a_number(checkpoint: Checkpoint) -> None:
    tokenizer = checkpoint.tokenizer
    settings = DecodingSettings(question_vocabulary=WORDING, no_repeat_ngram_tokens=1)
    source = PassageEncoder(tokenizer, checkpoint.input_format, PASSAGE).source(0, 2)
    rules = Constraints(tokenizer, [source], settings, len(tokenizer))
    question = tokenizer.convert_tokens_to_ids(["39", "##52", "的", "39", "##52", "個", "39"])
    allowed = rules.apply(torch.zeros(1, len(tokenizer)), [0], [question])[0]
    assert tokenizer.convert_ids_to_tokens(torch.isfinite(allowed).nonzero()[:, 0].tolist()) == ["##52"]


def test_on_where_the_record_has_a_vocabulary(checkpoint: Checkpoint) -> None:
    assert decoding_of(checkpoint, {}).faithful
    assert decoding_of(checkpoint, {}).question_vocabulary == WORDING
    assert not decoding_of(checkpoint, {"faithful": False}).faithful
    assert decoding_of(replace(checkpoint, record={}), {}).question_vocabulary == ""


@pytest.mark.parametrize("attention", ["prefix", "recurrent"])
@pytest.mark.parametrize("search", [{}, {"num_beams": 3}, {"sample": True}, {"no_splices": True}], ids=str)
def test_every_search_is_faithful(checkpoint: Checkpoint, attention: str, search: dict[str, object]) -> None:
    """Random weights write anything: only the rule keeps their questions to the passage."""
    input_format = replace(checkpoint.input_format, attention=attention)
    other = replace(checkpoint, input_format=input_format)
    requests = [
        GenerationRequest(context=PASSAGE, answer=AnswerSpan(text=PASSAGE[at : at + 2], start_char=at))
        for at in (0, 17, 24, 38)
    ]
    numbers = {"3952", "1,200", "3.14", "三百二十", "三", "十五", "一"}

    def faults(given: dict[str, object]) -> int:
        found = 0
        for questions in ModelGenerator(other, decoding_of(other, given)).generate(requests, questions_per_answer=2):
            for question in questions if given.get("sample") or given.get("num_beams") else questions[:1]:
                # What is cut at the cap may stop inside a number.
                text = (
                    question.text if question.finished else re.sub(r"[\d.,三百二十五一六A-Za-z ]+$", "", question.text)
                )
                rest = set(text) - set(PASSAGE) - set(WORDING) - set(PASSAGE.lower()) - {" "}
                runs = re.findall(r"\d[\d.,]*\d|\d|[三百二十五一六]+", text)
                found += bool(rest) or bool(set(runs) - numbers)
        return found

    assert faults(search) == 0
    assert faults({**search, "faithful": False}) > 0
