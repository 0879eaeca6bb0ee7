"""Visitors' workspaces on the disk, which survive a reload, a lost connection and a restart.

Comes in: a visitor's token and a change. Goes out: the workspace after it, on the disk before it is shown.

A literal example: `store.update(token, lambda workspace: workspace.undone())`

A token is 128 random bits: whoever has the link can open the quiz, and nobody can guess it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.page.workspace import Workspace

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_LOCKS = 64


class WorkspaceStore:
    """See the module.

    Args:
        folder: Where the files are; made if it is not there.
        keep_days: Files not opened for so long are removed.
    """

    def __init__(self, folder: Path, keep_days: int = 60) -> None:
        self._folder = folder
        self._keep_days = keep_days
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UserError(f"{folder}: could not be made: {error.strerror}; choose another --state folder") from error
        self.remove_old()

    @staticmethod
    def new_token() -> str:
        """A token for a new visitor."""
        return secrets.token_urlsafe(16)

    @staticmethod
    def is_token(text: str) -> bool:
        """Whether a text has a token's form."""
        return _TOKEN.fullmatch(text) is not None

    def load(self, token: str) -> Workspace | None:
        """The visitor's workspace; None where there is none, or a damaged one, which is kept as `.broken`."""
        if not self.is_token(token):
            return None
        path = self._path(token)
        try:
            workspace = Workspace.from_json(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            logging.getLogger("qgkd.page").exception("%s cannot be read; it is kept as .broken", path.name)
            with contextlib.suppress(OSError):
                os.replace(path, path.with_suffix(".broken"))
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return workspace

    def update(self, token: str, change: Callable[[Workspace], Workspace]) -> Workspace:
        """Change a visitor's workspace; changes from several tabs and jobs come one after the other.

        Raises:
            UserError: The file cannot be written; the workspace stays as it was.
        """
        if not self.is_token(token):
            raise UserError(f"expected a token of 22 letters and digits, found {token[:40]!r}")
        with self._locks[hash(token) % _LOCKS]:
            before = self.load(token) or Workspace()
            after = change(before)
            if after is not before:
                with write_atomically(self._path(token)) as handle:
                    json.dump(after.to_json(), handle, ensure_ascii=False)
                with contextlib.suppress(OSError):
                    self._path(token).chmod(0o600)
            return after

    def remove_old(self) -> int:
        """Remove files not opened for `keep_days`; returns how many."""
        limit = time.time() - self._keep_days * 86_400
        removed = 0
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(OSError):
                if _TOKEN.fullmatch(path.stem) and path.stat().st_mtime < limit:
                    path.unlink()
                    removed += 1
        return removed

    def _path(self, token: str) -> Path:
        return self._folder / f"{token}.json"
