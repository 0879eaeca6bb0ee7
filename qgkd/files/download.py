"""Download a file once, resume an interrupted download, and keep the file only if its content is the expected one.

Comes in: an address, the path to write and the git blob id the content must have. Goes out: the verified file, and
whether it was there already.

A literal example: `download_verified("https://host/DRCD_dev.json", Path("DRCD_dev.json"), "daa42e47…")` writes to
`DRCD_dev.json.part` and renames it when the id is right; killed half way, the next call asks only for the rest.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from qgkd.errors import UserError
from qgkd.files.atomic import explain_write_error

Progress = Callable[[int, int | None], None]
"""Called with the bytes received so far and the total (None where the server does not send it)."""

_BLOCK_BYTES = 1 << 16
_TIMEOUT_S = 30.0


class Outcome(StrEnum):
    """Whether the file had to be fetched."""

    DOWNLOADED = "downloaded"
    ALREADY_THERE = "already there"


class _DroppedError(Exception):
    """The connection broke off before the end of the file."""


def git_blob_id(path: Path) -> str:
    """Return the id git gives a file's content: SHA-1 over `blob <size>`, a NUL and the bytes.

    Raises:
        UserError: The file cannot be read.
    """
    try:
        with path.open("rb") as handle:
            begun = hashlib.sha1(b"blob %d\0" % os.fstat(handle.fileno()).st_size, usedforsecurity=False)
            return hashlib.file_digest(handle, lambda: begun).hexdigest()
    except OSError as error:
        raise UserError(f"{path}: expected a readable file, but: {error.strerror}; check the path") from error


def download_verified(
    url: str,
    target: Path,
    blob_id: str,
    *,
    on_progress: Progress = lambda _done_bytes, _total_bytes: None,
    attempts: int = 4,
    pause_s: float = 1.0,
) -> Outcome:
    """Fetch a file unless it is there already.

    Args:
        url: Where it is, http or https.
        target: The path to write; its folder must exist.
        blob_id: The git blob id of the right content.
        on_progress: Called after every block.
        attempts: How often to connect before giving up.
        pause_s: Seconds to wait before connecting again; doubled every time.

    Returns:
        Whether anything had to be downloaded.

    Raises:
        UserError: No network, no such file on the server, other content than expected, a full disk, or another file
            of that name is in the way (it is left as it is).
    """
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise UserError(f"{url}: expected an address starting with http:// or https://; check --base-url")
    if target.exists():
        if git_blob_id(target) == blob_id:
            return Outcome.ALREADY_THERE
        raise UserError(
            f"{target}: expected the official file (git blob {blob_id[:12]}…), found other content; move that file away"
        )
    part = target.with_name(target.name + ".part")
    resumed = part.exists()
    _fetch_with_patience(url, part, on_progress, attempts, pause_s)
    if resumed and git_blob_id(part) != blob_id:  # the old part belongs to another file: start over, once
        part.unlink()
        _fetch_with_patience(url, part, on_progress, attempts, pause_s)
    found_id = git_blob_id(part)
    if found_id != blob_id:
        part.unlink()
        raise UserError(
            f"{url}: expected git blob {blob_id[:12]}…, downloaded {found_id[:12]}…; "
            "the server's copy is another one or was changed on the way, nothing was kept"
        )
    try:
        os.replace(part, target)
    except OSError as error:
        raise explain_write_error(target, error) from error
    return Outcome.DOWNLOADED


def _fetch_with_patience(url: str, part: Path, on_progress: Progress, attempts: int, pause_s: float) -> None:
    for attempt in range(attempts):
        try:
            _fetch_rest(url, part, on_progress)
            return
        except _DroppedError as error:
            if attempt == attempts - 1:
                raise UserError(
                    f"{url}: the connection broke off ({error}); what arrived is kept in {part.name}: "
                    "run the command again to fetch the rest"
                ) from error
            time.sleep(pause_s * 2**attempt)


def _fetch_rest(url: str, part: Path, on_progress: Progress) -> None:
    """Request the missing bytes; a server may send the whole file instead."""
    have_bytes = part.stat().st_size if part.exists() else 0
    response = _request(url, have_bytes)
    if response is None:  # the part is complete, or too long
        return
    with response:
        if response.status != 206:
            have_bytes = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {have_bytes}-"):
            part.unlink(missing_ok=True)
            raise _DroppedError("the server answered with another range than was asked for")
        length = response.headers.get("Content-Length", "")
        total_bytes = have_bytes + int(length) if length.isdigit() else None
        _append(response, part, have_bytes, total_bytes, on_progress)


def _append(
    response: http.client.HTTPResponse, part: Path, have_bytes: int, total_bytes: int | None, on_progress: Progress
) -> None:
    try:
        with part.open("ab" if have_bytes else "wb") as handle:
            while block := _read_block(response):
                handle.write(block)
                have_bytes += len(block)
                on_progress(have_bytes, total_bytes)
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        raise explain_write_error(part, error) from error
    if total_bytes is not None and have_bytes < total_bytes:
        raise _DroppedError(f"{have_bytes:,} of {total_bytes:,} bytes")


def _read_block(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_BLOCK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _DroppedError(str(error) or type(error).__name__) from error


def _request(url: str, have_bytes: int) -> http.client.HTTPResponse | None:
    """Send the request; None where the server has no more bytes than these (status 416)."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={have_bytes}-"} if have_bytes else {})
    host = urllib.parse.urlsplit(url).netloc
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and have_bytes:
                return None
            if error.code >= 500 or error.code == 429:
                raise _DroppedError(f"{host} answered {error.code} {error.reason}") from error
        raise UserError(
            f"{url}: expected the file, the server answered {error.code} {error.reason}; check --base-url"
        ) from error
    except (ConnectionResetError, http.client.HTTPException) as error:
        raise _DroppedError(str(error) or type(error).__name__) from error
    except (OSError, ValueError) as error:  # URLError is an OSError
        reason = getattr(error, "reason", error)
        raise UserError(
            f"{url}: could not reach {host or 'the server'} ({reason}); connect to the network and run the command "
            "again, or name a mirror with --base-url"
        ) from error
    return response
