"""Everything that needs the data files or Chinese tools, done before training.

Comes in: `RecipeSettings`. Goes out: a folder that a machine with torch and transformers alone trains from:

    vocabulary/                      the tokenizer: that of `model.base` or `transplant.vocabulary` where given
    text-00.npz … held_out_text-00   masked-LM tokens
    copying-00.npz, held_out_copying-00.npz
    synthetic-00.npz … broad-00.npz, final-00.npz, closest-00.npz
    validation-00.npz, validation.jsonl
    prepared.json                    what each part was made from; a part made from the same is not made again

A literal example: `Preparation(settings, Path("runs/model/prepared")).run()`
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from qgkd.atomic import write_atomically
from qgkd.errors import UserError
from qgkd.examples import QGExample, example_record
from qgkd.fingerprint import file_sha256
from qgkd.input_format import InputFormat
from qgkd.model_recipe.copying import copying_examples, copying_store
from qgkd.model_recipe.documents import Document, clean_documents
from qgkd.model_recipe.parallel import chunks_of, in_parallel
from qgkd.model_recipe.prepared_record import RECORD, part_settings, read_record, vocabulary_sha256
from qgkd.model_recipe.settings import RecipeSettings
from qgkd.model_recipe.sources import Questions, paragraphs, read_questions
from qgkd.model_recipe.stores import join_stores, save_parts
from qgkd.model_recipe.synthetic import askable_paragraph, closest_examples, rule_examples, synthetic_examples
from qgkd.model_recipe.text_tokens import TextTokens, encode_documents
from qgkd.model_recipe.vocabulary import save_tokenizer, train_vocabulary
from qgkd.tokenizer_folder import load_tokenizer
from qgkd.training.data import tokenise
from qgkd.training.token_store import TokenStore
from qgkd.transplant import usable_tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PARTS = ("vocabulary", "text", "copying", "synthetic", "questions", "closest")
_PER_CHUNK = 100
_HELD_OUT_COPIES = 400


class Preparation:
    """Makes the parts that are not there yet.

    Args:
        settings: The recipe.
        folder: Where the parts go.
    """

    def __init__(self, settings: RecipeSettings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._processes = settings.data.processes
        self._format = settings.model.input_format()

    def run(self) -> dict[str, Any]:
        """Make them.

        Returns:
            What `prepared.json` says.
        """
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # processes are the parallelism here
        self._folder.mkdir(parents=True, exist_ok=True)
        record = read_record(self._folder)
        wanted = self._stamps()
        for part in PARTS:
            if part not in wanted or record.get(part, {}).get("from") == wanted[part]:
                continue
            began = time.perf_counter()
            make: Callable[[], dict[str, Any]] = getattr(self, f"_make_{part}")
            counts = make()
            record[part] = {"from": wanted[part], "counts": counts}
            with write_atomically(self._folder / RECORD) as file:
                json.dump(record, file, ensure_ascii=False, indent=1)
            told = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in counts.items())
            print(f"prepared {part}: {told} ({time.perf_counter() - began:.0f} s)", file=sys.stderr, flush=True)
        return record

    def _stamps(self) -> dict[str, dict[str, Any]]:
        data = self._settings.data
        if not data.folder and not all(Path(name).exists() for name in data.final_questions):
            raise UserError("data.folder must name the folder of the data files; add data.folder=... to the command")
        names = (*data.text, *data.laws, *data.questions, *data.final_questions, *data.never)
        files = {name: file_sha256(path) for name, path in zip(names, self._settings.paths(names), strict=True)}
        given: dict[str, Any] = {"files": files}
        if self._settings.tokens_of:
            given["base_vocabulary"] = vocabulary_sha256(self._base_tokens)
        return {part: {**about, **given} for part, about in part_settings(self._settings).items()}

    @functools.cached_property
    def _base_tokens(self) -> list[str]:
        """Of the model that is gone on from, or of the vocabulary given, in the order of their ids."""
        held: dict[str, int] = load_tokenizer(self._settings.tokens_of).get_vocab()
        tokens = sorted(held, key=held.__getitem__)
        return usable_tokens(tokens) if self._settings.transplant.encoder else tokens

    @functools.cached_property
    def _questions(self) -> Questions:
        data, paths = self._settings.data, self._settings.paths
        return read_questions(
            paths(data.questions), paths(data.final_questions), paths(data.never), data.held_out_field
        )

    @functools.cached_property
    def _passages(self) -> list[str]:
        """Passages of the training questions, each once."""
        return list(dict.fromkeys(e.context for e in (*self._questions.broad, *self._questions.final)))

    @functools.cached_property
    def _documents(self) -> list[Document]:
        return clean_documents(self._settings, self._questions.kept_out)

    @functools.cached_property
    def _paragraphs(self) -> dict[bool, list[str]]:
        """Paragraphs fit for questions, laws (True) apart."""
        found: dict[bool, list[str]] = {False: [], True: []}
        for document in self._documents:
            if not document.kept_simplified:
                texts = (askable_paragraph(p, self._settings.questions.text_window_chars)
                         for p in paragraphs(document.text))  # fmt: skip
                found[document.is_law] += [text for text in texts if text]
        return found

    @property
    def _tokenizer_folder(self) -> str:
        return str(self._folder / "vocabulary")

    def _make_vocabulary(self) -> dict[str, Any]:
        if self._settings.tokens_of:  # a vocabulary trained anew has the same pieces in another order
            tokens = self._base_tokens
        else:
            texts = [*self._passages, *(document.text for document in self._documents)]
            tokens = train_vocabulary(texts, self._settings.vocabulary)
        save_tokenizer(tokens, Path(self._tokenizer_folder))
        return {"tokens": len(tokens)}

    def _make_text(self) -> dict[str, Any]:
        import numpy as np

        texts = [*self._passages, *(document.text for document in self._documents)]
        Random(self._settings.seed).shuffle(texts)
        parts = in_parallel(encode_chunk, chunks_of(texts, _PER_CHUNK), self._processes, self._tokenizer_folder)
        marked_ids = np.concatenate(list(parts))
        text = self._settings.text
        held_out = min(text.validation_rows * text.window_tokens, len(marked_ids) // 10)
        end = len(marked_ids) - held_out
        TextTokens(marked_ids=marked_ids[:end]).save(self._folder, "text")
        TextTokens(marked_ids=marked_ids[end:]).save(self._folder, "held_out_text")
        law_chars = sum(len(document.text) for document in self._documents if document.is_law)
        percent = round(100 * law_chars / max(1, sum(map(len, texts))))
        return {"tokens": end, "percent_of_laws": percent}

    def _make_copying(self) -> dict[str, Any]:
        settings, seed = self._settings.copying, self._settings.seed
        laws, others = self._paragraphs[True], self._paragraphs[False]
        taken = min(len(laws), len(others) // 2)
        passages = [*self._passages, *others, *Random(seed).sample(laws, taken)]
        tokenizer = load_tokenizer(self._tokenizer_folder)
        counts = {}
        for name, count, own_seed in (("copying", settings.windows, seed), ("held_out_copying", _HELD_OUT_COPIES, -1)):
            store = copying_store(copying_examples(passages, count, settings, own_seed), tokenizer, self._format)
            save_parts(store, self._folder, name)
            counts[f"{name}_questions"] = len(store)
        return counts

    def _make_synthetic(self) -> dict[str, Any]:
        settings, text = self._settings.questions, self._settings.text
        of_text = round(settings.synthetic * settings.synthetic_from_text)
        per_passage = -(-(settings.synthetic - of_text) // max(1, len(self._passages)))
        wanted = -(-of_text // settings.answers_per_paragraph)
        random = Random(self._settings.seed)
        laws, others = self._paragraphs[True], self._paragraphs[False]
        of_laws = min(len(laws), round(wanted * text.laws_share) if others else wanted)
        chosen = [*random.sample(laws, of_laws), *random.sample(others, min(len(others), wanted - of_laws))]
        counts: dict[str, Any] = {}
        stores = []
        for name, passages, answers in (
            ("passages", self._passages, per_passage), ("text", chosen, settings.answers_per_paragraph),
        ):  # fmt: skip
            assert not any(self._questions.kept_out.holds(passage) for passage in passages)
            chunks = [(name, number, chunk) for number, chunk in enumerate(chunks_of(passages, _PER_CHUNK))]
            rest = (answers, self._settings.seed, settings.varied_share, self._tokenizer_folder, self._format)
            part = join_stores(list(in_parallel(synthetic_chunk, chunks, self._processes, *rest)))
            counts[f"questions_from_{name}"] = len(part)
            stores.append(part)
        if settings.answers_of_people:
            asked = chunks_of([*self._questions.broad, *self._questions.final], _PER_CHUNK)
            told = in_parallel(rule_chunk, asked, self._processes, self._tokenizer_folder, self._format)
            stores.append(join_stores(list(told)))
            counts["questions_about_people's_answers"] = len(stores[-1])
        save_parts(join_stores(stores), self._folder, "synthetic")
        return counts

    def _make_questions(self) -> dict[str, Any]:
        questions = self._questions
        tokenizer = load_tokenizer(self._tokenizer_folder)
        counts = {"left_out": questions.left_out}
        for name in ("broad", "final", "validation"):
            store = tokenise(getattr(questions, name), tokenizer, self._format, {})
            save_parts(store, self._folder, name)
            counts[name] = len(store)
        with write_atomically(self._folder / "validation.jsonl") as file:
            file.writelines(json.dumps(example_record(e), ensure_ascii=False) + "\n" for e in questions.validation)
        return counts

    def _make_closest(self) -> dict[str, Any]:
        questions = [*self._questions.broad, *self._questions.final]
        rest = (self._settings.questions.closest_min, self._tokenizer_folder, self._format)
        chunks = chunks_of(questions, _PER_CHUNK)
        store = join_stores(list(in_parallel(closest_chunk, chunks, self._processes, *rest)))
        save_parts(store, self._folder, "closest")
        return {"questions_in_the_passage's_words": len(store)}


def encode_chunk(texts: Sequence[str], tokenizer_folder: str) -> Any:
    """Tokens of some documents, in a process of its own."""
    return encode_documents(texts, _cached_tokenizer(tokenizer_folder)).marked_ids


def synthetic_chunk(
    named: tuple[str, int, Sequence[str]],
    answers: int,
    seed: int,
    varied_share: float,
    tokenizer_folder: str,
    input_format: InputFormat,
) -> TokenStore:
    """Tokenised questions about some passages, in a process of its own."""
    name, number, passages = named
    examples = list(synthetic_examples(passages, answers, seed, f"{name}-{number}", varied_share=varied_share))
    return tokenise(examples, _cached_tokenizer(tokenizer_folder), input_format, {})


def rule_chunk(examples: Sequence[QGExample], tokenizer_folder: str, input_format: InputFormat) -> TokenStore:
    """Tokenised questions of the rule about people's answers, in a process of its own."""
    return tokenise(list(rule_examples(examples)), _cached_tokenizer(tokenizer_folder), input_format, {})


def closest_chunk(
    examples: Sequence[QGExample], least: float, tokenizer_folder: str, input_format: InputFormat
) -> TokenStore:
    """Tokenised questions in their passages' own words, in a process of its own."""
    return tokenise(list(closest_examples(examples, least)), _cached_tokenizer(tokenizer_folder), input_format, {})


@functools.lru_cache(maxsize=1)
def _cached_tokenizer(folder: str) -> PreTrainedTokenizerFast:
    return load_tokenizer(folder)
