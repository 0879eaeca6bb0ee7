"""Subtitles and transcripts without their numbers and times.

Comes in: a text. Goes out: the text without the time stamps of SubRip, WebVTT, lyrics and transcripts. A time within a
sentence, and a schedule, stay as they are.

A literal example: `00:00:01,000 --> 00:00:04,200` and the number on the line above it vanish.
"""

from __future__ import annotations

import re

from qgkd.text.cleaning.tracked import TrackedText

_TIME = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
_CUE = re.compile(rf"(?m)^(?:[ \t]*\d{{1,5}}[ \t]*\n)?[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}[^\n]*$")
_HEADER = re.compile(r"\A\s*WEBVTT[^\n]*(?:\n(?:Kind|Language|NOTE|X-TIMESTAMP)[^\n]*)*")
_BRACKETED = re.compile(rf"(?m)^[ \t]*(?:[\[【(（]{_TIME}(?:\s*[-–~～—]\s*{_TIME})?[\])）】][ \t]*)+")
_BARE = re.compile(
    rf"(?m)^[ \t]*(?P<time>{_TIME})(?:[ \t]*[-–~～—][ \t]*{_TIME})?(?=[ \t\u3000\n]|[\u3400-\u9fff「]|$)[ \t]*"
)
_INLINE = re.compile(rf"<{_TIME}>|</?c(?:\.[^<>]{{0,40}})?>|\{{\\an?\d+\}}|</?v(?:\s[^<>]{{0,40}})?>")
_LYRICS_TAG = re.compile(r"(?m)^\[(?:ti|ar|al|by|offset|re|ve|length):[^\[\]\n]{0,80}\][ \t]*$")
_LATEST_BEGINNING_SECONDS = 300
"""A transcript begins at its first minutes; a schedule does not."""


def without_time_stamps(text: TrackedText) -> TrackedText:
    """Take off the time stamps at the starts of lines where there are those of a recording."""
    text = text.without(_HEADER).without(_CUE).without(_INLINE).without(_LYRICS_TAG)
    if len(_BRACKETED.findall(text.text)) > 1:
        text = text.without(_BRACKETED)
    bare = [_seconds(match["time"]) for match in _BARE.finditer(text.text)]
    if len(bare) > 1 and bare == sorted(bare) and bare[0] <= _LATEST_BEGINNING_SECONDS:
        text = text.without(_BARE)
    return text


def _seconds(time: str) -> float:
    """A time from its hours, minutes and seconds."""
    seconds = 0.0
    for part in re.split("[:]", time.replace(",", ".")):
        seconds = seconds * 60 + float(part)
    return seconds
