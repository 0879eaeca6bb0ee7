"""Every method by the name that the command line and TOML use, for question generators and classifiers alike.

Comes in: nothing. Goes out: `METHODS`: functions of both encoders' shapes and the method's settings, which are their
keyword arguments. Every default is explained in `eval/paper_index.md`.

A literal example: `METHODS["pkd-skip"](student, teacher, beta=100.0)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qgkd.distillation.methods.all_layer import all_layer
from qgkd.distillation.methods.attention import attention
from qgkd.distillation.methods.ckd import ckd
from qgkd.distillation.methods.distilbert import distilbert
from qgkd.distillation.methods.dynamic import dynamic_data, dynamic_supervision, dynamic_teacher
from qgkd.distillation.methods.kd import fine_tune, hinton, kd
from qgkd.distillation.methods.minilm import minilm
from qgkd.distillation.methods.pkd import pkd
from qgkd.distillation.methods.tinybert import tinybert, tinybert_layers, tinybert_prediction
from qgkd.distillation.objectives.objective import Objective

METHODS: dict[str, Callable[..., list[Objective]]] = {
    "fine-tune": fine_tune,
    "kd": kd,
    "hinton": hinton,
    "distilbert": distilbert,
    "tinybert": tinybert,
    "tinybert-layers": tinybert_layers,
    "tinybert-prediction": tinybert_prediction,
    "minilm": minilm,
    "attention-mse": partial(attention, loss="mse"),
    "attention-kl": partial(attention, loss="kl"),
    "pkd": pkd,
    "pkd-skip": partial(pkd, layers="skip"),
    "pkd-last": partial(pkd, layers="last"),
    "all-layer": all_layer,
    "layer-adding": partial(all_layer, schedule="layer-adding"),
    "layer-by-layer": partial(all_layer, schedule="layer-by-layer"),
    "dynamic-teacher-hard": partial(dynamic_teacher, mode="hard"),
    "dynamic-teacher-soft": partial(dynamic_teacher, mode="soft"),
    "dynamic-teacher-soft-batch": partial(dynamic_teacher, mode="soft-batch"),
    "dynamic-data": dynamic_data,
    "dynamic-supervision": dynamic_supervision,
    "ckd": ckd,
}
"""A sum of several is written with `+`, as `kd+ckd`."""
