"""A batch on a Ray cluster of two nodes whose workers and caller are killed, against the same batch in one process.

    python eval/check_ray.py --passages 2000

Prints the rates of one and of two workers, each with one CPU core, and whether every output is byte for byte that of
one process: undisturbed, and with two workers and the caller ended by SIGKILL in the middle. Needs the extra `ray` and
Linux. What follows `--` are options of `qgkd generate`, without any the rule writes the questions.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from ray.cluster_utils import Cluster

PASSAGES = Path(__file__).resolve().parent.parent / "data" / "passages"
KILL_WORKER_AT = (0.15, 0.35)
"""Shares of the rows after which a worker is killed; then the caller."""
KILL_CALLER_AT = 0.6
Watch = Callable[[int, subprocess.Popen[bytes]], None]


def main() -> None:
    """Run the batch in one process, then on the cluster, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=300)
    parser.add_argument("--kills-only", action="store_true", help="no rates: on a busy machine they say nothing")
    parser.add_argument("options", nargs="*", default=["--system", "rule"], help="after --: options of qgkd generate")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _cluster() as address:
        source, expected = Path(folder, "in.jsonl"), Path(folder, "one.jsonl")
        _write_passages(source, given.passages)
        _run(_command(source, expected, given.options), expected)
        rates = {}
        for workers in () if given.kills_only else (1, 2):
            output = Path(folder, f"{workers}.jsonl")
            command = [*_command(source, output, given.options), "--ray", address, "--workers", str(workers)]
            rates[workers] = _run(command, output)
            print(f"{workers} worker(s): {rates[workers]:.1f} passages/s, {_compared(output, expected)}", flush=True)
        if rates:
            print(f"2 workers are {rates[2] / rates[1]:.2f}x of 1", flush=True)
        output = Path(folder, "killed.jsonl")
        command = [*_command(source, output, given.options), "--ray", address, "--workers", "2", "--resume"]
        kills = _Kills(given.passages)
        _run(command, output, kills)
        assert kills.caller_killed, "the batch ended before its caller was killed; give more --passages"
        assert not output.exists(), "a killed caller left an output"
        _run(command, output)
        print(f"{kills.workers_killed} workers and the caller killed: {_compared(output, expected)}")
    sys.exit(kills.workers_killed != len(KILL_WORKER_AT))


@contextlib.contextmanager
def _cluster() -> Iterator[str]:
    """Two nodes of one core each, on this machine; yields the address."""
    head = {"num_cpus": 1, "include_dashboard": False, **_ports()}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        cluster.add_node(num_cpus=1, **_ports())
        yield cluster.address
    finally:
        cluster.shutdown()


def _ports() -> dict[str, int]:
    """Free ports for a node's agents: Ray waits 15 s for those they choose, which a busy machine exceeds."""
    names = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("", 0))) for _ in names]
        return {name: each.getsockname()[1] for name, each in zip(names, taken, strict=True)}


def _write_passages(path: Path, count: int) -> None:
    """Every passage a different stretch of a sample text; each twentieth names an answer that is not in it."""
    sentences = [
        sentence
        for file in sorted(PASSAGES.glob("*.txt"))
        for sentence in file.read_text("utf-8").replace("。", "。\n").split("\n")
        if sentence.strip()
    ]
    with path.open("w", encoding="utf-8") as handle:
        for n in range(count):
            begin = n % (len(sentences) - 3)
            row = {"id": f"p{n}", "context": f"第{n}篇。" + "".join(sentences[begin : begin + 3])}
            if n % 20 == 19:
                row["answer"] = "不在文中"
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def _command(source: Path, output: Path, options: list[str]) -> list[str]:
    return [sys.executable, "-m", "qgkd", "generate", str(source), "-o", str(output), "--batch-size", "8", *options]


def _run(command: list[str], output: Path, watch: Watch | None = None) -> float:
    """Run to the end; returns passages per second between the first finished batch and the last."""
    partial = output.with_name(output.name + ".partial")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    seen: list[tuple[float, int]] = []
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stderr=errors, env=environment)
        while process.poll() is None:
            rows = _rows_done(partial)
            if rows and (not seen or rows > seen[-1][1]):
                seen.append((time.perf_counter(), rows))
                if watch is not None:
                    watch(rows, process)
            time.sleep(0.02)
        errors.seek(0)
        if process.returncode not in (0, 1, -signal.SIGKILL) or not (output.exists() or partial.exists()):
            sys.exit(errors.read().decode())
    (began, first), (ended, last) = seen[0], seen[-1]
    return (last - first) / max(ended - began, 1e-9)


def _rows_done(partial: Path) -> int:
    """Rows of the batches that the journal has."""
    try:
        lines = [line for line in partial.read_bytes().splitlines() if line.startswith(b'["done"')]
        return int(json.loads(lines[-1])[1]["rows"]) if lines else 0
    except (FileNotFoundError, ValueError):  # not begun, finished, or a line half written
        return 0


class _Kills:
    """Ends two workers and then the caller as the work goes on."""

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self.workers_killed = 0
        self.caller_killed = False

    def __call__(self, rows: int, caller: subprocess.Popen[bytes]) -> None:
        done = rows / self._passages
        if self.workers_killed < len(KILL_WORKER_AT) and done >= KILL_WORKER_AT[self.workers_killed]:
            workers = [one for one in psutil.Process().children(recursive=True) if _is_worker(one)]
            if workers:
                workers[0].kill()
                self.workers_killed += 1
        elif done >= KILL_CALLER_AT and not self.caller_killed:
            caller.kill()
            self.caller_killed = True


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "MapWorker" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _compared(output: Path, expected: Path) -> str:
    same = output.read_bytes() == expected.read_bytes()
    rows = len(expected.read_bytes().splitlines())
    if not same:
        sys.exit(f"{output}: expected the {rows} rows of one process, found others")
    return f"all {rows:,} rows as in one process"


if __name__ == "__main__":
    main()
