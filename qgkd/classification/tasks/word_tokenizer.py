"""A vocabulary of words, for students that read words instead of a pretrained model's pieces.

Comes in: texts. Goes out: a tokenizer of `transformers`, which is saved with the model and loaded again as any other.

A literal example: of `早餐很好。` and `早餐不好。` the words are 早餐, 好, 。, 不, 很, the commonest first, after the
special tokens; `早餐真好。` is read as `[CLS] 早餐 [UNK] 好 。 [SEP]`.

`tokenizers` has no rule to cut Chinese words by, so texts are cut before (`readable`); the language is kept in the
tokenizer's settings. Words are compared in lower case.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain, tee
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgkd.classification.tasks.task import TRAIN, TRANSFER
from qgkd.classification.tasks.words import MASK, cut, language_of
from qgkd.files.folders import write_folder
from qgkd.files.json_files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from qgkd.classification.config import TaskConfig
    from qgkd.classification.tasks.data import TaskData

_SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": MASK}
_SETTING, _ABOUT = "word_language", "about.json"
_AT_ONCE = 1000


def word_language(tokenizer: Any) -> str:
    """The language whose words a tokenizer reads; empty for any other tokenizer."""
    return str(tokenizer.init_kwargs.get(_SETTING, ""))


def readable(tokenizer: Any, texts: list[str]) -> list[str]:
    """Texts as the tokenizer reads them: with blanks between words where it reads words."""
    language = word_language(tokenizer)
    return [" ".join(piece.text for piece in cut(text, language)) for text in texts] if language else texts


def word_tokenizer(texts: Iterable[str], most_words: int) -> Any:
    """A tokenizer of the commonest words of some texts, of which equally common ones go by the alphabet."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    looked_at, counted = tee(texts)
    language = language_of(looked_at)
    counts = Counter(piece.text.lower() for text in counted for piece in cut(text, language) if piece.text != MASK)
    words = sorted(counts, key=lambda word: (-counts[word], word))[:most_words]
    places = {word: place for place, word in enumerate(dict.fromkeys([*_SPECIAL.values(), *words]))}
    backend = Tokenizer(WordLevel(places, unk_token=_SPECIAL["unk_token"]))
    backend.normalizer, backend.pre_tokenizer = Lowercase(), WhitespaceSplit()
    first, last = _SPECIAL["cls_token"], _SPECIAL["sep_token"]
    backend.post_processor = TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B:1 {last}:1",
        special_tokens=[(token, places[token]) for token in (first, last)],
    )
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, model_input_names=inputs, **_SPECIAL, **{_SETTING: language}
    )


def task_words(
    config: TaskConfig, most_words: int, folder: Path, load: Callable[[], TaskData], read: Callable[[str], Any]
) -> Any:
    """The tokenizer of a task's training and transfer texts, in a folder; made if the folder has none of this task.

    `load` gives the task's examples, `read` loads the folder's tokenizer.
    """
    about = json.loads(json.dumps({"task": asdict(config), "most_words": most_words}))
    if read_json(folder / _ABOUT) != about:
        tokenizer = word_tokenizer(_texts(config, load()), most_words)
        with write_folder(folder) as partial:
            tokenizer.save_pretrained(partial)
            write_json(partial / _ABOUT, about)
    return read(str(folder))


def _texts(config: TaskConfig, data: TaskData) -> Iterator[str]:
    """The texts of train and transfer, sets on disk included."""
    examples: Any = chain(data.examples(TRAIN), data.examples(TRANSFER))
    for path in config.transfer:
        if Path(path).is_dir():
            from qgkd.classification.tasks.transfer_set import open_transfer_set

            opened = open_transfer_set(path)
            parts = (opened[start : start + _AT_ONCE] for start in range(0, len(opened), _AT_ONCE))
            examples = chain(examples, chain.from_iterable(parts))
    for example in examples:
        yield example.text_a
        if example.text_b is not None:
            yield example.text_b
