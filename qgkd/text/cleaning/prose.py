"""Paragraphs that are no sentences to ask about: not Chinese, without marks, classical, or what persons say.

Comes in: a paragraph, its broken lines joined. Goes out: its kind.

A literal example: a paragraph in which more than half stands in `「…？」` and `「…。」` is dialogue.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qgkd.text.cleaning.kinds import Kind
from qgkd.text.cleaning.lines import HAN, han_chars
from qgkd.text.cleaning.verse import reads_as_classical

_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f'’\\-]+")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_OTHER_SCRIPT = re.compile("[\u0370-\u1fff\uac00-\ud7a3]")
_LEAST_KANA = 0.25
_SPEECH = re.compile(
    "「[^「」]{0,80}[。！？!?…，,—～~][」]|“[^“”]{0,80}[。！？!?…，,—～~]”|『[^『』]{0,80}[。！？!?…，,]』"
)
_SAID = re.compile("[說说問问道答喊叫嚷講讲笑罵骂回著着]|^「」|：「」")
_LEAST_SPEECH, _LEAST_REPLY = 0.5, 0.25
"""How much of a paragraph is spoken: of any, and of one that opens with speech in a text that has such a paragraph."""
_ADDRESSED = re.compile("[？！?!你您妳嗎吗呢吧啊呀啦喔哦]")
_MOST_CHARS_PER_SPEECH = 80
_SPEAKER = re.compile(
    rf"^[ \t\u3000]*(?:[{HAN}]{{1,8}}|[A-Za-z]{{1,12}}|[甲乙丙丁])(?:[（(][^（）()]{{0,20}}[)）])?[：:]"
)
_MOST_UNMARKED_CHARS, _MOST_CLAUSE_CHARS = 50, 80
"""Without any mark, and to a mark; ordinary passages have one at every tenth character or so."""
_MARK = re.compile(rf"(?:[，。、；：！？,;:!?…（）()「」『』《》〈〉“”\-—/\n \u3000]|\.(?=[{HAN}]|$))+")


def kinds_of(paragraphs: Sequence[str]) -> list[Kind]:
    """The kind of each paragraph of a text."""
    kinds = [_kind_of(paragraph) for paragraph in paragraphs]
    if len(kinds) > 1 and kinds.count(Kind.DIALOGUE) * 2 < len(kinds):
        kinds = [Kind.TEXT if kind is Kind.DIALOGUE and _tells_one_speech(text) else kind
                 for text, kind in zip(paragraphs, kinds, strict=True)]  # fmt: skip
    if Kind.DIALOGUE in kinds:
        kinds = [Kind.DIALOGUE if kind is Kind.TEXT and _is_reply(text) else kind
                 for text, kind in zip(paragraphs, kinds, strict=True)]  # fmt: skip
    if _is_conversation([text for text, kind in zip(paragraphs, kinds, strict=True) if kind is Kind.TEXT]):
        kinds = [Kind.DIALOGUE if kind is Kind.TEXT and _SPEAKER.match(text) else kind
                 for text, kind in zip(paragraphs, kinds, strict=True)]  # fmt: skip
    return kinds


def _kind_of(text: str) -> Kind:
    chars = han_chars(text)
    kana = len(_KANA.findall(text))
    others = len(_LATIN_WORD.findall(text)) + len(_OTHER_SCRIPT.findall(text))
    if (others > chars and others > 2) or (kana > 2 and kana >= _LEAST_KANA * (chars + kana)):
        return Kind.FOREIGN
    clauses = sum(map(bool, _MARK.split(text)))
    if chars > (_MOST_CLAUSE_CHARS * clauses if _MARK.search(text) else _MOST_UNMARKED_CHARS):
        return Kind.UNPUNCTUATED
    if reads_as_classical(text):
        return Kind.CLASSICAL
    return Kind.DIALOGUE if _spoken_share(text) > _LEAST_SPEECH else Kind.TEXT


def _spoken_share(text: str) -> float:
    """How much of a paragraph persons say: short quotations that end with a mark of their own."""
    speeches = _SPEECH.findall(text)
    chars = han_chars(text)
    if len(speeches) * _MOST_CHARS_PER_SPEECH < chars or not any(map(_ADDRESSED.search, speeches)):
        return 0.0  # an article that quotes a document or a statement
    if not _SAID.search(_SPEECH.sub("「」", text)):
        return 0.0  # examples of sentences
    return sum(map(han_chars, speeches)) / max(chars, 1)


def _tells_one_speech(text: str) -> bool:
    """Whether a paragraph tells what one person said, and who."""
    return len(_SPEECH.findall(text)) == 1 and _SPEECH.match(text.lstrip()) is None


def _is_reply(text: str) -> bool:
    """Whether a paragraph in a text of dialogue opens with speech, or is mostly speech."""
    speeches = _SPEECH.findall(text)
    opens = bool(speeches) and text.lstrip().startswith(speeches[0])
    least = _LEAST_REPLY if opens else _LEAST_SPEECH
    return bool(speeches) and sum(map(han_chars, speeches)) >= least * han_chars(text)


def _is_conversation(paragraphs: Sequence[str]) -> bool:
    """Whether most paragraphs begin with one of a few speakers' names, each of which comes again."""
    speakers = [found.group().strip() for text in paragraphs if (found := _SPEAKER.match(text))]
    return len(speakers) > 2 and len(speakers) * 2 > len(paragraphs) and len(set(speakers)) * 2 <= len(speakers)
