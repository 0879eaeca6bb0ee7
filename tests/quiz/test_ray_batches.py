"""A batch on a cluster of two Ray nodes gives what one process gives, also when its workers die."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from qgkd.errors import UserError
from qgkd.generator import GenerationRequest, Question
from qgkd.quiz.file_run import generate_file
from qgkd.quiz.question_rows import BatchOptions
from qgkd.reading.readers import Problem, read_passages
from qgkd.rule.generator import RuleGenerator

ray = pytest.importorskip("ray", reason="needs the extra ray: pip install 'qgkd[ray]'")
OPTIONS = BatchOptions(questions_per_passage=2, rows_per_batch=3)


class _Marked(RuleGenerator):
    """The rule, which ends its process at the passage that says 毒, once or every time."""

    def __init__(self, folder: Path, *, dies: str = "never") -> None:
        super().__init__()
        self._dead = folder / "dead"
        self._dies = dies
        tempfile.mkstemp(prefix="loaded-", dir=folder)

    def generate(self, requests: Sequence[GenerationRequest], *, questions_per_answer: int = 1) -> list[list[Question]]:
        """As the rule, where it does not die."""
        if any("毒" in request.context for request in requests) and (
            self._dies == "always" or (self._dies == "once" and not self._dead.exists())
        ):
            self._dead.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().generate(requests, questions_per_answer=questions_per_answer)


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    from ray import cloudpickle
    from ray.cluster_utils import Cluster

    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no module that a worker could import
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1)
    try:
        ray.init(address=nodes.address, logging_level="ERROR", log_to_driver=False)
        yield
    finally:
        ray.shutdown()
        nodes.shutdown()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Twenty passages, two with an answer that is not in them, one with 毒."""
    path = tmp_path / "in.jsonl"
    with path.open("w", encoding="utf-8") as handle:
        for n in range(20):
            poison = "島上的花有毒。" if n == 10 else ""
            row = {"id": f"p{n}", "context": f"第{n}座燈塔建於{1800 + n}年，由工程師林文海設計。{poison}"}
            handle.write(json.dumps(row | ({"answer": "王小明"} if n % 8 == 7 else {}), ensure_ascii=False) + "\n")
    return path


def in_one_process(source: Path) -> tuple[bytes, list[str]]:
    output, problems = source.with_name("one.jsonl"), list[str]()
    generate_file(
        RuleGenerator(), read_passages(source), output, OPTIONS,
        report=lambda event: problems.append(str(event)) if isinstance(event, Problem) else None,
    )  # fmt: skip
    return output.read_bytes(), problems


def on_the_cluster(source: Path, *, dies: str = "never", resume: bool = False) -> tuple[bytes, list[str]]:
    from qgkd.quiz.ray_batches import RayBatches

    output, problems = source.with_name("ray.jsonl"), list[str]()
    batches = RayBatches(load=partial(_Marked, source.parent, dies=dies), options=OPTIONS)
    generate_file(
        RuleGenerator(), read_passages(source), output, OPTIONS, batches=batches, resume=resume,
        report=lambda event: problems.append(str(event)) if isinstance(event, Problem) else None,
    )  # fmt: skip
    return output.read_bytes(), problems


def test_rows_and_complaints_are_those_of_one_process(source: Path) -> None:
    expected, complaints = in_one_process(source)
    assert len(complaints) == 2
    assert on_the_cluster(source) == (expected, complaints)
    assert len(list(source.parent.glob("loaded-*"))) == 2  # one generator for each of the two workers


def test_a_killed_worker_is_replaced_and_no_row_is_lost_or_doubled(source: Path) -> None:
    expected = in_one_process(source)
    assert on_the_cluster(source, dies="once") == expected
    assert (source.parent / "dead").exists()


def test_a_passage_that_kills_every_worker_ends_the_run_which_can_go_on(source: Path) -> None:
    expected = in_one_process(source)
    with pytest.raises(UserError, match=r"^Ray: expected every worker to write its batches, .*--resume"):
        on_the_cluster(source, dies="always")
    assert not source.with_name("ray.jsonl").exists()
    assert on_the_cluster(source, resume=True) == expected


def test_a_worker_that_cannot_load_says_why(source: Path) -> None:
    from qgkd.quiz.ray_batches import RayBatches

    def load() -> RuleGenerator:
        raise UserError("runs/x: expected a model's folder, found nothing")

    batches = RayBatches(load=load, options=OPTIONS)
    with pytest.raises(UserError, match=r"found: .*runs/x: expected a model's folder, found nothing"):
        list(batches(read_passages(source)))


def test_more_workers_than_the_cluster_has_are_refused(source: Path) -> None:
    from qgkd.quiz.ray_batches import RayBatches

    with pytest.raises(UserError, match="a CPU for each of 3 workers, found 2"):
        list(RayBatches(load=RuleGenerator, options=OPTIONS, workers=3)(read_passages(source)))
    with pytest.raises(UserError, match="a GPU for each of 1 workers, found 0"):
        list(RayBatches(load=RuleGenerator, options=OPTIONS, on_gpu=True)(read_passages(source)))
    assert list(RayBatches(load=RuleGenerator, options=OPTIONS, workers=3)([])) == []
