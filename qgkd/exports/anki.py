"""A deck of Anki cards.

Comes in: a quiz. Goes out: `Export`.

A literal example of a note's fields: `燈塔由哪位工程師設計？<br>A. 陳大山<br>B. 林文海`, `B. 林文海`,
`燈塔由工程師林文海設計。`

A card keeps its identity (the item's id) and a deck its number (from the title), so that importing a corrected quiz
updates the cards and keeps the learning progress. Fields are HTML: everything is escaped.
"""

from __future__ import annotations

import hashlib
import html
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.exports.labels import key_of, lettered

_MODEL_ID = 1_607_392_041
_MODEL_NAME = "qgkd"
_STYLE = ".card { font-family: serif; font-size: 20px; text-align: center; } .source { font-size: 14px; }"


def write_anki(quiz: ExportedQuiz) -> Export:
    """Write the deck, named by the title."""
    import genanki

    # Two colons would make a deck within a deck.
    name = (quiz.title or "Quiz").replace("::", "：：")
    # A number between 2^30 and 2^31, as genanki advises, the same for the same name.
    deck_id = (1 << 30) + int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:4], "big") % (1 << 30)
    deck = genanki.Deck(deck_id, html.escape(name, quote=False))
    model = _model()
    times: Counter[str] = Counter()
    for item in quiz.items:
        fields = ["\n".join([item.prompt, *lettered(item)]), key_of(item, quiz.language), item.source_sentence]
        guid = genanki.guid_for(item.item_id, times[item.item_id])
        times[item.item_id] += 1
        deck.add_note(genanki.Note(model=model, fields=[escape_field(field) for field in fields], guid=guid))
    return Export(content=_package(deck), notices=quiz.notices)


def escape_field(text: str) -> str:
    """A text as HTML, brackets escaped too: Anki reads [sound:…] and [latex] first."""
    return html.escape(text).replace("[", "&#91;").replace("\n", "<br>")


def _model() -> Any:
    import genanki

    return genanki.Model(
        _MODEL_ID,
        _MODEL_NAME,
        fields=[{"name": "Question"}, {"name": "Answer"}, {"name": "Source"}],
        templates=[
            {
                "name": "Card 1",
                "qfmt": "{{Question}}",
                "afmt": '{{FrontSide}}<hr id="answer">{{Answer}}<div class="source">{{Source}}</div>',
            }
        ],
        css=_STYLE,
    )


def _package(deck: Any) -> bytes:
    import genanki

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deck.apkg"
        with warnings.catch_warnings():
            # genanki warns of an escaped < that looks like the start of a tag.
            warnings.simplefilter("ignore", UserWarning)
            genanki.Package(deck).write_to_file(str(path))
        return path.read_bytes()
