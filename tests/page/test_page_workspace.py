"""A visitor's workspace: nothing is lost, everything can be undone, two tabs do not destroy each other's work."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import threading
import time
from pathlib import Path

import pytest

from qgkd.answer import AnswerType
from qgkd.errors import UserError
from qgkd.page import question_list
from qgkd.page.chosen_answers import Choice, Span
from qgkd.page.workspace import MOST_UNDO, EarlierText, Entry, Wish, Workspace
from qgkd.page.workspace_store import WorkspaceStore
from qgkd.question_forms import Confidence, QuestionForm, QuizItem

HOSTILE = '<script>alert(1)</script> $x^2$ **b** `c` {name} "quoted" \\ \u202eRTL\u202c 𠮷'


def item(number: int, **changes: object) -> QuizItem:
    made = QuizItem(
        item_id=f"id{number}",
        form=QuestionForm.SHORT_ANSWER,
        question=f"第{number}問？",
        answer=f"答{number}",
        passage_id="p",
        answer_start_char=number,
        answer_type=AnswerType.DATE,
        confidence=Confidence.LOW,
    )
    return dataclasses.replace(made, **changes)


def filled(count: int = 3) -> Workspace:
    return question_list.add_items(Workspace(), [item(number) for number in range(count)], {"p": "課文"})


def answers(workspace: Workspace) -> list[str]:
    return [entry.item.answer for entry in workspace.entries]


def keys(workspace: Workspace) -> list[str]:
    return [entry.key for entry in workspace.entries]


def test_json_and_back_is_the_same_workspace() -> None:
    workspace = filled().with_text(HOSTILE, HOSTILE).with_text("另一篇", "")
    workspace = dataclasses.replace(
        workspace,
        choice=Choice(dropped=frozenset([Span(0, 2)]), added=(Span(1, 3),)),
        wish=Wish(form="mixed", types=("date",), model=HOSTILE),
        messages=({"key": "message.refused", "values": {"answer": HOSTILE}},),
    )
    workspace = question_list.edit(workspace, keys(workspace)[0], "prompt", HOSTILE)
    workspace = question_list.delete(workspace, keys(workspace)[1:2]).undone()
    assert Workspace.from_json(json.loads(json.dumps(workspace.to_json()))) == workspace


def test_every_action_can_be_undone_and_redone() -> None:
    workspace = filled()
    first = keys(workspace)[0]
    actions = [
        lambda now: question_list.edit(now, first, "answer", "改"),
        lambda now: question_list.move(now, first, 2),
        lambda now: question_list.delete(now, [first]),
        lambda now: question_list.add_by_hand(now, QuestionForm.MULTIPLE_CHOICE),
        lambda now: question_list.replace_item(now, keys(now)[0], item(9)),
    ]
    states = [workspace]
    for act in actions:
        states.append(act(states[-1]))
    assert answers(states[2]) == ["答1", "答2", "改"]
    now = states[-1]
    for expected in reversed(states[:-1]):
        now = now.undone()
        assert now.entries == expected.entries
    for expected in states[1:]:
        now = now.redone()
        assert now.entries == expected.entries


def test_undo_is_bounded_and_passages_live_as_long_as_what_can_come_back() -> None:
    workspace = filled(1)
    emptied = question_list.delete(workspace, keys(workspace))
    assert emptied.passages == {"p": "課文"}
    for number in range(MOST_UNDO + 5):
        emptied = question_list.add_by_hand(emptied, QuestionForm.CLOZE, question=str(number))
    assert len(emptied.undo) == MOST_UNDO
    assert emptied.passages == {}


def test_actions_on_what_is_gone_change_nothing() -> None:
    workspace = filled()
    assert question_list.move(workspace, "gone", 1) is workspace
    assert question_list.edit(workspace, "gone", "answer", "x") is workspace
    assert question_list.delete(workspace, ["gone"]) is workspace


def test_the_right_option_and_the_answer_stay_the_same() -> None:
    choice = item(1, form=QuestionForm.MULTIPLE_CHOICE, options=("甲", "乙", "答1"), correct_index=2)
    workspace = question_list.add_items(Workspace(), [choice], {})
    (key,) = keys(workspace)
    workspace = question_list.edit(workspace, key, "option-2", "丙")
    assert answers(workspace) == ["丙"]
    workspace = question_list.edit(workspace, key, "correct_index", 0)
    assert answers(workspace) == ["甲"]
    workspace = question_list.edit(workspace, key, "option-1", "")  # half-way through typing
    assert Workspace.from_json(workspace.to_json()) == workspace


@pytest.mark.parametrize("form", QuestionForm)
def test_what_no_builder_can_make_is_left_to_the_teacher(form: QuestionForm) -> None:
    for before in QuestionForm:
        made = question_list.in_form_by_hand(question_list.in_form_by_hand(item(1), before), form)
        assert (made.form, made.question, made.answer) == (form, "第1問？", "答1")
        assert (len(made.options), made.correct_index) == (
            (4, 0) if form is QuestionForm.MULTIPLE_CHOICE else (0, None)
        )
        assert made.prompt == "第1問？"


def test_another_text_keeps_the_questions_and_the_way_back() -> None:
    workspace = filled().with_text("一", "甲").with_text("二", "乙")
    assert answers(workspace) == ["答0", "答1", "答2"]
    assert workspace.earlier == EarlierText(title="甲", text="一")


def test_a_text_that_comes_back_has_its_answers_again() -> None:
    chosen = dataclasses.replace(
        Workspace().with_text("燈塔很高。", ""), choice=Choice(added=(Span(0, 2),)), parts_left_out=(1,)
    )
    other = chosen.with_text("海很深。", "")
    assert (other.choice, other.parts_left_out) == (Choice(), ())
    assert dataclasses.replace(other.with_text("燈塔很高。", ""), earlier=None) == chosen
    stored = {**other.to_json(), "earlier": ["甲", "一"]}  # as it was stored at first
    assert Workspace.from_json(stored).earlier == EarlierText(title="甲", text="一")


def test_only_a_text_that_no_question_is_about_asks_whether_to_append() -> None:
    about = [item(1, source_sentence="燈塔建於1867年。"), item(2)]
    workspace = question_list.add_items(Workspace(text="燈塔建於1867年。"), about, {})
    assert workspace.with_text("海很深。", "").asks_to_append
    assert workspace.with_text("", "").with_text("海很深。", "").asks_to_append
    assert workspace.with_text("海很深。", "").with_text("海很深了。", "").asks_to_append
    for text in ("燈塔建於1867年。塔很高。", "灯塔建于1867年。", "", " "):
        assert not workspace.with_text(text, "").asks_to_append
    assert not Workspace().with_text("海很深。", "").with_text("燈塔很高。", "").asks_to_append


def test_the_store_keeps_what_it_is_given(tmp_path: Path) -> None:
    store = WorkspaceStore(tmp_path / "new" / "folder")
    token = store.new_token()
    assert store.load(token) is None
    store.update(token, lambda _: filled())
    assert answers(WorkspaceStore(tmp_path / "new" / "folder").load(token)) == ["答0", "答1", "答2"]
    (path,) = (tmp_path / "new" / "folder").iterdir()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("token", ["", "../../etc/passwd", "a" * 21, "a" * 23, "a" * 21 + "/", "a" * 21 + "\x00"])
def test_only_tokens_name_files(tmp_path: Path, token: str) -> None:
    store = WorkspaceStore(tmp_path)
    assert store.load(token) is None
    with pytest.raises(UserError, match="token"):
        store.update(token, lambda now: now)


def test_changes_of_many_tabs_come_one_after_the_other(tmp_path: Path) -> None:
    store = WorkspaceStore(tmp_path)
    token = store.new_token()

    def add(number: int) -> None:
        for step in range(5):
            made = [item(number * 100 + step)]
            store.update(token, functools.partial(question_list.add_items, items=made, passages={}))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers(store.load(token)))) == 20


def test_a_broken_file_is_kept_aside_and_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    store = WorkspaceStore(tmp_path)
    token = store.new_token()
    fields = '"entries": [], "wish": {"types": []}, "title": "", "text": "", "earlier": null'
    for broken in ("[" * 100_000, f'{{{fields}, "choice": []}}', '{"half": '):
        (tmp_path / f"{token}.json").write_text(broken)
        assert store.load(token) is None
        assert (tmp_path / f"{token}.broken").read_text() == broken
    store.update(token, lambda _: filled())
    before = store.load(token)

    def fail(now: Workspace) -> Workspace:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.update(token, fail)
    assert store.load(token) == before


def test_old_files_go_and_only_those(tmp_path: Path) -> None:
    store = WorkspaceStore(tmp_path, keep_days=2)
    old, new = store.new_token(), store.new_token()
    for token in (old, new):
        store.update(token, lambda _: filled())
    long_ago = time.time() - 3 * 86_400
    os.utime(tmp_path / f"{old}.json", (long_ago, long_ago))
    (tmp_path / "notes.json").write_text("{}")
    os.utime(tmp_path / "notes.json", (long_ago, long_ago))
    assert WorkspaceStore(tmp_path, keep_days=2).load(old) is None
    assert {path.name for path in tmp_path.iterdir()} == {f"{new}.json", "notes.json"}


def test_accepted_answers_are_edited_line_by_line_and_follow_the_answer() -> None:
    workspace = question_list.add_items(Workspace(), [item(1, answer="《水滸傳》", answer_type=AnswerType.WORK)], {})
    (entry,) = workspace.entries
    by_hand = question_list.edit(workspace, entry.key, "accepted", "水滸\n\n 水滸傳 ").entries[0].item
    assert by_hand.accepted_answers == ("水滸", "水滸傳")
    answered = question_list.edit(workspace, entry.key, "answer", "《三國演義》").entries[0].item
    assert "三國演義" in answered.accepted_answers


def test_a_workspace_stored_before_there_were_accepted_answers_opens_with_proposals() -> None:
    workspace = question_list.add_items(Workspace(), [item(1, answer="《水滸傳》", answer_type=AnswerType.WORK)], {})
    stored = workspace.entries[0].to_json()
    assert Entry.from_json(stored).item.accepted_answers == ()
    del stored["item"]["accepted_answers"]
    assert "水滸傳" in Entry.from_json(stored).item.accepted_answers
