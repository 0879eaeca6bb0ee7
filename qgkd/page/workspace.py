"""One visitor's state: the text, the chosen answers, the questions, and the undo list.

Comes in: a visitor's text and clicks. Goes out: `Workspace`, a value; every change makes a new one.

A literal example: `workspace.with_text("燈塔建於1867年。", "燈塔")` starts on a text and keeps the questions.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from qgkd.answer import AnswerType
from qgkd.page.chosen_answers import Choice
from qgkd.question_forms import Confidence, QuestionForm, QuizItem, propose_accepted
from qgkd.text.script import Script

MOST_UNDO = 30
MIXED = "mixed"
"""Instead of a form: all four in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The quiz wanted: how many questions, in which form, of which answers."""

    count: int = 10
    form: str = QuestionForm.SHORT_ANSWER.value
    """A `QuestionForm`, or `MIXED`."""
    script: str = Script.NEUTRAL.value
    """Script of the questions; `NEUTRAL` is that of the text."""
    options: int = 4
    """Of multiple choice."""
    model: str = ""
    """As the model shelf names it; empty is the server's default."""
    types: tuple[str, ...] = ()
    """Answer types switched off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item in the list of questions."""

    key: str
    """Unique in the list; an item's own id is not where a question is written twice."""
    item: QuizItem
    versions: tuple[str, ...] = ()
    """Questions shown in this place so far, so that another version is a new one."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"key": self.key, "item": self.item.to_json(), "versions": list(self.versions)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Entry:
        """What `to_json` gave."""
        return cls(key=value["key"], item=_item(value["item"]), versions=tuple(value["versions"]))


def _item(value: dict[str, Any]) -> QuizItem:
    """An item as it was, complete or not: a teacher may be half-way through typing its options."""
    kinds = {"form": QuestionForm, "answer_type": AnswerType, "confidence": Confidence, "script": Script}
    values: dict[str, Any] = {
        name: kinds[name](stored) if name in kinds and stored is not None else stored for name, stored in value.items()
    }
    values["options"] = tuple(values["options"])
    # A workspace stored before there were accepted answers gets those that a new item would have.
    accepted = values.pop("accepted_answers", None)
    item = QuizItem(item_id=values.pop("id"), **values)
    return dataclasses.replace(item, accepted_answers=propose_accepted(item) if accepted is None else tuple(accepted))


def _message(value: dict[str, Any]) -> dict[str, Any]:
    """A message as it was, its key as it is called now: workspaces of version 0.1.0 call it `told.stopped`."""
    return {**value, "key": value["key"].replace("told.", "message.")} if "key" in value else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """See the module."""

    title: str = ""
    text: str = ""
    earlier: tuple[str, str] | None = None
    """Title and text before the present ones."""
    choice: Choice = field(default_factory=Choice)
    parts_left_out: tuple[int, ...] = ()
    """Numbers of the parts of the text that are switched off."""
    wish: Wish = field(default_factory=Wish)
    entries: tuple[Entry, ...] = ()
    passages: dict[str, str] = field(default_factory=dict)
    """The passages of the entries, by `passage_id`."""
    undo: tuple[tuple[Entry, ...], ...] = ()
    """Lists of questions as they were, the latest last."""
    redo: tuple[tuple[Entry, ...], ...] = ()
    messages: tuple[dict[str, Any], ...] = ()
    """How the last job ended: keys of sentences and their values."""

    def with_text(self, text: str, title: str) -> Workspace:
        """Start on another text; the questions stay."""
        if text == self.text:
            return dataclasses.replace(self, title=title or self.title)
        return dataclasses.replace(
            self,
            text=text,
            title=title or self.title,
            earlier=(self.title, self.text) if self.text else self.earlier,
            choice=Choice(),
            parts_left_out=(),
            messages=(),
        )

    def with_entries(self, entries: tuple[Entry, ...], passages: dict[str, str] | None = None) -> Workspace:
        """Change the list of questions, so that the change can be undone."""
        if entries == self.entries:
            return self
        undo = (*self.undo, self.entries)[-MOST_UNDO:]
        return dataclasses.replace(
            self, entries=entries, undo=undo, redo=(), passages={**self.passages, **(passages or {})}
        )._without_unused_passages()

    def undone(self) -> Workspace:
        """Take the last change of the list back."""
        if not self.undo:
            return self
        return dataclasses.replace(
            self, entries=self.undo[-1], undo=self.undo[:-1], redo=(*self.redo, self.entries)[-MOST_UNDO:]
        )

    def redone(self) -> Workspace:
        """Take the last undo back."""
        if not self.redo:
            return self
        return dataclasses.replace(self, entries=self.redo[-1], redo=self.redo[:-1], undo=(*self.undo, self.entries))

    def _without_unused_passages(self) -> Workspace:
        lists = (self.entries, *self.undo, *self.redo)
        used = {entry.item.passage_id for entries in lists for entry in entries}
        kept = {passage_id: text for passage_id, text in self.passages.items() if passage_id in used}
        return dataclasses.replace(self, passages=kept)

    def to_json(self) -> dict[str, Any]:
        """Plain values; entries that occur in several lists are written once."""
        entries: dict[Entry, int] = {}

        def numbers(listed: tuple[Entry, ...]) -> list[int]:
            return [entries.setdefault(entry, len(entries)) for entry in listed]

        values: dict[str, Any] = {
            "format": 1,
            "title": self.title,
            "text": self.text,
            "earlier": self.earlier,
            "choice": self.choice.to_json(),
            "parts_left_out": list(self.parts_left_out),
            "wish": {**dataclasses.asdict(self.wish), "types": list(self.wish.types)},
            "list": numbers(self.entries),
            "undo": [numbers(listed) for listed in self.undo],
            "redo": [numbers(listed) for listed in self.redo],
            "passages": self.passages,
            "told": list(self.messages),
        }
        return {**values, "entries": [entry.to_json() for entry in entries]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Workspace:
        """What `to_json` gave."""
        entries = [Entry.from_json(entry) for entry in value["entries"]]

        def listed(numbers: list[int]) -> tuple[Entry, ...]:
            return tuple(entries[number] for number in numbers)

        wish = {**value["wish"], "types": tuple(value["wish"]["types"])}
        return cls(
            title=value["title"],
            text=value["text"],
            earlier=tuple(value["earlier"]) if value["earlier"] else None,
            choice=Choice.from_json(value["choice"]),
            parts_left_out=tuple(value["parts_left_out"]),
            wish=Wish(**wish),
            entries=listed(value["list"]),
            undo=tuple(listed(numbers) for numbers in value["undo"]),
            redo=tuple(listed(numbers) for numbers in value["redo"]),
            passages=value["passages"],
            messages=tuple(_message(message) for message in value["told"]),
        )
