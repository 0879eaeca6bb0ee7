r"""Choose passages for a teacher to write questions about, and human-written questions, for its student to learn from.

    python eval/recipe_passages.py eval/configs/model_pretrained.toml DATA --out runs/passages.jsonl \
        --human-written runs/human.jsonl
    qgkd generate runs/passages.jsonl --number 1 --model TEACHER --with-context --output runs/questions.jsonl

Comes in: the settings of `qgkd model` and the folder of its data. Goes out: JSONL in random order: paragraphs of text,
and passages of training questions with the answers of human-written questions; those questions themselves in a file of
their own. As in every stage, no passage of the validation or test questions is among them.

A literal example of a row: `{"id": "text-12", "context": "燈塔建於1867年。……"}`

Source: a student that learns from what its teacher writes, Kim & Rush 2016 (arXiv 1606.07947), section 3.2.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer

from qgkd.errors import UserError
from qgkd.reading.examples import QGExample


def main(
    config: Annotated[Path, typer.Argument(help="The recipe's TOML file.")],
    data: Annotated[Path, typer.Argument(help="The folder of the data files.")],
    out: Annotated[Path, typer.Option(help="The JSONL file.")],
    paragraphs: Annotated[int, typer.Option(min=0, help="How many paragraphs of general text.")] = 5000,
    questions: Annotated[int, typer.Option(min=0, help="How many passages of human-written questions.")] = 5000,
    human_written: Annotated[Path | None, typer.Option(help="A second file, of all human-written questions.")] = None,
    final_times: Annotated[int, typer.Option(min=1, help="How often it has those of data.final_questions.")] = 1,
) -> None:
    """Choose passages for a teacher to write questions about."""
    from qgkd.files.atomic import write_atomically
    from qgkd.model_recipe.documents import clean_documents
    from qgkd.model_recipe.settings import load_recipe
    from qgkd.model_recipe.sources import paragraphs as paragraphs_of
    from qgkd.model_recipe.sources import read_questions
    from qgkd.model_recipe.synthetic import askable_paragraph

    settings = load_recipe(config, (f"data.folder={data}",))
    files, paths, random = settings.data, settings.paths, Random(settings.seed)
    asked = read_questions(
        paths(files.questions), paths(files.final_questions), paths(files.never), files.held_out_field
    )
    longest = settings.questions.text_window_chars
    texts = [
        text
        for document in clean_documents(settings, asked.kept_out)
        if not document.kept_simplified and not document.is_law
        for paragraph in paragraphs_of(document.text)
        if (text := askable_paragraph(paragraph, longest))
    ]
    rows: list[dict[str, Any]] = [
        {"id": f"text-{number}", "context": text}
        for number, text in enumerate(random.sample(texts, min(paragraphs, len(texts))))
    ]
    both = [*asked.broad, *asked.final]
    rows += [_row(example) for example in random.sample(both, min(questions, len(both)))]
    random.shuffle(rows)
    with write_atomically(out) as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    print(f"{out}: {len(rows):,} passages, {min(paragraphs, len(texts)):,} of them paragraphs of text")
    if human_written is not None:
        chosen = [*asked.broad, *asked.final * final_times]
        random.shuffle(chosen)
        with write_atomically(human_written) as file:
            file.writelines(json.dumps({**_row(e), "question": e.question}, ensure_ascii=False) + "\n" for e in chosen)
        print(f"{human_written}: {len(chosen):,} human-written questions")


def _row(example: QGExample) -> dict[str, Any]:
    return {
        "id": example.example_id,
        "context": example.context,
        "answer": example.answer_text,
        "answer_start": example.answer_start_char,
    }


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(str(error)) from None
