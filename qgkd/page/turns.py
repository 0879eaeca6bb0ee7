"""A queue of visitors for the generator, first come first served.

Comes in: tickets of those who want to use the generator. Goes out: at most `at_once` of them at a time, and for each
the number before it. A long order takes a turn per batch, so that a book does not block a short text.

A literal example:

    ticket = turns.ticket()
    with turns.turn(ticket, stopped):
        generator.generate(...)
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator


class StoppedError(Exception):
    """The visitor stopped the work."""


class TurnQueue:
    """See the module.

    Args:
        at_once: How many are served at the same moment.
        most_waiting: How many may wait.
    """

    def __init__(self, at_once: int = 1, most_waiting: int = 100) -> None:
        self._at_once = at_once
        self._most_waiting = most_waiting
        self._numbers = itertools.count(1)
        self._waiting: list[int] = []
        self._served: set[int] = set()
        self._change = threading.Condition()

    def ticket(self) -> int:
        """The next ticket."""
        return next(self._numbers)

    def is_full(self) -> bool:
        """Whether as many wait as may."""
        with self._change:
            return len(self._waiting) >= self._most_waiting

    def waiting(self) -> list[int]:
        """The tickets that wait, the next one first."""
        with self._change:
            return list(self._waiting)

    def before(self, ticket: int) -> int:
        """How many are served or wait before a ticket; 0 when it is served or does not wait."""
        with self._change:
            if ticket not in self._waiting:
                return 0
            return self._waiting.index(ticket) + len(self._served)

    @contextlib.contextmanager
    def turn(self, ticket: int, stopped: threading.Event | None = None) -> Iterator[None]:
        """Wait for a turn, and end it with the block.

        Args:
            ticket: Of `ticket()`; the same one again for the next turn, at the end of the line.
            stopped: Ends the waiting when set.

        Raises:
            StoppedError: It was set.
        """
        with self._change:
            self._waiting.append(ticket)
            try:
                while self._waiting[0] != ticket or len(self._served) >= self._at_once:
                    if stopped is not None and stopped.is_set():
                        raise StoppedError
                    self._change.wait(0.2)
                self._served.add(ticket)
            finally:
                self._waiting.remove(ticket)
                self._change.notify_all()
        try:
            yield
        finally:
            with self._change:
                self._served.discard(ticket)
                self._change.notify_all()
