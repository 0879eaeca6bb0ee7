"""The model recipe at the smallest size, on the project's own passages and questions."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

from qgkd.model_recipe.settings import RecipeSettings, load_recipe
from qgkd.reading.readers import read_examples

REPOSITORY = Path(__file__).resolve().parent.parent
_CONFIG = """
[data]
text = ["text.txt.xz"]
laws = ["laws.txt"]
questions = ["broad.jsonl"]
final_questions = ["final.jsonl"]
never = ["never.jsonl"]
held_out_field = "seen"
processes = 1

[vocabulary]
size = 1600
chinese_characters = 1200
min_count = 1

[model]
layers = 1
hidden_size = 16
heads = 2
intermediate_size = 32
max_context_tokens = 40
max_answer_tokens = 16
max_question_tokens = 30
question_position = 60
max_total_tokens = 96

[text]
max_steps = 6
window_tokens = 32
validation_rows = 4
batch_size = 4
evaluations = 2
simplified_share = 0.2

[copying]
max_steps = 6
windows = 60
batch_size = 4
evaluations = 2

[questions]
max_steps = 6
synthetic = 60
closest_share = 0.3
varied_share = 0.5
answers_of_people = true
closest_min = 0.2
batch_size = 4
evaluations = 2
validation_questions = 3

[reward]
max_steps = 4
batch_size = 2
samples = 3
copied_from_id = 900
evaluations = 2

[train]
use_cpu = true
report_to = "none"
logging_steps = 2
"""


def write_recipe(folder: Path) -> Path:
    """Write data files and a config; questions are assigned to a file by their passage."""
    texts = [path.read_text("utf-8") for path in sorted((REPOSITORY / "data" / "passages").glob("*.txt"))]
    with lzma.open(folder / "text.txt.xz", "wt", encoding="utf-8") as file:
        file.write("\n\n".join(texts))
    laws = "".join(f"第{number}條　本規則所稱之港口，由港務局管理，自發布日施行。\n" for number in range(1, 9))
    (folder / "laws.txt").write_text(f"{laws}\n\n{laws}", encoding="utf-8")
    examples = read_examples(REPOSITORY / "data" / "sample_questions.json").examples
    contexts = list(dict.fromkeys(example.context for example in examples))
    rows: dict[str, list[str]] = {"broad": [], "final": [], "never": []}
    for example in examples:
        place = contexts.index(example.context)
        row = {
            "id": example.example_id,
            "context": example.context,
            "answer": example.answer_text,
            "answer_start": example.answer_start_char,
            "question": example.question,
            "seen": place > 1,
        }
        kind = "final" if place in (0, 1, 3, 4) else "never" if place == 2 else "broad"
        rows[kind].append(json.dumps(row, ensure_ascii=False))
    for kind, lines in rows.items():
        (folder / f"{kind}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "recipe.toml").write_text(_CONFIG, encoding="utf-8")
    return folder / "recipe.toml"


def tiny_recipe(folder: Path, *overrides: str) -> RecipeSettings:
    """Settings that read newly written data files."""
    folder.mkdir(parents=True, exist_ok=True)
    return load_recipe(write_recipe(folder), (f"data.folder={folder}", *overrides))
