"""`eval/nearest_questions.py` keeps the teacher's questions that are nearest to people's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[2] / "eval" / "nearest_questions.py"
CONTEXT = "燈塔建於1867年，由工程師林文海設計。他後來到高雄經商。"


def row(number: int, question: str, person: str) -> dict[str, Any]:
    start = CONTEXT.index("林文海")
    return {
        "id": str(number),
        "hyp": question,
        "refs": [person],
        "answer": "林文海",
        "answer_start": start,
        "context": CONTEXT,
    }


def test_the_nearest_are_kept(tmp_path: Path) -> None:
    rows = [
        row(1, "燈塔由誰設計？", "燈塔是由誰設計的？"),
        row(2, "燈塔建於哪裡？", "哪一位工程師設計了它？"),
        row(3, "", "燈塔是由誰設計的？"),
        row(4, "燈塔由誰設計（？", "燈塔是由誰設計的？"),  # held back
        row(5, "燈塔由哪一位工程師設計？", "哪一位工程師設計了燈塔？"),
    ]
    source, out = tmp_path / "written.jsonl", tmp_path / "nearest.jsonl"
    source.write_text("".join(json.dumps(each) + "\n" for each in rows), "utf-8")
    command = [sys.executable, str(SCRIPT), str(source), "--share", "0.5", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    kept = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert {each["id"] for each in kept} == {"1", "5"}
    assert {each["question"] for each in kept} == {"燈塔由誰設計？", "燈塔由哪一位工程師設計？"}
    assert all(each["context"][each["answer_start"] :].startswith(each["answer"]) for each in kept)
