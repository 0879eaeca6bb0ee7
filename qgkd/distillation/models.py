"""Teacher and student of a run, and whether they fit together.

Comes in: a `DistillRun`. Goes out: two `Checkpoint`s that share no weights, the student in its training format.

A literal example: teacher `runs/teacher/model` of 12 layers and `student.layers = 6` give its layers 1 to 6 as student.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qgkd.checkpoints.checkpoint import Checkpoint, load_checkpoint
from qgkd.checkpoints.encoder import encoder_layers
from qgkd.checkpoints.record import read_record
from qgkd.checkpoints.student import Drop, is_layer_list, kept_layers, make_student, student_record
from qgkd.distillation.config import DistillRun
from qgkd.errors import UserError
from qgkd.files.fingerprint import model_sha256
from qgkd.model_input.input_format import Attention
from qgkd.reading.examples import QGExample
from qgkd.training.model import settled_checkpoint

_EXAMPLES = 500
_PROBE = "臺灣 Taiwan 在1867年（同治６年）有３０.5萬人，ＡＢＣ café？"


def load_teacher(name: str) -> Checkpoint:
    """A teacher in its own format.

    Raises:
        UserError: It has no record of its input format.
    """
    if "format" not in read_record(name):
        raise UserError(
            f"distill.teacher: expected a trained question generator with a qgkd.json, found none in {name}; give the "
            "`model` folder of a `qgkd train` run"
        )
    return load_checkpoint(name)


def load_student(run: DistillRun, teacher: Checkpoint) -> Checkpoint:
    """The student, from its folder or made from `model.base`, in the format and with the dropout of the run.

    Raises:
        UserError: It cannot be loaded, made, or take the format.
    """
    base, settings, drop = _base(run, teacher), run.train.model, run.student.drop
    if run.student.layers is not None or base is teacher:
        similarities = _similarities(run, base, drop)
        base = some_layers_of(base, settings.base, run.student.layers, drop, settings.dropout, similarities)
    return settled_checkpoint(base, run.train)


def some_layers_of(
    base: Checkpoint,
    folder: str,
    layers: int | None,
    drop: str,
    dropout: float,
    similarities: tuple[float, ...] | None = None,
) -> Checkpoint:
    """A copy of some of a model's layers, recorded as such; all of them where `layers` is None."""
    depth = len(encoder_layers(base.model))
    if layers is None:
        layers = drop.count(",") + 1 if is_layer_list(drop) else depth
    kept = kept_layers(depth, layers, drop, similarities)
    record = student_record(base, kept, drop=drop, digest=model_sha256(folder), dropout=dropout)
    return replace(base, model=make_student(base.model, kept), record=record)


def _base(run: DistillRun, teacher: Checkpoint) -> Checkpoint:
    """The student's start; without a format of its own it takes the teacher's."""
    name = run.train.model.base
    if name == run.distill.teacher:
        return teacher
    if "format" in read_record(name):
        return load_checkpoint(name)
    read = teacher.input_format
    attention = run.train.model.attention or str(read.attention)
    base = load_checkpoint(name, attention=attention, layout=str(read.layout))
    return replace(base, input_format=replace(read, attention=Attention(attention)))


def _similarities(run: DistillRun, base: Checkpoint, drop: str) -> tuple[float, ...] | None:
    if drop != Drop.CONTRIBUTION:
        return None
    from qgkd.distillation.layer_contribution import layer_similarities
    from qgkd.reading.readers import read_examples

    examples: list[QGExample] = []
    for path in run.train.data.train:
        examples += read_examples(path, limit=_EXAMPLES - len(examples)).examples
        if len(examples) >= _EXAMPLES:
            break
    return layer_similarities(base, examples)


def check_pair(student: Checkpoint, teacher: Checkpoint) -> None:
    """Refuse a teacher of another input format than the student's with a UserError."""
    check_tokenizers(student, teacher)
    mine, its = student.input_format, teacher.input_format
    if mine.attention is Attention.RECURRENT and its.attention is Attention.PREFIX:
        raise UserError(
            f"{teacher.name}: expected a teacher of attention 'recurrent' like the student, found 'prefix'; set "
            "model.attention=prefix or take another teacher"
        )
    for name in ("layout", "question_position"):
        if getattr(mine, name) != getattr(its, name):
            raise UserError(
                f"{teacher.name}: expected a teacher trained with the student's {name} {_shown(getattr(mine, name))}, "
                f"found {_shown(getattr(its, name))}; set model.{name} to the teacher's"
            )
    positions = getattr(teacher.model.config, "max_position_embeddings", mine.max_total_tokens)
    if positions < mine.max_total_tokens:
        raise UserError(
            f"{teacher.name}: expected a teacher with the student's {mine.max_total_tokens} positions, found "
            f"{positions}; set model.max_total_tokens={positions}"
        )
    check_scripts(student, teacher, "set model.script to the teacher's")


def check_scripts(student: Checkpoint, teacher: Checkpoint, advice: str) -> None:
    """Refuse a teacher of the other script, Traditional or Simplified; errors end in the advice."""
    scripts = [checkpoint.record.get("script", "") for checkpoint in (student, teacher)]
    if scripts[0] != scripts[1] and all(scripts):
        raise UserError(
            f"{teacher.name}: expected a teacher of {scripts[0]} text like the student, found one of {scripts[1]}; "
            f"{advice}"
        )


def check_tokenizers(student: Checkpoint, teacher: Checkpoint) -> None:
    """Refuse a teacher whose tokenizer splits or numbers tokens differently, naming one in a UserError."""
    one, other = student.tokenizer.get_vocab(), teacher.tokenizer.get_vocab()
    if one != other:
        differing = sorted(token for token in {*one, *other} if one.get(token) != other.get(token))
        raise UserError(
            f"{teacher.name}: expected a teacher with the student's vocabulary, found {len(differing)} tokens of other "
            f"ids, {differing[0]!r} among them; take a teacher and a student of one vocabulary"
        )
    parts: list[Any] = [checkpoint.tokenizer.tokenize(_PROBE) for checkpoint in (student, teacher)]
    if parts[0] != parts[1]:
        place = next((i for i, pair in enumerate(zip(*parts, strict=False)) if pair[0] != pair[1]), -1)
        raise UserError(
            f"{teacher.name}: expected a tokenizer that cuts text as the student's, found {parts[1][place]!r} for "
            f"{parts[0][place]!r}; take a teacher and a student of one tokenizer"
        )


def _shown(value: object) -> str:
    return "none" if value is None else repr(str(value))
