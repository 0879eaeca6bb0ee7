"""Write the batches of a file on the workers of a Ray cluster, in the order of the file.

Comes in: rows, and how a worker loads its generator. Goes out: `BatchResult`s, equal to those that
`question_rows.generate_batches` makes in one process, one after the other.

A literal example: `generate_file(RuleGenerator(), rows, Path("out.csv"), options, batches=RayBatches(RuleGenerator,
options))` with `ray.init()` done before.

A batch is one block of a Ray data set, so it is generated together wherever it is done. Ray Data keeps one generator
per worker, begins a batch anew whose worker died, and hands the results on in order. The caller alone writes the
journal: a killed caller goes on with `--resume` as in one process.
"""

from __future__ import annotations

import itertools
import logging
import os
import pickle
import socket
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import ray
import ray.data
from ray.exceptions import RayError

from qgkd.errors import UserError
from qgkd.generator import Generator
from qgkd.quiz.question_rows import BatchOptions, BatchResult, generate_batches
from qgkd.reading.readers import PassageRow, Problem

RETRIES_PER_BATCH = 3
"""A passage that ends its worker every time must end the run as well."""


def connect(address: str) -> None:
    """Join the cluster at `address` (`HOST:PORT`, or `auto` for the one on this machine), or begin one (`local`).

    Raises:
        UserError: There is no cluster at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else Ray reports to its makers
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what concerns the user arrives as an exception
    dashboard = False if address == "local" else None
    try:
        host, _, port = address.rpartition(":")
        if host:  # Ray itself would try for many minutes
            socket.create_connection((host, int(port)), timeout=5).close()
        ray.init(address=address, logging_level="ERROR", log_to_driver=False, include_dashboard=dashboard)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"--ray {address}: expected a Ray cluster there, found none ({reason}); begin one with "
            "`ray start --head`, or give --ray local"
        ) from error


@dataclass(frozen=True, kw_only=True)
class RayBatches:
    """Turns rows into batches on the cluster that `connect` joined."""

    load: Callable[[], Generator]
    """Called once in every worker; what it reads must be on every machine, at the same path."""
    options: BatchOptions
    workers: int | None = None
    """None takes one for each GPU, or else for each CPU core, of the cluster."""
    on_gpu: bool = False
    """Give every worker a GPU of its own; else a CPU core."""

    def __call__(self, rows: Iterable[PassageRow | Problem]) -> Iterator[BatchResult]:
        """Yield a result per batch, in the order of the rows.

        Raises:
            UserError: The cluster lacks what a worker needs, a worker could not load its generator, or a batch failed.
        """
        # The object store puts on disk what does not fit, so that the input may exceed this machine's memory.
        batches = _cut(rows, self.options.rows_per_batch)
        blocks = [ray.put(pa.table({"batch": [pickle.dumps(batch)]})) for batch in batches]
        if not blocks:
            return
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # no other way limits retries
            results = ray.data.from_arrow_refs(blocks).map(
                _Worker,
                fn_constructor_args=(self.load, self.options),
                compute=ray.data.ActorPoolStrategy(size=min(self._workers(), len(blocks))),
                max_task_retries=RETRIES_PER_BATCH,
                **({"num_gpus": 1} if self.on_gpu else {"num_cpus": 1}),
            )
        logging.getLogger("ray.data").setLevel(logging.ERROR)  # set anew by every data set
        try:
            for row in results.iter_rows():
                yield pickle.loads(row["result"])
        except RayError as error:
            raise UserError(
                f"Ray: expected every worker to write its batches, found: {_last_line(error)}; mend it, then go on "
                "with --resume"
            ) from error

    def _workers(self) -> int:
        kind = "GPU" if self.on_gpu else "CPU"
        found = int(ray.cluster_resources().get(kind, 0))
        wanted = self.workers or max(found, 1)
        if wanted > found:  # Ray would wait for the rest for ever
            raise UserError(
                f"expected a {kind} for each of {wanted} workers, found {found} in the Ray cluster; ask for fewer "
                "(--workers) or add machines to it"
            )
        return wanted


class _Worker:
    """One process of the cluster, with its generator."""

    def __init__(self, load: Callable[[], Generator], options: BatchOptions) -> None:
        self._generator = load()
        self._options = options

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Generate one batch."""
        (result,) = generate_batches(self._generator, pickle.loads(row["batch"]), self._options)
        return {"result": pickle.dumps(result)}


def _cut(rows: Iterable[PassageRow | Problem], rows_per_batch: int) -> Iterator[list[PassageRow | Problem]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, rows_per_batch)):
        yield batch


def _last_line(error: RayError) -> str:
    """The error of the worker, which Ray puts last, below its own stack."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
