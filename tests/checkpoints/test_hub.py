"""Models by hub name, against a local server that stands in for the hub; without a network, one clear sentence."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tiny_model import PASSAGES, save_tiny_checkpoint

REPOSITORY = Path(__file__).resolve().parents[2]

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PROGRAM = f"""
import json, sys
from qgkd.answer import AnswerSpan
from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.decoding.generator import ModelGenerator
context = {PASSAGES[0]!r}
request = GenerationRequest(context=context, answer=AnswerSpan(text="林文海", start_char=context.index("林文海")))
for name, *attention in json.loads(sys.argv[1]):
    try:
        checkpoint = load_checkpoint(name, attention=attention[0] if attention else None)
    except UserError as error:
        print(json.dumps(str(error)))
    else:
        (question,), = ModelGenerator(checkpoint).generate([request])
        print(json.dumps([checkpoint.name, checkpoint.input_format.layout, bool(question.text)]))
"""


class Hub(ThreadingHTTPServer):
    """Serves `someone/NAME` from a folder as the hub does, and records the requests."""

    def __init__(self, models: Path, refused: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.models = models
        self.refused = refused
        self.requests: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._respond()

    def do_GET(self) -> None:
        self._respond()

    def _respond(self) -> None:
        path = self.path.split("?")[0]
        self.server.requests.append(f"{self.command} {path}")
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"] and len(parts) == 4:
            folder = self.server.models / parts[3]
            files = [{"rfilename": file.name} for file in sorted(folder.iterdir())] if folder.is_dir() else None
            found = {"id": "/".join(parts[2:]), "sha": COMMIT, "siblings": files, "tags": [], "private": False}
            return self._send(json.dumps(found).encode()) if files else self._refuse("RepoNotFound")
        if len(parts) < 5 or parts[2] != "resolve" or parts[0] != "someone":
            return self._refuse("EntryNotFound")
        if not (self.server.models / parts[1]).is_dir():
            return self._refuse("RepoNotFound")
        file = self.server.models.joinpath(parts[1], *parts[4:])
        if path == self.server.refused:
            return self._send(b"not now", status=403)
        return self._send(file.read_bytes()) if file.is_file() else self._refuse("EntryNotFound")

    def _refuse(self, code: str) -> None:
        status = 401 if code == "RepoNotFound" else 404
        self._send(b"{}", status=status, **{"X-Error-Code": code, "X-Repo-Commit": COMMIT})

    def _send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        tag = hashlib.sha1(body, usedforsecurity=False).hexdigest()
        for name, value in {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def load(endpoint: str, cache: Path, *models: list[str], offline: bool = False) -> list[str | list[object]]:
    """Load models in a process of its own (the hub's address is read when the libraries are imported).

    Returns:
        For each [name, perhaps an attention] the sentence that refused it, or what was loaded.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1", "OMP_NUM_THREADS": "1"}
    settings |= {"HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(models)],
        env={**kept, **settings, **({"HF_HUB_OFFLINE": "1"} if offline else {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    found = [json.loads(line) for line in finished.stdout.splitlines()]
    assert all("\n" not in sentence for sentence in found if isinstance(sentence, str))
    return found


def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


NOWHERE = (
    "there is no such folder, and it could not be loaded from the Hugging Face hub (the hub cannot be reached and the "
    "cache does not hold it); check the name and the network, or give a model folder"
)


def test_hub_models_online_then_without_a_network(tmp_path: Path) -> None:
    models, cache = tmp_path / "models", tmp_path / "cache"
    save_tiny_checkpoint(models / "tiny", attention="prefix", layout="shared")
    save_tiny_checkpoint(models / "secret", attention="prefix", layout="shared")
    save_tiny_checkpoint(models / "plain", attention="prefix", layout="marked")
    (models / "plain" / "qgkd.json").unlink()
    hub = Hub(models, refused="/someone/secret/resolve/main/qgkd.json")
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        online = load(
            hub.address,
            cache,
            ["someone/tiny"],
            ["someone/tiny", "recurrent"],
            ["someone/plain"],
            ["someone/plain", "recurrent"],
            ["someone/secret", "recurrent"],
            ["someone/nobody"],
            ["my model"],
        )
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
    loaded, contradicted, without_attention, with_attention, unfetched, unknown, impossible = online
    assert loaded == ["someone/tiny", "shared", True]
    assert "was trained with attention 'prefix', asked for 'recurrent'" in contradicted
    assert "someone/plain: has no qgkd.json" in without_attention
    assert "say --attention" in without_attention
    assert with_attention == ["someone/plain", "marked", True]
    # A record that cannot be fetched is not treated as absent: the weights would be run in another way than trained.
    assert "its qgkd.json, which says how it was trained, could not be asked for" in unfetched
    assert "there is no such folder" in unknown
    assert "the hub has no such model" in unknown
    assert "nor can it be a hub name" in impossible
    fetched = [line for line in hub.requests if line.startswith("GET /someone/tiny/resolve/")]
    assert sum(line.endswith("/model.safetensors") for line in fetched) == 1, fetched

    started = time.monotonic()
    for offline in (True, False):  # HF_HUB_OFFLINE=1, and a machine without a network
        found = load(
            closed_port(),
            cache,
            ["someone/tiny"],
            ["someone/tiny", "recurrent"],
            ["someone/plain", "recurrent"],  # the cache remembers that it has no record
            ["someone/other"],
            offline=offline,
        )
        assert found == [loaded, contradicted, with_attention, f"someone/other: {NOWHERE}"]
    assert time.monotonic() - started < 60  # not 25 seconds of retries for each of a dozen files
