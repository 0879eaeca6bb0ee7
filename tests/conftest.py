"""Settings and fixtures of all tests: one torch thread, no model hub, no network except the local host."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
for proxy in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(proxy, None)

import pytest  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)

REPOSITORY = Path(__file__).resolve().parent.parent
_LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost"}


class NetworkBlockedError(RuntimeError):
    """A test tried to use the network."""


@pytest.fixture(autouse=True)
def _answers_by_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are proposed by the rules, with and without weights in the package; a test of the span model names it."""
    monkeypatch.setattr("qgkd.checkpoints.packaged_model.packaged_span_model", lambda: None)


@pytest.fixture(autouse=True)
def _no_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--precision auto` is fp32 on every machine, so that questions are the same; a test of bf16 asks for it."""
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False, raising=False)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _LOCAL_HOSTS:
            raise NetworkBlockedError(f"tests use no network: connection to {address[0]} refused")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        yield


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tiny WordPiece tokenizer; modules with another tokenizer override it."""
    from tiny_model import tiny_tokenizer  # imports transformers

    return tiny_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of public data sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("QGKD_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder.name!r} beside the checkout; set QGKD_SHARED to run this test")
    return folder
