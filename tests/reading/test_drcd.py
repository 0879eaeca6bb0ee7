"""The download against a server of this machine: whole, dropped and resumed, without ranges, corrupted, absent."""

from __future__ import annotations

import contextlib
import errno
import http.server
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from qgkd.cli import main
from qgkd.errors import UserError
from qgkd.files import download
from qgkd.files.download import Outcome, download_verified, git_blob_id
from qgkd.reading import drcd

CONTENT = "燈塔建於1867年。\n".encode() * 20_000  # several blocks


@dataclass
class Server:
    """What the server does, and what it was asked."""

    url: str = ""
    content: bytes = CONTENT
    ranges: bool = True
    drop_after_bytes: list[int] = field(default_factory=list)
    """One entry is used up per request: only so many bytes are sent."""
    status: list[int] = field(default_factory=list)
    """One entry is used up per request: answered instead of the file."""
    asked_ranges: list[str | None] = field(default_factory=list)

    @property
    def file_url(self) -> str:
        return f"{self.url}/DRCD_dev.json"


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.asked_ranges.append(asked)
            if state.status:
                self.send_error(state.status.pop(0))
                return
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and state.ranges else 0
            if start >= len(state.content):
                self.send_error(416)
                return
            body = state.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(state.content) - 1}/{len(state.content)}")
            self.end_headers()
            if state.drop_after_bytes:
                body = body[: state.drop_after_bytes.pop(0)]
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        state.url = f"http://127.0.0.1:{running.server_address[1]}"
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield state
        running.shutdown()


@pytest.fixture
def blob_id(tmp_path: Path) -> str:
    (tmp_path / "right").write_bytes(CONTENT)
    return git_blob_id(tmp_path / "right")


def test_blob_id_is_gits(tmp_path: Path) -> None:
    (tmp_path / "hello").write_bytes(b"hello world\n")
    assert git_blob_id(tmp_path / "hello") == "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"  # git hash-object


def test_downloads_once(server: Server, blob_id: str, tmp_path: Path) -> None:
    target, seen = tmp_path / "DRCD_dev.json", []
    outcome = download_verified(
        server.file_url, target, blob_id, on_progress=lambda done, total: seen.append((done, total))
    )
    assert outcome is Outcome.DOWNLOADED
    assert target.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert not list(tmp_path.glob("*.part"))
    assert download_verified(server.file_url, target, blob_id) is Outcome.ALREADY_THERE
    assert server.asked_ranges == [None]


def test_takes_up_a_dropped_connection(server: Server, blob_id: str, tmp_path: Path) -> None:
    server.drop_after_bytes = [100_000, 50_000]
    download_verified(server.file_url, tmp_path / "f", blob_id, pause_s=0)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert server.asked_ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_resumes_in_a_later_call(server: Server, blob_id: str, tmp_path: Path) -> None:
    server.drop_after_bytes = [100_000]
    with pytest.raises(UserError, match=r"broke off \(100,000 of 460,000 bytes\); what arrived is kept in f\.part"):
        download_verified(server.file_url, tmp_path / "f", blob_id, attempts=1)
    assert (tmp_path / "f.part").stat().st_size == 100_000
    assert not (tmp_path / "f").exists()
    download_verified(server.file_url, tmp_path / "f", blob_id, attempts=1)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert server.asked_ranges == [None, "bytes=100000-"]


