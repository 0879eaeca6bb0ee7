"""Brings a question about a Simplified passage back from Traditional characters, in the passage's own spelling.

Comes in: the question, the passage, and its conversion. Goes out: the question in Simplified characters. What the
question shares with the passage is copied from it, the longest stretches first; the rest is converted by phrase.

A literal example: the passage 「钱锺书看着乾隆的台历」 is read as 「錢鍾書看著乾隆的臺曆」; 「錢鍾書看著誰的臺曆？」
comes back as 「钱锺书看着谁的台历？」, with the 锺 of the passage.
"""

from __future__ import annotations

from qgkd.text.script import to_simplified, to_simplified_aligned


def spelt_as_in(passage: str, traditional: str, question: str) -> str:
    """Convert a question to Simplified characters, quotations exactly as the passage spells them.

    Args:
        passage: As it was given.
        traditional: The same in Traditional characters, character for character.
        question: In Traditional characters.
    """
    converted = to_simplified_aligned(question)
    spelt: list[str | None] = [None] * len(question)
    for start, length in _quotations(question, traditional):
        free = [at for at in range(start, start + length) if spelt[at] is None]
        if not free:
            continue
        quoted = _spelling(passage, traditional, question[start : start + length], converted[start : start + length])
        for at in free:
            spelt[at] = quoted[at - start]
    return "".join(converted[at] if character is None else character for at, character in enumerate(spelt))


def _quotations(question: str, traditional: str) -> list[tuple[int, int]]:
    """(start, length) of the longest stretch that the passage has from each character on, longest first."""
    found = []
    for start in range(len(question)):
        end = start
        while end < len(question) and question[start : end + 1] in traditional:
            end += 1
        if end > start:
            found.append((start, end - start))
    return sorted(found, key=lambda quotation: (-quotation[1], quotation[0]))


def _spelling(passage: str, traditional: str, quoted: str, converted: str) -> str:
    """How the passage spells what is quoted; the conversion's way where it has several and that is one of them.

    A single character may be the question's own: where a phrase of the question decided how it is converted (著有 keeps
    著), that counts more than the passage's 看着.
    """
    at, spellings = traditional.find(quoted), []
    while at >= 0:
        spellings.append(passage[at : at + len(quoted)])
        at = traditional.find(quoted, at + 1)
    if converted in spellings or (len(quoted) == 1 and converted != to_simplified(quoted)):
        return converted
    return spellings[0]
