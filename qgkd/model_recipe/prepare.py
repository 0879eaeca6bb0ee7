"""Prepares the data: everything that needs the data files or Chinese tools, before training.

Comes in: `RecipeSettings`. Goes out: a folder that a machine with torch and transformers alone trains from:

    vocabulary/                      the tokenizer: that of `model.base` or `transplant.vocabulary` where given
    text-00.npz … held_out_text-00   masked-LM tokens
    copying-00.npz, held_out_copying-00.npz
    synthetic-00.npz … broad-00.npz, final-00.npz, closest-00.npz
    validation-00.npz, validation.jsonl
    question_vocabulary.txt          for the record of the model
    prepared.json                    the settings and files of each part; an unchanged part is not made again

A literal example: `Preparation(settings, Path("runs/model/prepared")).run()`
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.checkpoints.transplant import usable_tokens
from qgkd.errors import UserError
from qgkd.files.atomic import write_atomically
from qgkd.files.fingerprint import file_sha256
from qgkd.files.json_files import read_json, write_json
from qgkd.model_recipe.chunks import encode_chunk, question_chunk, synthetic_of
from qgkd.model_recipe.copying import copying_examples, copying_store
from qgkd.model_recipe.documents import Document, clean_documents
from qgkd.model_recipe.parallel import chunks_of, in_parallel
from qgkd.model_recipe.prepared_record import RECORD, part_settings, vocabulary_sha256
from qgkd.model_recipe.question_vocabulary import FILE as VOCABULARY_FILE
from qgkd.model_recipe.question_vocabulary import question_vocabulary, save_vocabulary
from qgkd.model_recipe.settings import RecipeSettings
from qgkd.model_recipe.sources import Questions, paragraphs, read_questions
from qgkd.model_recipe.stores import join_stores, save_parts
from qgkd.model_recipe.synthetic import askable_paragraph, closest_examples, rule_examples
from qgkd.model_recipe.text_tokens import TextTokens
from qgkd.model_recipe.vocabulary import save_tokenizer, train_vocabulary
from qgkd.reading.examples import QGExample, example_record
from qgkd.training.data import tokenise
from qgkd.training.token_store import TokenStore

PARTS = ("vocabulary", "text", "copying", "synthetic", "questions", "closest")
_PER_CHUNK = 100
_HELD_OUT_COPIES = 400


class Preparation:
    """Makes the parts of a recipe's prepared data that are not yet in the folder."""

    def __init__(self, settings: RecipeSettings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._processes = settings.data.processes
        self._format = settings.model.input_format()

    def run(self) -> dict[str, Any]:
        """Make the parts and return the contents of `prepared.json`."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # processes are the parallelism here
        self._folder.mkdir(parents=True, exist_ok=True)
        record = read_json(self._folder / RECORD)
        wanted = self._stamps()
        for part in PARTS:
            if part not in wanted or record.get(part, {}).get("from") == wanted[part]:
                continue
            began = time.perf_counter()
            counts: dict[str, Any] = getattr(self, f"_make_{part}")()
            record[part] = {"from": wanted[part], "counts": counts}
            write_json(self._folder / RECORD, record)
            summary = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in counts.items())
            print(f"prepared {part}: {summary} ({time.perf_counter() - began:.0f} s)", file=sys.stderr, flush=True)
        if not (self._folder / VOCABULARY_FILE).is_file():  # prepared by an earlier version
            self._save_question_vocabulary()
        return record

    def _save_question_vocabulary(self) -> None:
        examples = (*self._questions.broad, *self._questions.final)
        save_vocabulary(self._folder, question_vocabulary(examples))

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
        """The tokens of `model.base` or of `transplant.vocabulary`, in the order of their ids."""
        ids: dict[str, int] = load_tokenizer(self._settings.tokens_of).get_vocab()
        tokens = sorted(ids, key=ids.__getitem__)
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
        """Paragraphs that questions can be made of, those of laws under True."""
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

    def _texts(self) -> list[str]:
        return [*self._passages, *(document.text for document in self._documents)]

    def _make_vocabulary(self) -> dict[str, Any]:
        if self._settings.tokens_of:  # a newly trained vocabulary has the same pieces in another order
            tokens = self._base_tokens
        else:
            tokens = train_vocabulary(self._texts(), self._settings.vocabulary)
        save_tokenizer(tokens, Path(self._tokenizer_folder))
        return {"tokens": len(tokens)}

    def _make_text(self) -> dict[str, Any]:
        import numpy as np

        texts = self._texts()
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
            write = functools.partial(
                synthetic_of, answers=answers, seed=self._settings.seed, varied_share=settings.varied_share
            )
            stores.append(self._tokenised(chunks, write))
            counts[f"questions_from_{name}"] = len(stores[-1])
        if settings.answers_of_people:
            stores.append(self._tokenised(self._human_written, rule_examples))
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
        self._save_question_vocabulary()
        return counts

    def _make_closest(self) -> dict[str, Any]:
        write = functools.partial(closest_examples, least=self._settings.questions.closest_min)
        store = self._tokenised(self._human_written, write)
        save_parts(store, self._folder, "closest")
        return {"questions_in_the_passage's_words": len(store)}

    @property
    def _human_written(self) -> list[Sequence[QGExample]]:
        return chunks_of([*self._questions.broad, *self._questions.final], _PER_CHUNK)

    def _tokenised(self, chunks: Sequence[Any], write: Callable[[Any], Iterable[QGExample]]) -> TokenStore:
        """Write questions about each chunk and tokenise them, in several processes."""
        rest = (write, self._tokenizer_folder, self._format)
        return join_stores(list(in_parallel(question_chunk, chunks, self._processes, *rest)))
