"""Say of a finished question whether it mixes its sentence with another one of the passage.

Comes in: a model's question, the sentence that its answer stands in, the answer, the passage. Goes out: yes or no.

A literal example, of 「牛頓是物理學家。粒線體被稱為細胞的發電廠。」: `牛頓被稱為什麼？` is mixed, whichever sentence
its answer is in: nothing says of 牛頓 how he is called.

Of 621 questions that people wrote about 172 passages, 25 would be called mixed, since people may look at two sentences
at once; a small model that does so is nearly always wrong.
"""

from __future__ import annotations

from qgkd.rule.carried_subjects import readable
from qgkd.rule.clauses import clauses_of
from qgkd.rule.cleaning import without_parentheses
from qgkd.rule.subjects import leading_subject, says_when
from qgkd.text.characters import is_han
from qgkd.text.script import to_traditional_aligned
from qgkd.text.words import is_listed, tag_words

_POINTS_ELSEWHERE = frozenset("他她它牠這那該此其本同上前後兩")


def mixes_sentences(question: str, sentence: str, answer_text: str, context: str) -> bool:
    """Whether a question gives its sentence the subject or a verb of another sentence of the context."""
    asked, told, answer, passage = map(to_traditional_aligned, (question, sentence, answer_text, context))
    return _has_another_subject(asked, told, answer, passage) or _has_another_verb(asked, told, passage)


def _has_another_subject(question: str, sentence: str, answer: str, passage: str) -> bool:
    """Whether the question begins with a name from elsewhere, and leaves out the sentence's own subject.

    A sentence that begins with a pronoun, a property (`總部設在…`) or no subject takes it from elsewhere: not judged.
    Where the answer is the subject, another can only come first if the sentence points at it (`林文海設計了它`).
    """
    claimed, own = _owner(_subject(question)), _owner(_subject(sentence))
    if not claimed or not own or claimed in sentence or claimed not in passage:
        return False
    if answer in own or own in answer:
        return not _POINTS_ELSEWHERE & set(sentence)
    return _is_named(own) and not _share(own, question)


def _has_another_verb(question: str, sentence: str, passage: str) -> bool:
    """Whether a verb of three characters, or of two with the character before it, is quoted from elsewhere."""
    rest = question.removeprefix(_subject(question))
    for word in tag_words(rest):
        if word.tag.startswith("v") and len(word.text) > 1 and word.text not in sentence:
            start_char = word.start_char - (len(word.text) == 2)
            quoted = rest[max(0, start_char) : word.end_char]
            if len(quoted) > 2 and all(map(is_han, quoted)) and quoted in passage:
                return True
    return False


def _subject(text: str) -> str:
    clauses = [clause for clause in clauses_of(without_parentheses(text)) if not says_when(clause)]
    return leading_subject(readable(clauses[0])) if clauses else ""


def _owner(subject: str) -> str:
    """聯合國 of 聯合國的總部."""
    return subject.split("的")[0]


def _is_named(subject: str) -> bool:
    """Whether a subject is a name or term; 學校 and 球隊 may be any that was named before."""
    return subject[0] not in _POINTS_ELSEWHERE and any(
        word.tag[:2] in ("nr", "ns", "nt", "nz") or (len(word.text) > 1 and not is_listed(word.text))
        for word in tag_words(subject)
    )


def _share(own: str, question: str) -> bool:
    """Whether two characters of the sentence's subject that stand together are in the question: a shorter name."""
    return any(own[at : at + 2] in question for at in range(len(own) - 1))
