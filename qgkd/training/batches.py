"""Which questions share an optimiser step, and rows to tensors.

Comes in: the lengths of a data set's items; lists of weighted rows. Goes out: `Draw`s batch by batch; `Batch`.

The questions of a step depend on the seed, the epoch and the step's size alone. How the step is split, into
accumulated micro-batches and over processes, changes only the speed: 8 x 1 = 2 x 4 = two processes of 4.

A literal example: 20 items, 4 per micro-batch, 2 accumulated, 1 process: steps of 8, 8 and 4 items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler
from transformers import TrainingArguments

from qgkd.model_input.batch import Batch, collate
from qgkd.training.dataset import Draw, WeightedRow

_STEPS_PER_POOL = 50  # as transformers' LengthGroupedSampler: length is sorted within so many steps' items


class StepSampler(Sampler[list[Draw]]):
    """Micro-batches of one process, in order.

    Args:
        lengths: Tokens of each item.
        micro_batch_items: Items per process and forward pass.
        accumulation: Micro-batches per optimiser step.
        processes: How many processes share a step.
        process: This one's number, from 0.
        seed: Of the shuffling.
        strategy: `group_by_length`, `random` or `sequential`.
    """

    def __init__(
        self,
        lengths: NDArray[np.int64],
        *,
        micro_batch_items: int,
        accumulation: int = 1,
        processes: int = 1,
        process: int = 0,
        seed: int = 0,
        strategy: str = "group_by_length",
        drop_last: bool = False,
    ) -> None:
        self._lengths, self._seed, self._strategy = lengths, seed, strategy
        self.batch_size = micro_batch_items
        self._accumulation, self._processes, self._process = accumulation, processes, process
        self._step_items = micro_batch_items * accumulation * processes
        self._drop_last = drop_last and len(lengths) >= self._step_items
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch whose order is used next."""
        self.epoch = epoch

    def __len__(self) -> int:
        full, rest = divmod(len(self._lengths), self._step_items)
        return full * self._accumulation + (0 if self._drop_last else self._micro_batches(rest))

    def __iter__(self) -> Iterator[list[Draw]]:
        epoch = self.epoch
        for step in self.steps(epoch):
            for batch in np.array_split(step, self._micro_batches(len(step)) * self._processes)[
                self._process :: self._processes
            ]:
                draws = [Draw(epoch, int(item)) for item in batch]
                yield draws or [Draw(epoch, int(step[0]), counted=False)]

    def steps(self, epoch: int) -> list[NDArray[np.int64]]:
        """The items of each optimiser step of an epoch, all processes together, longest first within a step."""
        count, size = len(self._lengths), self._step_items
        random = np.random.default_rng((self._seed, epoch))
        order = np.arange(count) if self._strategy == "sequential" else random.permutation(count)
        if self._strategy == "group_by_length":
            pool = size * max(1, min(_STEPS_PER_POOL, count // (4 * size)))
            pools = [order[start : start + pool] for start in range(0, count, pool)]
            order = np.concatenate([self._longest_first(part) for part in pools])
        steps = [self._longest_first(order[start : start + size]) for start in range(0, count, size)]
        last = [] if len(steps[-1]) == size else [steps.pop()]
        if self._strategy == "group_by_length":
            steps = [steps[place] for place in random.permutation(len(steps))]
        return steps if self._drop_last else steps + last

    def _longest_first(self, items: NDArray[np.int64]) -> NDArray[np.int64]:
        return items[np.argsort(-self._lengths[items], kind="stable")]

    def _micro_batches(self, items: int) -> int:
        """Per process, for a step of so many items."""
        return -(-items // (self.batch_size * self._processes))


def step_sampler(arguments: TrainingArguments, lengths: NDArray[np.int64]) -> StepSampler:
    """This process's sampler by the arguments of a run."""
    strategy = arguments.train_sampling_strategy
    return StepSampler(
        lengths,
        micro_batch_items=arguments.per_device_train_batch_size,
        accumulation=arguments.gradient_accumulation_steps,
        processes=arguments.world_size,
        process=arguments.process_index,
        seed=arguments.seed if arguments.data_seed is None else arguments.data_seed,
        strategy=str(getattr(strategy, "value", strategy)),
        drop_last=arguments.dataloader_drop_last,
    )


@dataclass(frozen=True, slots=True)
class AsDict:
    """A collator whose batch lies in a dict, as transformers' Trainer takes nothing else."""

    collate: Callable[[Sequence[Sequence[WeightedRow]]], Batch]

    def __call__(self, items: Sequence[Sequence[WeightedRow]]) -> dict[str, Batch]:
        """The batch under one key."""
        return {"batch": self.collate(items)}


@dataclass(frozen=True, slots=True)
class RowCollator:
    """Weighted rows to a `Batch`; attention masks are built on the device."""

    pad_id: int

    def __call__(self, items: Sequence[Sequence[WeightedRow]]) -> Batch:
        """Pad the rows of all items on the right."""
        rows = [weighted for item in items for weighted in item]
        return collate([each.row for each in rows], self.pad_id, [each.weight for each in rows])
