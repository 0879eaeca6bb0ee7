"""Matches each token of our vocabulary with the pieces of an encoder's vocabulary that say the same.

Comes in: a `SourceEncoder`, tokens of a BERT vocabulary. Goes out: per token the ids of its pieces: one where a piece
says the same, several where its parts have pieces, none else.

A literal example: 峽 is the piece 峽; ， is the piece `,`; `python` is `▁python`; 纔 without a piece is that of 才;
`1867` is the pieces 18 and 67; a character that no piece has is nothing.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterator

from qgkd.checkpoints.source_encoder import SourceEncoder
from qgkd.text.script import to_simplified

_CONTINUES = "##"


class PieceMatcher:
    """Looks tokens up.

    Args:
        encoder: Whose pieces.
    """

    def __init__(self, encoder: SourceEncoder) -> None:
        special = set(encoder.special.values())
        self._ids = {piece: index for index, piece in enumerate(encoder.pieces) if piece and index not in special}
        self._mark = encoder.word_mark

    def pieces(self, token: str) -> tuple[int, ...]:
        """The pieces of a token that is not a special one."""
        text, within = token.removeprefix(_CONTINUES), token.startswith(_CONTINUES) and token != _CONTINUES
        for said in _wordings(text):
            found = self._whole(said, within)
            if found is not None:
                return (found,)
        for said in _wordings(text):
            parts = self._parts(said, within)
            if parts:
                return parts
        return ()

    def _whole(self, text: str, within: bool) -> int | None:
        return next((self._ids[name] for name in self._names(text, within) if name in self._ids), None)

    def _names(self, text: str, within: bool) -> Iterator[str]:
        """What a piece of this text may be called, the likeliest first."""
        if not self._mark:
            names = [_CONTINUES + text, text]
            return iter(names if within else names[::-1])
        # Chinese knows no spaces: a character within a text has no mark. A Latin word begins with one.
        marked = not within and text[:1].isalnum() and ord(text[0]) < 0x2E80
        names = [text, self._mark + text]
        return iter(names[::-1] if marked else names)

    def _parts(self, text: str, within: bool) -> tuple[int, ...]:
        """The longest pieces from left to right; nothing where a part has none."""
        found: list[int] = []
        start = 0
        while start < len(text):
            for end in range(len(text), start, -1):
                piece = self._whole(text[start:end], within or start > 0)
                if piece is not None:
                    found.append(piece)
                    start = end
                    break
            else:
                return ()
        return tuple(found)


def _wordings(text: str) -> Iterator[str]:
    """A text as it stands, in NFKC, in Simplified characters; each once."""
    changes: tuple[Callable[[str], str], ...] = (str, _compatible, to_simplified)
    return iter(dict.fromkeys(change(text) for change in changes))


_compatible = functools.partial(unicodedata.normalize, "NFKC")