def test_starts_anew_where_the_server_ignores_the_range(server: Server, blob_id: str, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "f.part").write_bytes(CONTENT[:1000])
    download_verified(server.file_url, tmp_path / "f", blob_id, attempts=1)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_part_that_was_complete_is_only_renamed(server: Server, blob_id: str, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT)
    download_verified(server.file_url, tmp_path / "f", blob_id, attempts=1)
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize("wrong_bytes", [1000, len(CONTENT) + 5])
def test_part_of_something_else_is_replaced(server: Server, blob_id: str, tmp_path: Path, wrong_bytes: int) -> None:
    (tmp_path / "f.part").write_bytes(b"x" * wrong_bytes)
    download_verified(server.file_url, tmp_path / "f", blob_id, attempts=1)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_corrupted_content_is_not_kept(server: Server, blob_id: str, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"!"
    with pytest.raises(UserError, match=f"expected git blob {blob_id[:12]}…, downloaded .*nothing was kept"):
        download_verified(server.file_url, tmp_path / "f", blob_id)
    assert not (tmp_path / "f").exists()
    assert not (tmp_path / "f.part").exists()


def test_another_file_in_the_way_stays(server: Server, blob_id: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("my notes")
    with pytest.raises(UserError, match="found other content; move that file away"):
        download_verified(server.file_url, tmp_path / "f", blob_id)
    assert (tmp_path / "f").read_text() == "my notes"
    assert server.asked_ranges == []


def test_busy_server_is_asked_again(server: Server, blob_id: str, tmp_path: Path) -> None:
    server.status = [503, 429]
    download_verified(server.file_url, tmp_path / "f", blob_id, pause_s=0)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_missing_file_is_told(server: Server, blob_id: str, tmp_path: Path) -> None:
    server.status = [404]
    with pytest.raises(UserError, match="the server answered 404 Not Found; check --base-url"):
        download_verified(server.file_url, tmp_path / "f", blob_id)


def test_offline_is_told(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as closed:
        url = f"http://127.0.0.1:{closed.server_address[1]}/f"
    with pytest.raises(UserError, match=r"could not reach 127\.0\.0\.1:\d+ \(.*refused\); connect to the network"):
        download_verified(url, tmp_path / "f", "0" * 40)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "host/f", ""])
def test_other_addresses_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match="expected an address starting with http"):
        download_verified(url, tmp_path / "f", "0" * 40)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_full_disk_is_told(server: Server, blob_id: str, tmp_path: Path) -> None:
    (tmp_path / "f.part").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"f\.part: could not be written: the disk is full; free some space"):
        download_verified(server.file_url, tmp_path / "f", blob_id, attempts=1)


def test_unwritable_folder_is_told(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["data", "drcd", "--out", str(tmp_path / "file" / "drcd"), "--base-url", server.url]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "part of its path is a file" in printed.err


@pytest.fixture
def only_dev(blob_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = drcd.OfficialFile(name="DRCD_dev.json", blob_id=blob_id)
    monkeypatch.setitem(drcd.OFFICIAL_FILES, "dev", file)


@pytest.mark.usefixtures("only_dev")
def test_command_downloads_and_skips(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "data",
        "drcd",
        "--out",
        str(tmp_path / "new" / "drcd"),
        "--base-url",
        server.url + "/",
        "--files",
        "dev",
    ]
    for outcome in ("downloaded", "already there"):
        assert main(command) == 0
        assert capsys.readouterr().out == (
            f"{tmp_path / 'new' / 'drcd' / 'DRCD_dev.json'}: {outcome}, verified (460,000 bytes)\n"
        )


@pytest.mark.usefixtures("only_dev")
def test_command_tells_of_a_broken_connection(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=lambda _seconds: None))
    server.drop_after_bytes = [10] * 4
    assert main(["data", "drcd", "--out", str(tmp_path), "--base-url", server.url, "--files", "dev"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "run the command again to fetch the rest" in printed.err
    assert "Traceback" not in printed.err


def test_unknown_file_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "drcd", "--files", "dev,train"]) == 2
    assert "expected some of training, dev, test, found 'train'" in " ".join(capsys.readouterr().err.split())


def test_official_ids_are_those_of_the_files_at_hand(shared_folder: Path) -> None:
    for file in (drcd.OFFICIAL_FILES["dev"], drcd.OFFICIAL_FILES["test"]):
        assert git_blob_id(shared_folder / "data" / "drcd" / file.name) == file.blob_id
        assert drcd.official_name(file.blob_id) == file.name


def test_rename_that_fails_is_told(
    server: Server, blob_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(download.os, "replace", refuse)
    with pytest.raises(UserError, match="writing there is not permitted"):
        download_verified(server.file_url, tmp_path / "f", blob_id)
