"""The systems that write the questions, each loaded once and shared by all visitors.

Comes in: a name: empty for the default, `rule`, a model folder or a hub name. Goes out: a `Generator`, and its card.

A literal example: `shelf.get("")` is the first model the server was started with, else the rule, which scores above the
model in the package.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from pathlib import Path

from qgkd.checkpoints.packaged_model import packaged_model
from qgkd.errors import UserError
from qgkd.generator import Generator
from qgkd.quiz.load_generator import load_generator

RULE = "rule"
_MOST_LOADED = 3
_LONGEST_CARD_CHARS = 20_000
_METADATA = re.compile(r"\s*---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
"""What the hub's cards begin with: YAML for programs."""


class ModelShelf:
    """See the module.

    Args:
        models: Folders or hub names the server offers; the first is the default.
        any_model: Whether other names are taken, too.
    """

    def __init__(self, models: tuple[str, ...] = (), *, any_model: bool = False) -> None:
        packaged = packaged_model()
        own = (str(packaged),) if packaged else ()
        self.offered: tuple[str, ...] = tuple(dict.fromkeys((*models, RULE, *own)))
        self.any_model = any_model
        self._loaded: OrderedDict[str, Generator] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str = "") -> Generator:
        """Load a system, or return the loaded one.

        Raises:
            UserError: It is not offered here, or cannot be loaded.
        """
        wanted = name or self.offered[0]
        if wanted not in self.offered and not self.any_model:
            raise UserError(f"model {wanted[:80]!r} is not offered by this server; choose one of the list")
        with self._lock:
            if wanted not in self._loaded:
                loaded = load_generator(system="rule") if wanted == RULE else load_generator(model=wanted)
                self._loaded[wanted] = loaded
                while len(self._loaded) > _MOST_LOADED:
                    oldest = next(key for key in self._loaded if key not in (wanted, self.offered[0]))
                    del self._loaded[oldest]
            self._loaded.move_to_end(wanted)
            return self._loaded[wanted]

    def is_loaded(self, name: str = "") -> bool:
        """Whether a system can be used without waiting."""
        return (name or self.offered[0]) in self._loaded

    @staticmethod
    def label(name: str) -> str:
        """A model's name in a list: the last part of its path."""
        return name if name == RULE else Path(name).name or name


def model_card(name: str) -> str | None:
    """The text of the card in a model's folder, without its metadata; None where there is none, and for the rule."""
    if name == RULE:
        return None
    try:
        text = (Path(name) / "README.md").read_text("utf-8").removeprefix("\ufeff")
    except (OSError, ValueError):  # a name with a NUL is a ValueError
        return None
    metadata = _METADATA.match(text)
    return text[metadata.end() if metadata else 0 :].strip()[:_LONGEST_CARD_CHARS] or None
