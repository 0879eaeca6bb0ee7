"""The page's server side: store, queue, jobs and models, shared by all visitors.

Comes in: `PageSettings`. Goes out: `PageService`, one per server.

A literal example: `service.write("token")` begins to write the questions of a visitor's workspace;
`service.jobs.of("token")` shows its progress, `service.store.load("token")` has the questions when it has ended.
"""

from __future__ import annotations

import functools
import logging
import threading
from pathlib import Path

from qgkd.documents import Document, DocumentLimits, read_document
from qgkd.generator import GenerationRequest
from qgkd.page.jobs import Job, JobBoard
from qgkd.page.models import ModelShelf
from qgkd.page.orders import passage_orders, with_written
from qgkd.page.proposals import Proposals
from qgkd.page.question_list import replace_item
from qgkd.page.settings import PageSettings
from qgkd.page.turns import TurnQueue
from qgkd.page.versions import another_version, other_options, wrong_options
from qgkd.page.workspace import Entry, Workspace
from qgkd.page.workspace_store import WorkspaceStore
from qgkd.page.writing import QuizWriter
from qgkd.question_forms import Passage

_READ_AT_ONCE = 2
_WARM_UP = "燈塔建於1867年，由工程師林文海設計。"


class BusyError(Exception):
    """The queue for the generator is full."""


class PageService:
    """See the module."""

    def __init__(self, settings: PageSettings) -> None:
        self.settings = settings
        self.store = WorkspaceStore(Path(settings.state_folder), settings.keep_days)
        self.turns = TurnQueue(settings.at_once, settings.most_waiting)
        self.jobs = JobBoard()
        self.models = ModelShelf(settings.models, any_model=settings.any_model)
        self.proposals = Proposals()
        self._reading = threading.Semaphore(_READ_AT_ONCE)

    def warm_up(self) -> None:
        """Load the word lists and the default model in the background, before the first visitor asks."""
        threading.Thread(target=self._warm_up, name="qgkd-warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            answers = self.proposals.of(_WARM_UP)
            self.models.get().generate([GenerationRequest(context=_WARM_UP, answer=answer) for answer in answers])
        except Exception:
            logging.getLogger("qgkd.page").exception("the default model cannot be used")

    def read(self, name: str, data: bytes) -> Document:
        """Read an uploaded document; two at a time.

        Raises:
            DocumentError: It cannot be read.
        """
        settings = self.settings
        limits = DocumentLimits(max_bytes=settings.max_upload_mb * 1_000_000, max_chars=settings.max_chars)
        with self._reading:
            return read_document(name, data, limits)

    def write(self, token: str) -> Job:
        """Begin to write the questions of the visitor's workspace.

        Raises:
            BusyError: The queue is full.
        """
        if self.turns.is_full():
            raise BusyError
        workspace = self.store.load(token) or Workspace()
        wanted = max(workspace.wish.count, len(workspace.choice.added))
        work = functools.partial(self._write, token, workspace)
        return self.jobs.start(token, "write", work, ticket=self.turns.ticket(), wanted=wanted)

    def _write(self, token: str, workspace: Workspace, job: Job) -> None:
        def report(done: int) -> None:
            job.done = done

        taken = [(entry.item.question, entry.item.answer) for entry in workspace.entries]
        writer = QuizWriter(
            self.models.get(workspace.wish.model),
            taken,
            turn=lambda: self.turns.turn(job.ticket, job.stopped),
            report=report,
        )
        orders = passage_orders(workspace, self.proposals, job.stopped)
        written = writer.write(orders, workspace.wish.count)
        form, options = workspace.wish.form, workspace.wish.options
        self.store.update(token, lambda now: with_written(now, written, form, options))

    def passage_of(self, entry: Entry, workspace: Workspace) -> Passage | None:
        """The passage of an entry with its proposals; None where a teacher wrote the entry."""
        context = workspace.passages.get(entry.item.passage_id)
        if context is None:
            return None
        return Passage(entry.item.passage_id, context, self.proposals.of(context))

    def another_version(self, token: str, key: str) -> bool | None:
        """Put another version in an entry's place.

        Returns:
            True for a new one, False where an earlier one has come back, None where there is no other.

        Raises:
            BusyError: The queue is full.
        """
        workspace = self.store.load(token) or Workspace()
        entry = next((entry for entry in workspace.entries if entry.key == key), None)
        passage = None if entry is None else self.passage_of(entry, workspace)
        if entry is None or passage is None:
            return None
        if self.turns.is_full():
            raise BusyError
        generator = self.models.get(workspace.wish.model)
        with self.turns.turn(self.turns.ticket()):
            found = another_version(entry, passage, generator, options=workspace.wish.options)
        if found is None:
            return None
        self.store.update(token, lambda now: replace_item(now, key, found.item, found.shown))
        return found.is_new

    def other_options(self, token: str, key: str) -> bool | None:
        """Give an entry other wrong options; returns as `another_version`."""
        workspace = self.store.load(token) or Workspace()
        entry = next((entry for entry in workspace.entries if entry.key == key), None)
        found = None if entry is None else other_options(entry, self.passage_of(entry, workspace))
        if entry is None or found is None:
            return None
        gone = wrong_options(entry.item)
        self.store.update(token, lambda now: replace_item(now, key, found.item, wrong_options=gone))
        return found.is_new
