"""A file is written whole or not at all, and what stood there before is never lost."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from qgkd.errors import UserError
from qgkd.files import atomic
from qgkd.files.atomic import check_writable, write_atomically


def test_new_file_has_ordinary_permissions(tmp_path: Path) -> None:
    old_mask = os.umask(0o022)
    try:
        with write_atomically(tmp_path / "a.txt") as handle:
            handle.write("燈塔\n")
    finally:
        os.umask(old_mask)
    assert (tmp_path / "a.txt").read_bytes() == "燈塔\n".encode()
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path) == ["a.txt"]


def test_old_file_stands_until_the_end_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with write_atomically(path, binary=True) as handle:
        handle.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_error_in_the_block_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), write_atomically(path) as handle:
        handle.write("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with write_atomically(tmp_path / "link") as handle:
        handle.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def unwritable(folder: Path, name: str) -> Path:
    (folder / "file").write_text("")
    (folder / "folder").mkdir()
    return {
        "absent folder": folder / "absent" / "a.txt",
        "below a file": folder / "file" / "a.txt",
        "a folder": folder / "folder",
        "long name": folder / ("長" * 300),
    }[name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent folder", "its folder does not exist; create the folder"),
        ("below a file", "part of its path is a file, not a folder"),
        ("a folder", "a folder of that name stands there"),
        ("long name", "the name is too long"),
    ],
)
def test_unwritable_path_is_reported(tmp_path: Path, name: str, reason: str) -> None:
    path = unwritable(tmp_path, name)
    with pytest.raises(UserError) as caught, write_atomically(path):
        pytest.fail("the block must not run")
    assert str(caught.value).startswith(f"{path}: could not be written: {reason}")


@pytest.mark.parametrize(
    ("code", "reason"), [(errno.EROFS, "the disk is read-only"), (errno.EACCES, "writing there is not permitted")]
)
def test_folder_that_may_not_be_written_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    # A stand-in for a read-only disk, because the tests may run as root, which every permission lets pass.
    def refuse(**_settings: object) -> None:
        raise OSError(code, os.strerror(code), str(tmp_path / "temporary"))

    monkeypatch.setattr(atomic.tempfile, "mkstemp", refuse)
    with pytest.raises(UserError, match=reason), write_atomically(tmp_path / "a.txt"):
        pytest.fail("the block must not run")


def test_disk_that_fills_up_leaves_the_old_file(tmp_path: Path) -> None:
    """A real refusal by the system: the process may not write files of more than 4,096 bytes."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    code = (
        "import signal, sys\n"
        "from qgkd.files.atomic import check_writable, write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n"
        "    with write_atomically(sys.argv[1]) as handle:\n"
        "        handle.write('x' * 100_000)\n"
        "except ValueError as error:\n"
        "    print(error)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert finished.stdout == (
        f"{path}: could not be written: the file grew over the size limit set for it; "
        "raise the limit or choose another disk\n"
    )
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_full_disk_found_by_the_last_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(UserError, match="the disk is full; free some space"), write_atomically(path) as handle:
        handle.write("new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_device_is_written_directly() -> None:
    reason = "/dev/full: could not be written: the disk is full"
    with pytest.raises(UserError, match=reason), write_atomically("/dev/full") as handle:
        handle.write("x")
    assert Path("/dev/full").is_char_device()
    with write_atomically("/dev/null") as handle:
        handle.write("x")
    assert Path("/dev/null").is_char_device()


def test_errors_about_other_files_are_not_taken_over(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), write_atomically(tmp_path / "a.txt"):
        (tmp_path / "other").read_text()
    with pytest.raises(ConnectionResetError), write_atomically(tmp_path / "a.txt"):
        raise ConnectionResetError(errno.ECONNRESET, "reset")
    assert os.listdir(tmp_path) == []


def test_what_cannot_be_written_is_known_beforehand(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("燈塔")
    for name in ("old.txt", "new.txt"):
        check_writable(tmp_path / name)
    check_writable(os.devnull)
    assert os.listdir(tmp_path) == ["old.txt"]
    assert (tmp_path / "old.txt").read_text() == "燈塔"
    for path, reason in ((tmp_path / "absent" / "a", "its folder does not exist"), (tmp_path, "a folder of that name")):
        with pytest.raises(UserError, match=reason):
            check_writable(path)
