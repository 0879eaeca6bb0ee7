"""A part of the text in segments, cut where its answers begin and end, to be highlighted.

Comes in: `Workspace`, a part and the spans proposed in it. Goes out: `Segment`s, which joined are the part.

A literal example: `燈塔建於1867年。` with 1867年 proposed gives 燈塔建於 (plain), 1867年 (on, date) and 。 (plain).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qgkd.answer import AnswerSpan
from qgkd.page.chosen_answers import Span, clean_with_choice, place_of
from qgkd.page.parts import Part
from qgkd.page.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text drawn in one style."""

    text: str
    start_char: int
    """Counted in the whole text."""
    kind: str = ""
    """Its answer type; empty for plain text and for the teacher's own answers."""
    state: str = ""
    """`on`, `off` or `own`; empty for plain text."""

    def to_json(self) -> list[str | int]:
        """As the browser reads it."""
        return [self.text, self.start_char, self.kind, self.state]


def segments(workspace: Workspace, part: Part, proposals: Sequence[AnswerSpan]) -> list[Segment]:
    """Cut a part of the text, where the proposals' offsets count in the cleaned part (`chosen_answers`).

    Returns:
        Segments in order; joined they are the part. An added answer hides the proposals it overlaps, and a later added
        one the earlier.
    """
    cleaned = clean_with_choice(workspace.text, workspace.choice).part(part.start_char, part.end_char)
    marks: dict[Span, tuple[str, str]] = {}
    for proposal in proposals:
        span = place_of(proposal, cleaned)
        off = span in workspace.choice.dropped or proposal.type in workspace.wish.types
        marks[span] = (str(proposal.type), "off" if off else "on")
    for added in workspace.choice.added:
        if part.holds(added):
            marks = {span: mark for span, mark in marks.items() if not span.overlaps(added)}
            marks[added] = ("", "own")
    text, at = workspace.text, part.start_char
    found = []
    for span, (kind, state) in sorted(marks.items()):
        if span.start_char > at:
            found.append(Segment(text[at : span.start_char], at))
        found.append(Segment(text[span.start_char : span.end_char], span.start_char, kind, state))
        at = span.end_char
    if at < part.end_char:
        found.append(Segment(text[at : part.end_char], at))
    return found
