"""Files by address: read as files are, and written whole or not at all."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from qgkd.cli import main
from qgkd.errors import UserError
from qgkd.files.addresses import exists_at, is_address, name_in, open_address, write_address
from qgkd.reading.readers import PassageRow, read_passages

CONTEXT = "燈塔建於1867年，由工程師林文海設計。"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://school/a.parquet", True),
        ("file:///data/a.jsonl", True),
        ("c://data/a.jsonl", False),
        ("data/a.jsonl", False),
        ("-", False),
    ],
)
def test_an_address_is_told_from_a_path(path: str, *, expected: bool) -> None:
    assert is_address(path) is expected


def test_the_name_is_the_last_part_without_settings() -> None:
    assert name_in("s3://school/a/b.parquet?region=x/y") == "b.parquet"


def test_bytes_go_out_and_come_back(tmp_path: Path) -> None:
    address = (tmp_path / "a.bin").as_uri()
    assert not exists_at(address)
    for content in (b"one", b"two" * 100_000):  # the second replaces the first
        with write_address(address) as handle:
            handle.write(content)
        with open_address(address) as stream:
            assert stream.read() == content
    assert exists_at(address)
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_what_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyError), write_address(path.as_uri()) as handle:
        handle.write(b"new")
        raise KeyError
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "inside").touch()
    with (
        pytest.raises(UserError, match="expected a place to write to, but: "),
        write_address(folder.as_uri()) as handle,
    ):
        handle.write(b"new")
    assert path.read_text() == "old"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.txt", "folder"]


@pytest.mark.parametrize("address", ["nowhere://bucket/a.jsonl", "file:///no/such/folder/a.jsonl"])
def test_an_address_that_leads_nowhere_is_one_sentence(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match=f"^{address}: expected a file that can be read, but: "):
        open_address(address)
    assert main(["generate", address]) == 1
    assert capsys.readouterr().err.startswith(f"qgkd: {address}: expected a file that can be read")


def test_compressed_rows_are_read_by_address(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(gzip.compress((json.dumps({"id": "a", "context": CONTEXT}) + "\n").encode()))
    (row,) = read_passages(path.as_uri())
    assert isinstance(row, PassageRow)
    assert (row.row_id, row.context, row.file) == ("a", CONTEXT, path.as_uri())


def test_a_batch_from_address_to_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow
    import pyarrow.parquet as pq

    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")  # where the progress is kept meanwhile
    source, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pyarrow.Table.from_pylist([{"id": f"p{n}", "context": CONTEXT} for n in range(3)]), source)
    command = ["generate", source.as_uri(), "--system", "rule", "-n", "2", "--output"]
    assert main([*command, output.as_uri()]) == 0
    assert main([*command, str(tmp_path / "plain.parquet")]) == 0
    assert pq.read_table(output).to_pylist() == pq.read_table(tmp_path / "plain.parquet").to_pylist()
    assert not list((tmp_path / "here").iterdir())
    capsys.readouterr()
    assert main([*command, output.as_uri()]) == 1
    assert "expected a new file, found a finished one; give --force" in capsys.readouterr().err
    assert main([*command, output.as_uri(), "--force"]) == 0
    assert main([*command, "nowhere://bucket/out.parquet"]) == 1
    assert "qgkd: nowhere://bucket/out.parquet: expected a file system that answers" in capsys.readouterr().err
