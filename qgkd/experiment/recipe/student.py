"""Makes a shallower student of a trained model.

Comes in: a model folder or hub name, a number of layers. Goes out: a model folder, and what it has, in words.

A literal example: `write_student("runs/teacher/model", Path("runs/student"), 6)` keeps layers 1 to 6.
"""

from __future__ import annotations

from pathlib import Path

from qgkd.files.fingerprint import model_sha256

_EXAMPLES = 500  # the mean cosine settles long before


def write_student(
    teacher: str,
    folder: Path,
    layers: int | None,
    drop: str = "top",
    *,
    data: str | Path | None = None,
    dropout: float | None = None,
) -> list[str]:
    """Drop layers of a model and write the rest.

    Args:
        teacher: A model folder or hub name.
        folder: The folder to write; a model that is there is replaced.
        layers: How many are kept; None keeps all.
        drop: Which are dropped, a value of `qgkd.checkpoints.student.Drop`.
        data: Questions to measure the layers' contribution on: the first 500; for `contribution` alone.
        dropout: The student's; None keeps the teacher's.

    Returns:
        Lines that say which layers the student has, and its size.
    """
    from qgkd.checkpoints.checkpoint import load_checkpoint
    from qgkd.checkpoints.encoder import encoder_layers
    from qgkd.checkpoints.precision import parameter_count
    from qgkd.checkpoints.record import read_record
    from qgkd.checkpoints.student import Drop, kept_layers, make_student, save_student, student_record
    from qgkd.distillation.layer_contribution import layer_similarities
    from qgkd.reading.readers import read_examples

    # How a base without a record will be trained is not settled here: any mode reads the same weights.
    checkpoint = load_checkpoint(teacher, attention=None if "format" in read_record(teacher) else "recurrent")
    depth, how, similarities = len(encoder_layers(checkpoint.model)), drop, None
    if how == Drop.CONTRIBUTION and data is not None:
        similarities = layer_similarities(checkpoint, read_examples(data, limit=_EXAMPLES).examples)
    kept = kept_layers(depth, layers or depth, how, similarities)
    student = make_student(checkpoint.model, kept, dropout=dropout)
    record = student_record(checkpoint, kept, drop=how, digest=model_sha256(teacher), dropout=dropout)
    save_student(folder, student, checkpoint.tokenizer, record)
    lines = [f"layer {place} = teacher layer {layer}" for place, layer in enumerate(kept, start=1)]
    lines += [f"teacher layer {layer}: cosine {value:.4f}" for layer, value in enumerate(similarities or (), start=1)]
    counts = f"{parameter_count(student):,} parameters of {parameter_count(checkpoint.model):,}"
    return [*lines, f"{folder}: {len(kept)} layers of {depth}, {counts}"]
