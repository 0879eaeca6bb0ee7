"""Decide how much of the sentence a question quotes.

Comes in: `Frame` and the question word. Goes out: `Draft`, the pieces of a question in order.

A literal example: for 林文海 in `燈塔建於1867年，由林文海設計。` the clause `由誰設計` lacks a subject, so the clause
before it is kept; if that were too long, only its subject would be: `燈塔由誰設計`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qgkd.rule.carried_subjects import find_subject, readable
from qgkd.rule.clauses import Frame, clauses_of
from qgkd.rule.cleaning import without_leading_connective, without_parentheses
from qgkd.rule.question_words import QuestionWord
from qgkd.rule.referents import opens_unnamed, with_noun
from qgkd.rule.subjects import is_property, lacks_subject, leading_subject, says_when
from qgkd.text.word_lists import either
from qgkd.text.words import tag_words

# Chosen on the validation questions. Human-written questions have 22 characters on average.
WINDOW_CHARS = 26
_NEEDS_MAIN_CLAUSE = re.compile(
    rf"(?:{either('ends of scenes')})[，,]?$|^(?:在|於)[^，]*中[，,]?$|^(?:{either('scene setters')})"
)
_MAX_CONTINUATION_CHARS = 20
_MAX_SUBJECT_CLAUSE_CHARS = 45
_MAX_SENTENCE_BEFORE_CHARS = 45
_MAX_SENTENCES_BACK = 3
_NEEDS_CONTINUATION = re.compile(
    rf"(?:{either('ends that go on')}|(?<![傳小學])(?:{either('verbs of saying')}))[，：:]$"
    r"|(?:經由|通過|透過|藉由|藉著|根據|按照|隨著|為了|由於)[^，]*，$"
)
_INCOMPLETE = re.compile(rf".{{0,3}}[，、；：]?|.{{0,4}}(?:{either('ends of nothing')})[，：:]?")
_SCENE = re.compile(rf"(?:{either('ends of scenes')})[，,]?$")
_NOUN_PHRASE = re.compile(r"的[^的，]+，$")
_ONLY_MARKS = re.compile(r"[，。；：！？、」』》\s]+")
_CLAUSE_STOP = re.compile(r"[；：;:][」』”]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An uncleaned question: `earlier + left + word + right + later`."""

    earlier: tuple[str, ...]
    left: str
    word: str
    right: str
    later: tuple[str, ...]

    def text(self) -> str:
        """The pieces joined."""
        return "".join((*self.earlier, self.left, self.word, self.right, *self.later))


def core_of(frame: Frame, word: QuestionWord) -> Draft:
    """Put the question word in the answer's place in its own clause."""
    left, right = strip_marks_around(frame)
    return Draft(
        earlier=(),
        left=left[: len(left) - word.absorbed_left_chars],
        word=word.text,
        right=right[word.absorbed_right_chars :],
        later=(),
    )


def strip_marks_around(frame: Frame) -> tuple[str, str]:
    """The clause left and right of the answer, without text in brackets and quotation marks around the answer."""
    left, right = frame.left, frame.right
    while left[-1:] in ("「", "『", "《", "〈", "“") and right[:1] in ("」", "』", "》", "〉", "”"):
        left, right = left[:-1], right[1:]
    return without_parentheses(left), without_parentheses(right)


def compose(frame: Frame, core: Draft, window_chars: int = WINDOW_CHARS) -> Draft:
    """Add neighbouring clauses up to a total length, and a subject if there is none.

    A clause that contains the answer's text is never added.
    """
    earlier = [without_parentheses(clause) for clause in frame.earlier]
    later = [without_parentheses(clause) for clause in frame.later]
    is_subject = _is_subject_of_next(core, later)
    kept_later: list[str] = []
    if later and frame.answer not in later[0] and (is_subject or needs_main_clause(core)):
        kept_later.append(later.pop(0))
    room = window_chars - len(core.text()) - sum(map(len, kept_later))
    needs_subject = bool(core.left) and not is_subject and lacks_subject(readable(core.text()))
    if needs_subject and earlier and not find_subject(frame):
        room = max(room, min(len(earlier[-1]), _MAX_SUBJECT_CLAUSE_CHARS))
    kept_earlier: list[str] = []
    if needs_subject:
        room = _take_earlier(frame.answer, earlier, kept_earlier, room)
        _take_later(frame.answer, later, kept_later, core.right, room)
    else:
        room = _take_later(frame.answer, later, kept_later, core.right, room)
        _take_earlier(frame.answer, earlier, kept_earlier, room)
    last = kept_later[-1] if kept_later else core.text()
    # 陶德以「烏龍」的名稱，…: no verb yet.
    needs_continuation = _NEEDS_CONTINUATION.search(last) is not None or (bool(kept_later) and _lacks_verb(last))
    if needs_continuation and later and frame.answer not in later[0] and len(later[0]) <= _MAX_CONTINUATION_CHARS:
        kept_later.append(later.pop(0))
    while kept_later and _INCOMPLETE.fullmatch(kept_later[-1]):
        kept_later.pop()
    draft = replace(core, earlier=tuple(kept_earlier), later=tuple(kept_later))
    return _with_sentence_before(frame, draft if is_subject else _with_subject(frame, draft))


