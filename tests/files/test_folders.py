"""A folder is published whole or the old one stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from qgkd.files.folders import partial_folder, write_folder


def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "new" / "model"
    for content in ("first", "second"):
        with write_folder(target) as partial:
            (partial / content).write_text(content)
            assert partial == partial_folder(target)
        assert [path.name for path in target.iterdir()] == [content]
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def test_a_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").touch()
    (tmp_path / ".model.partial").mkdir()  # of an earlier run that was killed
    (tmp_path / ".model.partial" / "torn").touch()
    with pytest.raises(ValueError, match="broken"), write_folder(target) as partial:
        assert list(partial.iterdir()) == []
        raise ValueError("broken")
    assert [path.name for path in target.iterdir()] == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
