"""Reads the recipe's files: documents, paragraphs, questions, and the passages that no stage may see.

Comes in: `RecipeSettings`. Goes out: texts in Traditional characters, `QGExample`s, `KeptOut`.

A literal example: `read_documents("laws.txt.xz")` gives one text per blank-line block.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from qgkd.errors import UserError
from qgkd.reading.examples import QGExample
from qgkd.reading.file_input import read_rows
from qgkd.reading.file_rows import FileRow
from qgkd.reading.readers import read_examples
from qgkd.text.sentences import split_sentences

_SHORTEST_DISTINCT_CHARS = 20
_NOT_LETTERS = re.compile(r"[\W_]+")
_PARAGRAPH_END = re.compile(r"[。！？!?：:；;…」』）)]$")
_LONGEST_TITLE_CHARS = 20


def read_documents(path: str | Path) -> list[str]:
    """Read the documents of a text file, unchanged.

    Raises:
        UserError: The file cannot be read.
    """
    name = str(path)
    opener = lzma.open if name.endswith(".xz") else gzip.open if name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            text = str(file.read())
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: expected UTF-8 text (.txt, .txt.xz, .txt.gz), but: {error}; check the path"
        ) from error
    documents = [block.strip() for block in re.split(r"\n\s*\n", text)]
    return [document for document in documents if document]


def paragraphs(document: str) -> list[str]:
    """List a document's paragraphs; lines that a fixed line width has cut are joined."""
    joined: list[str] = []
    for line in (line.strip() for line in document.splitlines()):
        if not line:
            continue
        if joined and len(joined[-1]) > _LONGEST_TITLE_CHARS and not _PARAGRAPH_END.search(joined[-1]):
            joined[-1] += line
        else:
            joined.append(line)
    return joined


@dataclass(frozen=True, slots=True)
class KeptOut:
    """Passages that enter no stage, as digests of their longer sentences and of the whole passage."""

    digests: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, contexts: Iterable[str]) -> KeptOut:
        """Digest these passages; the digest is the same in both scripts."""
        return cls({digest for context in contexts for digest in _digests(context)})

    def holds(self, text: str) -> bool:
        """Whether the text has a sentence of such a passage, or is one."""
        return not self.digests.isdisjoint(_digests(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """All questions of the recipe."""

    broad: tuple[QGExample, ...]
    """From `data.questions`."""
    final: tuple[QGExample, ...]
    """The training questions of `data.final_questions`."""
    validation: tuple[QGExample, ...]
    kept_out: KeptOut
    """The passages of `validation` and of `data.never`."""
    left_out: int
    """Number of training questions left out, as their passages are kept out."""


def read_questions(
    broad: Iterable[Path], final: Iterable[Path], never: Iterable[Path], held_out_field: str
) -> Questions:
    """Read all files of questions and split them.

    Raises:
        UserError: A file cannot be read, or no question is left for validation.
    """
    finals: list[QGExample] = []
    validation: list[QGExample] = []
    for path in final:
        held_out = _held_out_ids(path, held_out_field)
        for example in _traditional_examples(path):
            (validation if example.example_id in held_out else finals).append(example)
    if not validation:
        raise UserError(
            f"data.final_questions: expected questions with {held_out_field} = false to validate on, found none; name "
            "the field by data.held_out_field"
        )
    never_contexts = [example.context for path in never for example in _traditional_examples(path)]
    kept_out = KeptOut.of([*(example.context for example in validation), *never_contexts])
    broads = [example for path in broad for example in _traditional_examples(path)]
    allowed = [[e for e in examples if not kept_out.holds(e.context)] for examples in (broads, finals)]
    left_out = len(broads) + len(finals) - sum(map(len, allowed))
    broad_allowed, final_allowed = map(tuple, allowed)
    return Questions(
        broad=broad_allowed, final=final_allowed, validation=tuple(validation), kept_out=kept_out, left_out=left_out
    )


def _held_out_ids(path: Path, held_out_field: str) -> set[str]:
    rows = (row for row in read_rows(path) if isinstance(row, FileRow))
    return {row.row_id for row in rows if row.fields.get(held_out_field) is False}


def _traditional_examples(path: Path) -> list[QGExample]:
    """Read a file's questions in Traditional characters; offsets stay valid."""
    from qgkd.text.script import Script, detect_script, to_traditional, to_traditional_aligned

    converted = []
    for example in read_examples(path).examples:
        if not example.question.strip():
            continue
        if detect_script(example.context) is Script.SIMPLIFIED:
            context = to_traditional_aligned(example.context)
            answer = context[example.answer_start_char : example.answer_end_char]
            question = to_traditional(example.question)
            example = replace(example, context=context, answer_text=answer, question=question)
        converted.append(example)
    return converted


def _digests(text: str) -> set[bytes]:
    from qgkd.text.script import to_simplified

    # Compared in Simplified characters, in which two Traditional spellings of a passage are one.
    plain = to_simplified(text)
    parts = [_NOT_LETTERS.sub("", plain[start:end]) for start, end in split_sentences(plain)]
    whole = _NOT_LETTERS.sub("", plain)
    distinct = [part for part in parts if len(part) >= _SHORTEST_DISTINCT_CHARS]
    return {hashlib.blake2b(part.encode(), digest_size=12).digest() for part in (*distinct, whole) if part}