def _lacks_verb(clause: str) -> bool:
    return clause.endswith("，") and "以" in clause and says_when(clause)


def _with_sentence_before(frame: Frame, draft: Draft) -> Draft:
    """Quote the sentence before a question that would open with a pronoun; unchanged where that one does, too."""
    if not opens_unnamed(without_leading_connective(draft.text())):
        return draft
    skipped = frame.earlier[: len(frame.earlier) - len(draft.earlier)]
    if skipped and frame.answer not in skipped[-1] and without_parentheses(skipped[-1]) not in draft.text():
        return replace(draft, earlier=(without_parentheses(skipped[-1]), *draft.earlier))
    named = (one for one in frame.sentences_before[:_MAX_SENTENCES_BACK] if not opens_unnamed(one))
    before = without_parentheses(next(named, "")).strip("。！？!?\n ")
    if not 4 < len(before) <= _MAX_SENTENCE_BEFORE_CHARS:
        return draft
    if frame.answer in before or re.search(r"[。「」\n]", before):
        return draft
    return replace(draft, earlier=(before + "，", *draft.earlier))


def _take_earlier(answer: str, earlier: list[str], kept: list[str], room: int) -> int:
    """Move earlier clauses into the draft, nearest first; returns the characters that are left."""
    while earlier and len(earlier[-1]) <= room and answer not in earlier[-1]:
        room -= len(earlier[-1])
        kept.insert(0, earlier.pop())
    return room


def _take_later(answer: str, later: list[str], kept: list[str], right: str, room: int) -> int:
    """Move later clauses into the draft up to a semicolon or colon; returns the characters that are left."""
    while later and len(later[0]) <= room and answer not in later[0]:
        if not kept and _ONLY_MARKS.fullmatch(right) and (later[0].startswith("是") or leading_subject(later[0])):
            break  # the question is complete, and the next clause is about something else
        if _CLAUSE_STOP.search(kept[-1] if kept else right):
            break
        room -= len(later[0])
        kept.append(later.pop(0))
    return room


def needs_main_clause(core: Draft) -> bool:
    """Whether the answer's clause is only adverbial (`1867年，`, `當他到達誰家時，`) and needs the next one."""
    if is_property(core.left):
        return False
    outside = core.left + "，" + core.right
    if not any(word.tag.startswith("v") or word.text in ("是", "為", "有") for word in tag_words(outside)):
        return True
    return _NEEDS_MAIN_CLAUSE.search(core.left + core.word + core.right) is not None


def _with_subject(frame: Frame, draft: Draft) -> Draft:
    """Put the sentence's subject before a draft that has none, or in place of a pronoun with a certain referent."""
    first = draft.earlier[0] if draft.earlier else draft.left + draft.word + draft.right
    named = _with_pronoun_named(frame, draft)
    if named is not draft or not (draft.earlier or draft.left):
        return named
    if lacks_subject(readable(first)) and not _next_clause_has_subject(draft):
        subject = find_subject(frame)
    else:
        return draft
    if not subject or frame.answer in subject or subject in draft.text():
        return draft
    if without_leading_connective(first).startswith(subject[:3]):
        return draft
    if draft.earlier:
        return replace(draft, earlier=(subject + without_leading_connective(first), *draft.earlier[1:]))
    return replace(draft, left=subject + without_leading_connective(draft.left))


def _with_pronoun_named(frame: Frame, draft: Draft) -> Draft:
    """Replace a pronoun that is the first subject by its referent; a date may come before it."""
    pieces = [*draft.earlier, draft.left, *draft.later]
    for position, piece in enumerate(pieces):
        bare = without_leading_connective(piece)
        # The question word may follow the pronoun directly: 其 + 哪一年.
        named = with_noun(bare, frame.sentences_before)
        if named != bare and frame.answer not in named and not _repeats(named, bare, draft):
            pieces[position] = named
            count = len(draft.earlier)
            return replace(draft, earlier=tuple(pieces[:count]), left=pieces[count], later=tuple(pieces[count + 1 :]))
        if piece and not says_when(piece) and not (piece == draft.left and _SCENE.search(draft.word + draft.right)):
            break
    return draft


def _repeats(named: str, bare: str, draft: Draft) -> bool:
    """Whether the noun put in stands in the question already."""
    added = next((named[:n] for n in range(len(named), 1, -1) if named[n:] and bare.endswith(named[n:])), "")
    return len(added) > 1 and added.rstrip("的之") in draft.text()


def _is_subject_of_next(core: Draft, later: Sequence[str]) -> bool:
    """Whether the clause is a noun phrase and the subject of the next one (`住在附近的布農族，也流傳著傳說`)."""
    if not later or _NOUN_PHRASE.search(core.text()) is None:
        return False
    # 徐光啟編寫的《農政全書》，收錄了…
    is_bare = re.search("[是為有了過]", core.text()) is None and core.left.endswith("的")
    return later[0][:1] in tuple("也都則均卻是") or (is_bare and lacks_subject(readable(later[0])))


def _next_clause_has_subject(draft: Draft) -> bool:
    """Whether the first clause is only adverbial and the next has a subject (`從哪一年起，他不斷寫信`)."""
    first, *others = clauses_of(draft.text())
    if not others or _SCENE.search(first) is None:
        return False
    return not lacks_subject(readable(others[0]))
