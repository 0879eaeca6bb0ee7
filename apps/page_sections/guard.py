"""A failure stays where it happens: a sentence in its section, its traceback in the server's log, the rest as it was.

Comes in: a function that draws a section, or one that is called on a click. Goes out: the same, which cannot stop the
page. Streamlit's own signals (a rerun, a stop) are no `Exception` and pass.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

from page_sections import plain, visitor
from page_sections.visitor import say
from qgkd.errors import UserError

_P = ParamSpec("_P")
_LOG = logging.getLogger("qgkd.page")


def draw(show: Callable[[], None]) -> bool:
    """Draw a section; False where it failed, and a sentence stands in its place."""
    try:
        show()
    except Exception as error:
        _LOG.exception("a section of the page failed")
        plain.note(say("error.section"), "error", _words(error))
        return False
    return True


def on_click(act: Callable[_P, None]) -> Callable[_P, None]:
    """What a click calls; where it fails, a sentence says so at the top of the page."""

    @functools.wraps(act)
    def safely(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            act(*args, **kwargs)
        except Exception as error:
            _LOG.exception("a click failed")
            visitor.tell("error.click", "error", detail=_words(error))

    return safely


def _words(error: Exception) -> str:
    """Our own sentences are for the visitor; those of other errors are in the log only."""
    return str(error) if isinstance(error, UserError) else ""
