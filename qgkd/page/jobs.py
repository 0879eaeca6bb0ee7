"""Background work that survives a reload or a lost connection of its visitor.

Comes in: a function that works for a visitor. Goes out: `Job`, which shows progress and can be stopped. The function
stores its result in the visitor's workspace itself, so that nothing depends on an open browser.

A literal example: `board.start("token", lambda job: write(job))` returns a `Job` at once; `board.of("token")` finds it
again after a reload.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from qgkd.errors import UserError

_KEPT_SECONDS = 3600.0


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work."""

    kind: str
    """Kind of work, for the thread's name."""
    ticket: int = 0
    """Its place in the queue."""
    done: int = 0
    """Steps done so far."""
    wanted: int = 1
    """Steps in all."""
    stopped: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
    """What went wrong."""
    ended_at: float = 0.0


class JobBoard:
    """At most one job per visitor."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def of(self, token: str) -> Job | None:
        """The visitor's job, running or ended."""
        with self._lock:
            return self._jobs.get(token)

    def start(self, token: str, kind: str, work: Callable[[Job], None], *, ticket: int = 0, wanted: int = 1) -> Job:
        """Begin a visitor's job, or return the one that is running; `work` looks at `job.stopped`, sets `job.done`."""
        with self._lock:
            running = self._jobs.get(token)
            if running is not None and not running.ended.is_set():
                return running
            self._remove_old()
            job = Job(kind=kind, ticket=ticket, wanted=wanted)
            self._jobs[token] = job
        threading.Thread(target=self._run, args=(job, work), name=f"qgkd-{kind}", daemon=True).start()
        return job

    def running(self) -> int:
        """How many jobs have not ended."""
        with self._lock:
            return sum(not job.ended.is_set() for job in self._jobs.values())

    def _run(self, job: Job, work: Callable[[Job], None]) -> None:
        try:
            work(job)
        except Exception as error:
            job.error = error
            if not isinstance(error, UserError):
                logging.getLogger("qgkd.page").exception("a job failed")
        finally:
            job.ended_at = time.monotonic()
            job.ended.set()

    def _remove_old(self) -> None:
        limit = time.monotonic() - _KEPT_SECONDS
        for token in [token for token, job in self._jobs.items() if job.ended.is_set() and job.ended_at < limit]:
            del self._jobs[token]
