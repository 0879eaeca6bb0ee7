"""Changes a text word by word: hides words, replaces them by others of their part of speech, keeps a few neighbours.

Comes in: texts. Goes out: changed texts.

A literal example: of `早餐很好。` one variant is `[MASK]很差。`, another one `早餐很`.

Source: Tang et al. 2019 (arXiv 1903.12136), section 3.3.
Differs: in the authors' code an n-gram never ends with the last word, and is off by default.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from qgkd.classification.augmentation.config import AugmentConfig
from qgkd.classification.tasks.words import MASK, Piece, cut, joined


@dataclass(frozen=True, slots=True)
class TaggedWords:
    """The words of one part of speech, in the order of the alphabet."""

    words: tuple[str, ...]
    cumulative_counts: tuple[int, ...]

    def draw(self, random: Random) -> str:
        """One of them, by its count."""
        return random.choices(self.words, cum_weights=self.cumulative_counts)[0]


@dataclass(frozen=True)
class WordChanges:
    """The method `words`."""

    settings: AugmentConfig
    language: str
    by_tag: dict[str, TaggedWords]
    """The words of all texts by their part of speech."""

    def read(self, text: str) -> list[Piece]:
        """Cut a text, once for all its variants."""
        return cut(text, self.language, tagged=self.settings.same_tag_share > 0)

    def changed(self, pieces: list[Piece], random: Random) -> str:
        """One variant; empty where every word was hidden or replaced."""
        settings, kept, found = self.settings, 0, []
        for piece in pieces:
            drawn = random.random()
            if drawn < settings.mask_share:
                found.append(Piece(MASK, "", piece.after))
            elif drawn < settings.mask_share + settings.same_tag_share and piece.tag in self.by_tag:
                found.append(Piece(self.by_tag[piece.tag].draw(random), piece.tag, piece.after))
            else:
                found.append(piece)
                kept += 1
        if not kept:
            return ""
        if random.random() < settings.ngram_share:
            words = random.randint(1, settings.ngram_words)
            start = random.randint(0, max(0, len(found) - words))
            found = found[start : start + words]
        return joined(found)


def word_changes(settings: AugmentConfig, language: str, texts: Iterable[str]) -> WordChanges:
    """Count the words of all texts, the order of which does not matter.

    Raises:
        UserError: Words are to be replaced by their part of speech, and the tagger's data is not there.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    if settings.same_tag_share:
        for text in texts:
            for piece in cut(text, language, tagged=True):
                counts[piece.tag][piece.text] += 1
    by_tag = {}
    for tag, of_tag in counts.items():
        words = tuple(sorted(of_tag))
        by_tag[tag] = TaggedWords(words, tuple(accumulate(of_tag[word] for word in words)))
    return WordChanges(settings, language, by_tag)
