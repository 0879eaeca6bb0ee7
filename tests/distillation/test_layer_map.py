"""Layer maps as the papers have them, at any depth, and what is refused."""

from __future__ import annotations

import pytest

from qgkd.distillation.objectives.layer_map import LayerPair, explicit, layer_map, show
from qgkd.errors import UserError


@pytest.mark.parametrize(
    ("name", "student", "teacher", "expected"),
    [
        ("skip", 6, 12, "1:2,2:4,3:6,4:8,5:10,6:12"),
        ("skip", 4, 12, "1:3,2:6,3:9,4:12"),
        ("skip", 8, 12, "1:2,2:3,3:5,4:6,5:8,6:9,7:11,8:12"),  # halves upwards
        ("skip", 5, 12, "1:2,2:5,3:7,4:10,5:12"),
        ("skip", 1, 12, "1:12"),
        ("skip", 12, 12, ",".join(f"{layer}:{layer}" for layer in range(1, 13))),
        ("last", 6, 12, "1:7,2:8,3:9,4:10,5:11,6:12"),
        ("last", 3, 4, "1:2,2:3,3:4"),
        ("top", 6, 12, "6:12"),
        ("0:0,3:9", 6, 12, "0:0,3:9"),
        ("2:4,1:2", 2, 4, "1:2,2:4"),
        ("1:1,2:1", 2, 1, "1:1,2:1"),
        ("1,3,5,8,10,12", 6, 12, "1:1,2:3,3:5,4:8,5:10,6:12"),
        ("4", 1, 4, "1:4"),
    ],
)
def test_maps(name: str, student: int, teacher: int, expected: str) -> None:
    assert show(layer_map(name, student, teacher)) == expected


@pytest.mark.parametrize(
    ("name", "student", "teacher", "imitated"),
    [
        ("skip", 6, 12, [2, 4, 6, 8, 10]),
        ("last", 6, 12, [7, 8, 9, 10, 11]),
        ("skip", 6, 24, [4, 8, 12, 16, 20]),  # the reference code's 3, 7, 11, 15, 19 counts from 0
    ],
)
def test_pkd_leaves_the_last_layer_out(name: str, student: int, teacher: int, imitated: list[int]) -> None:
    pairs = layer_map(name, student, teacher, leave_out_last=True)
    assert pairs == tuple(LayerPair(place, layer) for place, layer in enumerate(imitated, start=1))


def test_what_is_written_out_keeps_its_last_layer() -> None:
    assert show(layer_map("1:2,6:12", 6, 12, leave_out_last=True)) == "1:2,6:12"
    assert show(layer_map("2,4", 2, 4, leave_out_last=True)) == "1:2,2:4"


def test_skip_is_even_at_every_depth() -> None:
    for teacher in range(1, 25):
        for student in range(1, teacher + 1):
            imitated = [pair.teacher for pair in layer_map("skip", student, teacher)]
            steps = {later - earlier for earlier, later in zip([0, *imitated], imitated, strict=False)}
            assert imitated[-1] == teacher
            assert max(steps) - min(steps) <= 1
            assert min(steps) >= 1


@pytest.mark.parametrize(
    ("name", "student", "teacher", "complaint"),
    [
        ("skipp", 6, 12, "'skipp'"),
        ("1:2;2:4", 6, 12, "'1:2;2:4'"),
        ("", 6, 12, "''"),
        ("7:12", 6, 12, "found 7:12"),
        ("6:13", 6, 12, "found 6:13"),
        ("1:2,1:2", 6, 12, "every pair once"),
        ("skip", 12, 6, "at least as deep"),
        ("last", 7, 6, "at least as deep"),
        ("2,4", 3, 6, "each of the student's 3, found 2"),
        ("2,4,7", 3, 6, "found 3:7"),
    ],
)
def test_refused_in_a_sentence(name: str, student: int, teacher: int, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        layer_map(name, student, teacher)


def test_nothing_left_is_refused() -> None:
    with pytest.raises(UserError, match="leaves no pair"):
        layer_map("skip", 1, 12, leave_out_last=True)
    assert explicit([], 6, 12) == ()
