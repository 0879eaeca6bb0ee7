"""The languages of the page and of exported files.

A literal example: `Language.TRADITIONAL` is `zh-Hant`, what HTML, Word and QTI write.
"""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """Values are BCP 47 tags, as HTML, Word and QTI write them."""

    TRADITIONAL = "zh-Hant"
    SIMPLIFIED = "zh-Hans"
    ENGLISH = "en"
