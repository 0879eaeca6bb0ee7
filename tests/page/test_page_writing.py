"""Questions for a text in parts: spread, filled, stopped, in turn; and what the teacher chose is what is asked."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from stub_generator import StubGenerator

from qgkd.answer import AnswerSpan
from qgkd.answers.propose import propose_answers
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.page.chosen_answers import Choice, Span, is_switched_on, occurrences, place_of, surroundings
from qgkd.page.highlight import segments
from qgkd.page.jobs import JobBoard
from qgkd.page.models import RULE, ModelShelf
from qgkd.page.orders import passage_orders, with_written
from qgkd.page.parts import Part, shares, split_parts
from qgkd.page.proposals import Proposals
from qgkd.page.service import BusyError, PageService
from qgkd.page.settings import PageSettings
from qgkd.page.turns import StoppedError, TurnQueue
from qgkd.page.workspace import MIXED, Wish, Workspace
from qgkd.page.writing import QuizWriter
from qgkd.question_forms import QuestionForm
from qgkd.rule import RuleGenerator
from qgkd.text.cleaning.clean import clean
from qgkd.text.script import Script, detect_script

PASSAGES = Path(__file__).resolve().parents[2] / "data" / "passages"
RAILWAY = (PASSAGES / "taiwan_railway.txt").read_text("utf-8").strip()
YUSHAN = (PASSAGES / "yushan.txt").read_text("utf-8").strip()
LONG = "\n\n".join(path.read_text("utf-8").strip() for path in sorted(PASSAGES.glob("*.txt")))


def write(workspace: Workspace, generator: object = None, **options: object) -> Workspace:
    """What the service does, without threads."""
    taken = [(entry.item.question, entry.item.answer) for entry in workspace.entries]
    writer = QuizWriter(generator or RuleGenerator(), taken, **options)
    orders = passage_orders(workspace, Proposals(), threading.Event())
    written = writer.write(orders, workspace.wish.count)
    return with_written(workspace, written, workspace.wish.form, workspace.wish.options)


def test_parts_tile_the_text_and_break_between_sentences() -> None:
    parts = split_parts(LONG)
    assert "".join(LONG[part.start_char : part.end_char] for part in parts) == LONG
    assert len(parts) > 2
    assert all(part.end_char - part.start_char <= 1500 for part in parts)
    assert all(LONG[part.start_char - 1] == "\n" for part in parts[1:])
    endless = "長" * 4000
    assert "".join(endless[part.start_char : part.end_char] for part in split_parts(endless)) == endless
    assert split_parts("") == []
    chapters = "第一章 海\n" + "海很大。" * 200 + "\n第二章 山\n" + "山很高。" * 100
    assert [chapters[part.start_char :][:3] for part in split_parts(chapters)] == ["第一章", "第二章"]


@pytest.mark.parametrize(("count", "lengths"), [(10, [1500, 1500, 500]), (2, [10] * 9), (7, [0, 5, 0]), (0, [3])])
def test_shares_sum_up_and_are_even(count: int, lengths: list[int]) -> None:
    dealt = shares(count, lengths)
    assert sum(dealt) == count
    assert all(abs(share - count * length / sum(lengths)) < 1.01 for share, length in zip(dealt, lengths, strict=True))


def test_ten_questions_are_spread_over_a_long_text() -> None:
    workspace = write(Workspace(text=LONG, wish=Wish(count=12)))
    assert len(workspace.entries) == 12
    assert workspace.messages == ()
    places = [workspace.passages[entry.item.passage_id] for entry in workspace.entries]
    assert len(set(places)) == len(split_parts(LONG))
    for entry in workspace.entries:
        item = entry.item
        text = workspace.passages[item.passage_id]
        assert text[item.answer_start_char :].startswith(item.answer)
        assert item.answer in item.source_sentence


def test_more_of_the_same_text_is_new() -> None:
    first = write(Workspace(text=RAILWAY, wish=Wish(count=6)))
    second = write(first)
    assert len(second.entries) == 12
    assert len({entry.item.question for entry in second.entries}) == 12
    assert len({entry.item.answer for entry in second.entries}) == 12


def test_what_one_part_cannot_give_the_others_give() -> None:
    text = "啊。" * 700 + "\n" + RAILWAY
    workspace = write(Workspace(text=text, wish=Wish(count=8)))
    assert len(workspace.entries) == 8


def test_shortfall_is_explained() -> None:
    workspace = write(Workspace(text="燈塔建於1867年，由工程師林文海設計。", wish=Wish(count=10)))
    assert 1 <= len(workspace.entries) < 10
    assert [message["key"] for message in workspace.messages] == ["message.used_up"]
    assert [message["key"] for message in write(Workspace(text="啊！", wish=Wish(count=3))).messages] == [
        "message.no_answers"
    ]


def test_answers_chosen_dropped_and_typed() -> None:
    proposals = propose_answers(RAILWAY)
    start = RAILWAY.index("劉銘傳", 30)
    choice = Choice(dropped=frozenset(Span(p.start_char, p.end_char) for p in proposals))
    workspace = Workspace(text=RAILWAY, choice=choice, wish=Wish(count=3))
    assert write(workspace).entries == ()
    own = Workspace(text=RAILWAY, choice=choice.add(RAILWAY, Span(start, start + 3)), wish=Wish(count=3))
    (entry,) = write(own).entries
    assert (entry.item.answer, entry.item.answer_start_char) == ("劉銘傳", start)
    kinds = Workspace(text=RAILWAY, wish=Wish(count=5, types=("date", "number")))
    assert not {entry.item.answer_type.value for entry in write(kinds).entries} & {"date", "number"}


def test_refused_answers_are_reported_and_the_others_asked() -> None:
    def stubborn(request: GenerationRequest, rank: int) -> str:
        if request.answer.text == "劉銘傳":
            raise UserError("no")
        return f"課文第{request.answer.start_char}個字起的詞是什麼？"

    start = RAILWAY.index("劉銘傳")
    choice = Choice(added=(Span(start, start + 3), Span(0, 2)))
    workspace = write(Workspace(text=RAILWAY, choice=choice, wish=Wish(count=2)), StubGenerator(stubborn))
    assert {"key": "message.refused", "values": {"answer": "劉銘傳"}} in workspace.messages
    assert len(workspace.entries) == 2


def test_output_in_the_script_wanted() -> None:
    assert detect_script(RAILWAY) is Script.TRADITIONAL
    start = RAILWAY.index("劉銘傳")
    choice = Choice(added=(Span(start, start + 3),))
    wish = Wish(count=4, script=Script.SIMPLIFIED.value)
    workspace = write(Workspace(text=RAILWAY, choice=choice, wish=wish))
    assert "刘铭传" in [entry.item.answer for entry in workspace.entries]
    assert all(detect_script(entry.item.source_sentence) is Script.SIMPLIFIED for entry in workspace.entries)


def test_all_forms_in_turn() -> None:
    workspace = write(Workspace(text=YUSHAN, wish=Wish(count=8, form=MIXED)))
    assert len({entry.item.form for entry in workspace.entries}) == len(QuestionForm)


def test_stopped_half_way_keeps_what_there_is() -> None:
    stopped = threading.Event()
    turns = 0

    @contextlib.contextmanager
    def turn() -> Iterator[None]:
        nonlocal turns
        turns += 1
        if turns == 3:
            raise StoppedError
        yield

    workspace = write(Workspace(text=LONG, wish=Wish(count=30)), turn=turn)
    assert 0 < len(workspace.entries) < 30
    assert workspace.messages[0]["key"] == "message.stopped"
    assert not stopped.is_set()


def test_typed_answers_are_found_everywhere() -> None:
    assert occurrences("燈塔與燈塔，Tower tower", "燈塔") == [Span(0, 2), Span(3, 5)]
    assert occurrences("Tower tower", " TOWER ") == [Span(0, 5), Span(6, 11)]
    assert occurrences("𠮷燈塔", "燈塔") == [Span(1, 3)]
    assert occurrences("燈塔", " ") == []
    assert surroundings("甲燈塔乙", Span(1, 3)) == ("甲", "燈塔", "乙")


@pytest.mark.parametrize(
    ("span", "expected"), [(Span(3, 9), Span(4, 9)), (Span(9, 10), "empty"), (Span(0, 400), "too_long")]
)
def test_a_selection_is_trimmed_to_its_words(span: Span, expected: Span | str) -> None:
    text = "燈塔建 1867年。" + "長" * 100
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=expected):
            Choice().add(text, span)
    else:
        assert Choice().add(text, span).added == (expected,)


def test_an_answer_of_65_letters_is_taken_as_the_command_takes_it() -> None:
    word = "a" * 65
    text = f"燈塔的舊名是{word}，由林文海設計。"
    span = occurrences(text, word)[0]
    workspace = Workspace(text=text, choice=Choice().add(text, span), wish=Wish(count=1))
    assert word in [entry.item.answer for entry in write(workspace, StubGenerator()).entries]
    with pytest.raises(ValueError, match="too_long"):
        Choice().add("長" * 65, Span(0, 65))


def test_proposals_are_made_once_per_part_and_serve_the_wrong_options(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(context: str, *, limit: int | None = None) -> list[AnswerSpan]:
        calls.append(context)
        return propose_answers(context, limit=limit)

    for module in ("qgkd.spans.propose", "qgkd.question_forms.passage"):
        monkeypatch.setattr(f"{module}.propose_answers", counted)
    for script in (Script.NEUTRAL, Script.SIMPLIFIED):
        calls.clear()
        wish = Wish(count=4, form=QuestionForm.MULTIPLE_CHOICE.value, script=script.value)
        assert any(entry.item.options for entry in write(Workspace(text=YUSHAN, wish=wish)).entries)
        assert calls == [YUSHAN]


def test_messages_stored_by_an_earlier_version_are_read() -> None:
    stored = Workspace(text="a").to_json()
    stored["told"] = [{"key": "told.stopped", "values": {"found": 1, "wanted": 2}}]
    (message,) = Workspace.from_json(stored).messages
    assert message == {"key": "message.stopped", "values": {"found": 1, "wanted": 2}}


def test_highlighted_segments_are_the_text() -> None:
    workspace = Workspace(text=RAILWAY, choice=Choice().add(RAILWAY, Span(5, 12)))
    proposals = propose_answers(RAILWAY)
    dropped = Span(proposals[0].start_char, proposals[0].end_char)
    workspace = Workspace(text=RAILWAY, choice=workspace.choice.toggle(dropped))
    found = segments(workspace, Part(0, len(RAILWAY)), proposals)
    assert "".join(segment.text for segment in found) == RAILWAY
    assert {segment.state for segment in found} == {"", "on", "off", "own"}
    assert all(RAILWAY[segment.start_char :].startswith(segment.text) for segment in found)
    assert not is_switched_on(dropped, workspace.choice)
    assert any(is_switched_on(place_of(proposal, clean(RAILWAY)), workspace.choice) for proposal in proposals)


def test_turns_come_first_come_first_served() -> None:
    queue, served, tickets = TurnQueue(at_once=1), [], []
    gate = threading.Event()

    def visit(ticket: int) -> None:
        with queue.turn(ticket):
            served.append(ticket)
            gate.wait(5)

    threads = []
    for _ in range(4):
        ticket = queue.ticket()
        tickets.append(ticket)
        threads.append(threading.Thread(target=visit, args=(ticket,)))
        threads[-1].start()
        end = time.monotonic() + 5
        while time.monotonic() < end and not (served or queue.before(ticket)):
            time.sleep(0.001)
        while time.monotonic() < end and ticket != tickets[0] and queue.before(ticket) != len(tickets) - 1:
            time.sleep(0.001)
    assert [queue.before(ticket) for ticket in tickets] == [0, 1, 2, 3]
    gate.set()
    for thread in threads:
        thread.join()
    assert served == tickets


def test_one_who_waits_can_leave_and_a_full_queue_says_so() -> None:
    queue, stopped = TurnQueue(at_once=1, most_waiting=1), threading.Event()
    with queue.turn(queue.ticket()):
        left = []

        def wait() -> None:
            try:
                with queue.turn(queue.ticket(), stopped):
                    left.append("served")
            except StoppedError:
                left.append("left")

        thread = threading.Thread(target=wait)
        thread.start()
        while not queue.is_full():
            time.sleep(0.001)
        stopped.set()
        thread.join()
    assert left == ["left"]
    assert not queue.is_full()


def test_a_job_goes_on_once_and_its_error_is_kept() -> None:
    board, go = JobBoard(), threading.Event()
    job = board.start("a", "write", lambda _: go.wait(5))
    assert board.start("a", "write", lambda _: None) is job
    assert board.running() == 1
    go.set()
    assert job.ended.wait(5)

    def fail(_: object) -> None:
        raise UserError("no such model")

    failed = board.start("a", "write", fail)
    assert failed.ended.wait(5)
    assert str(failed.error) == "no such model"


def test_the_service_writes_into_the_store(tmp_path: Path) -> None:
    service = PageService(PageSettings(state_folder=str(tmp_path), models=(RULE,)))
    token = service.store.new_token()
    service.store.update(token, lambda now: Workspace(text=RAILWAY, wish=Wish(count=5)))
    assert service.write(token).ended.wait(120)
    workspace = service.store.load(token)
    assert len(workspace.entries) == 5
    entry = workspace.entries[0]
    seen = {entry.item.question}
    while service.another_version(token, entry.key):
        now = service.store.load(token).entries[0].item.question
        assert now not in seen
        seen.add(now)
    assert len(seen) > 1
    assert service.store.load(token).entries[0].item.question in seen


def test_twenty_visitors_at_once_are_served_in_turn_and_not_mixed_up(tmp_path: Path) -> None:
    service = PageService(PageSettings(state_folder=str(tmp_path), models=(RULE,)))
    texts = {}
    for number in range(20):
        text = f"第{number}號燈塔建於{1800 + number}年，由林文海設計，高{30 + number}公尺。島上有{2 + number}村。"
        token = service.store.new_token()
        texts[token] = text
        service.store.update(token, lambda now, text=text: Workspace(text=text, wish=Wish(count=3)))
    jobs = [service.write(token) for token in texts]
    assert all(job.ended.wait(300) for job in jobs)
    assert [job.error for job in jobs] == [None] * 20
    for token, text in texts.items():
        entries = service.store.load(token).entries
        assert entries
        assert all(entry.item.source_sentence in text for entry in entries)
    assert len(service.turns.waiting()) == 0


def test_a_full_queue_refuses_and_loses_nothing(tmp_path: Path) -> None:
    service = PageService(PageSettings(state_folder=str(tmp_path), most_waiting=0, models=(RULE,)))
    token = service.store.new_token()
    service.store.update(token, lambda now: Workspace(text=RAILWAY))
    with pytest.raises(BusyError):
        service.write(token)
    assert service.store.load(token).text == RAILWAY


def test_models_are_loaded_once_and_only_those_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []

    def load(**options: object) -> StubGenerator:
        loaded.append(options)
        return StubGenerator()

    monkeypatch.setattr("qgkd.page.models.load_generator", load)
    shelf = ModelShelf(("runs/student",))
    assert shelf.get() is shelf.get("runs/student")
    assert loaded == [{"model": "runs/student"}]
    with pytest.raises(UserError, match="not offered"):
        shelf.get("/etc")
    assert isinstance(ModelShelf(any_model=True).get("some/name"), StubGenerator)
    assert RULE in shelf.offered


def test_settings_travel_through_the_environment() -> None:
    settings = PageSettings(models=("a", "b"), most_waiting=3, state_folder="x")
    assert PageSettings.from_environment(settings.to_environment()) == settings
    assert PageSettings.from_environment({}).at_once == 1
