"""A file name that every operating system accepts, from a title.

Comes in: a title, as a teacher typed it. Goes out: a file name.

A literal example: `safe_file_name("第一課: 燈塔/海", ".docx")` gives `第一課_燈塔_海.docx`.
"""

from __future__ import annotations

import re
import unicodedata

_MOST_BYTES = 120
_NO_TITLE = "quiz"
_SEPARATORS = re.compile(r'[\s/\\:*?"<>|&;$`\'!#%{}~]+')
_RESERVED_BY_WINDOWS = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def safe_file_name(title: str, suffix: str) -> str:
    """Make a file name from any text; the suffix begins with its dot.

    Returns:
        A name of at most 120 bytes of UTF-8 without separators, control or direction marks, none that Windows
        reserves; `quiz` where the title has no usable character.
    """
    # No control, format, private or unassigned character, and no half of a surrogate pair.
    visible = "".join(
        c for c in unicodedata.normalize("NFC", title) if unicodedata.category(c)[0] != "C" or c.isspace()
    )
    stem = _SEPARATORS.sub("_", visible).strip("._- ")
    room_bytes = _MOST_BYTES - len(suffix.encode())
    stem = stem.encode()[:room_bytes].decode(errors="ignore").strip("._- ") or _NO_TITLE
    return f"{_NO_TITLE}_{stem}{suffix}" if _RESERVED_BY_WINDOWS.fullmatch(stem) else f"{stem}{suffix}"
