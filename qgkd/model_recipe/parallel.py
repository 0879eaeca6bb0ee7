"""Runs a function on all CPU cores.

Comes in: a function of one chunk, chunks. Goes out: its results, in order.

A literal example: `in_parallel(encode, chunks_of(documents, 64), processes=2)`
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def chunks_of(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Cut a list into pieces of this size, the last one shorter."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def in_parallel(function: Callable[..., Result], chunks: Sequence[Any], processes: int, *rest: Any) -> Iterator[Result]:
    """Call `function(chunk, *rest)` for each chunk.

    Args:
        function: Defined at the top of a module, so that other processes find it.
        chunks: The work.
        processes: How many; 0 is one per core, 1 is this process.
        rest: Further arguments, the same for each.
    """
    processes = min(processes or os.cpu_count() or 1, len(chunks))
    if processes <= 1:
        for chunk in chunks:
            yield function(chunk, *rest)
        return
    # spawn, not fork: a fork copies locks that threads of torch and tokenizers hold.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _leave_with, (os.getpid(),)) as pool:
        futures = [pool.submit(function, chunk, *rest) for chunk in chunks]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def _leave_with(parent_id: int) -> None:
    """End this process when its parent was killed and so could not end it."""

    def watch() -> None:
        while os.getppid() == parent_id:
            time.sleep(2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
