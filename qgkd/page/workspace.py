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
from qgkd.text.script import Script, to_simplified

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
    wrong_options: tuple[str, ...] = ()
    """Wrong options that others took the place of."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        values = {"key": self.key, "item": self.item.to_json(), "versions": list(self.versions)}
        return {**values, "wrong_options": list(self.wrong_options)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Entry:
        """What `to_json` gave."""
        lists = {name: tuple(value.get(name, ())) for name in ("versions", "wrong_options")}
        return cls(key=value["key"], item=_item(value["item"]), **lists)


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
class EarlierText:
    """A text that another one took the place of, with the answers chosen in it."""

    title: str
    text: str
    choice: Choice = field(default_factory=Choice)
    parts_left_out: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "title": self.title,
            "text": self.text,
            "choice": self.choice.to_json(),
            "parts_left_out": list(self.parts_left_out),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any] | list[str]) -> EarlierText:
        """What `to_json` gave, or title and text alone, as they were stored at first."""
        if isinstance(value, list):
            return cls(title=value[0], text=value[1])
        return cls(
            title=value["title"],
            text=value["text"],
            choice=Choice.from_json(value["choice"]),
            parts_left_out=tuple(value["parts_left_out"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """See the module."""

    title: str = ""
    text: str = ""
    earlier: EarlierText | None = None
    """The text before the present one."""
    asks_to_append: bool = False
    """Whether the questions are about other texts, and the teacher has not said yet whether new ones join them."""
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
        """Start on another text; the questions stay, and so do the answers chosen in a text that comes back."""
        if text == self.text:
            return dataclasses.replace(self, title=title or self.title)
        before = self.earlier
        back = before if before is not None and before.text == text else EarlierText(title="", text="")
        if self.text and self.text not in text:  # a text that was only added to is no earlier one
            before = EarlierText(
                title=self.title, text=self.text, choice=self.choice, parts_left_out=self.parts_left_out
            )
        return dataclasses.replace(
            self,
            text=text,
            title=title or self.title,
            earlier=before,
            asks_to_append=bool(text.strip()) and self._is_about_others_than(text),
            choice=back.choice,
            parts_left_out=back.parts_left_out,
            messages=(),
        )

    def _is_about_others_than(self, text: str) -> bool:
        """Whether there are questions, and none is about a sentence of the text, in either script."""
        if not self.entries:
            return False
        simplified = to_simplified(text)
        sources = {entry.item.source_sentence for entry in self.entries} - {""}
        return not any(to_simplified(source) in simplified for source in sources)

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
            "earlier": self.earlier.to_json() if self.earlier else None,
            "asks_to_append": self.asks_to_append,
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
            earlier=EarlierText.from_json(value["earlier"]) if value["earlier"] else None,
            asks_to_append=value.get("asks_to_append", False),
            choice=Choice.from_json(value["choice"]),
            parts_left_out=tuple(value["parts_left_out"]),
            wish=Wish(**wish),
            entries=listed(value["list"]),
            undo=tuple(listed(numbers) for numbers in value["undo"]),
            redo=tuple(listed(numbers) for numbers in value["redo"]),
            passages=value["passages"],
            messages=tuple(_message(message) for message in value["told"]),
        )
