"""Text files in any encoding that Chinese texts come in: UTF-8, UTF-16 with its mark, Big5, GB 18030.

Comes in: bytes. Goes out: text.

A literal example: `decode("課文".encode("big5"), "a.txt")` is `"課文"`.
"""

from __future__ import annotations

import codecs

from qgkd.documents.characters import is_common
from qgkd.documents.document import DocumentError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAX_RARE_SHARE = 0.02


def decode(data: bytes, name: str) -> str:
    """Turn bytes into text.

    Args:
        data: The file.
        name: What the error calls it.

    Returns:
        Text with line feeds.

    Raises:
        DocumentError: Its encoding is none of these.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lines(data.decode(encoding, errors="replace"))
    try:
        return _lines(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    # Big5 and GB 18030 share most of their bytes: the reading with fewer rare characters is the right one.
    readings = [text for encoding in ("cp950", "gb18030") if (text := _decoded(data, encoding)) is not None]
    best = min(readings, key=rare_share, default=None)
    if best is None or rare_share(best) > _MAX_RARE_SHARE:
        raise DocumentError("encoding", name=name)
    return _lines(best)


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def rare_share(text: str) -> float:
    """The share of characters that everyday text does not have: private use, rare ideographs, control characters."""
    rare = sum(
        not (
            ("\u4e00" <= character <= "\u9fff" and is_common(character))
            or "\u3000" <= character <= "\u303f"
            or "\uff00" <= character <= "\uffef"
            or "\u2010" <= character <= "\u2030"
            or character in "\r\n\t"
            or " " <= character <= "~"
        )
        for character in text
    )
    return rare / max(len(text), 1)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
