"""`qgkd app`: the teacher's page, in a browser.

Comes in: where to listen, and what the page may do. Goes out: a server that runs until it is stopped.

A literal example: `qgkd app --port 8080 --base-path quiz` serves the page at http://127.0.0.1:8080/quiz.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sysconfig
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qgkd.errors import UserError, how_to_install

if TYPE_CHECKING:
    from qgkd.page.settings import PageSettings

_server = partial(typer.Option, rich_help_panel="Server")
_page = partial(typer.Option, rich_help_panel="Page")
_FONT = "'Noto Sans TC', 'Noto Sans CJK TC', 'PingFang TC', 'Microsoft JhengHei', 'Noto Sans SC', sans-serif"
_MOST_MESSAGE_MB = 64


def app(
    host: Annotated[str, _server(help="Address to listen on; 0.0.0.0 for all of this machine's.")] = "127.0.0.1",
    port: Annotated[int, _server(min=1, max=65535, help="Port to listen on.")] = 8501,
    base_path: Annotated[str, _server(help="Path below which a reverse proxy serves the page.")] = "",
    public_host: Annotated[
        list[str] | None,
        _server(help="A host name under which browsers reach the server; others are refused. May be repeated."),
    ] = None,
    open_browser: Annotated[bool, _server("--open", help="Open the page in this machine's browser.")] = False,
    model: Annotated[
        list[str] | None,
        _page(help="Offer a model folder or hub name; the first is the default."),
    ] = None,
    any_model: Annotated[
        bool | None,
        _page(help="Let visitors type a model folder or hub name; the default where only this machine is listened to."),
    ] = None,
    state: Annotated[Path | None, _page(help="Folder of the visitors' quizzes.")] = None,
    keep_days: Annotated[int, _page(min=1, help="Remove quizzes not opened for so many days.")] = 60,
    at_once: Annotated[int, _page(min=1, help="Visitors served at the same time; the others wait.")] = 1,
    most_waiting: Annotated[int, _page(min=1, help="Longest queue; later visitors are told to retry.")] = 100,
    max_chars: Annotated[int, _page(min=100, help="Longest text.")] = 200_000,
    max_upload_mb: Annotated[int, _page(min=1, help="Largest file.")] = 20,
) -> None:
    """Serve the teacher's page: paste a text, choose answers, edit the questions, take the quiz home.

    No usage is recorded and nothing is loaded from a network.
    """
    from qgkd.page.settings import PageSettings, default_state_folder

    settings = PageSettings(
        state_folder=str(state.resolve()) if state else default_state_folder(),
        keep_days=keep_days,
        models=tuple(model or ()),
        any_model=_is_local(host) if any_model is None else any_model,
        at_once=at_once,
        most_waiting=most_waiting,
        max_chars=max_chars,
        max_upload_mb=max_upload_mb,
    )
    page = page_script()
    _check_port(host, port)
    _serve(
        page, settings, [*server_options(host, port, base_path, settings), *_allowed(public_host or [])], open_browser
    )


def page_script() -> Path:
    """The page's script: beside the package in a checkout, in the environment's `share` where installed.

    Raises:
        UserError: It is in neither place.
    """
    checkout = Path(__file__).resolve().parents[2] / "apps" / "page.py"
    installed = Path(sysconfig.get_path("data")) / "share" / "qgkd" / "apps" / "page.py"
    for path in (checkout, installed):
        if path.is_file():
            return path
    raise UserError(f"expected the page at {installed}, found nothing; install qgkd again, or run from a checkout")


def server_options(host: str, port: int, base_path: str, settings: PageSettings) -> list[str]:
    """Streamlit's options: no analytics, no developer's menu, no watching of files."""
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.baseUrlPath": base_path.strip("/"),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.maxUploadSize": str(settings.max_upload_mb),
        "server.maxMessageSize": str(max(_MOST_MESSAGE_MB, settings.max_upload_mb)),
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": host if host != "0.0.0.0" else "localhost",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        "theme.base": "light",
        "theme.font": _FONT,
        "theme.headingFont": _FONT,
        "theme.primaryColor": "#1d5fae",
        "logger.level": "warning",
    }
    return [f"--{name}={value}" for name, value in options.items()]


def _allowed(hosts: list[str]) -> list[str]:
    return [option for host in hosts for option in ("--server.allowedHosts", host)]


def _serve(page: Path, settings: PageSettings, options: list[str], open_browser: bool) -> None:
    try:
        from streamlit.web.cli import main
    except ImportError as error:
        raise UserError(
            f"the page: expected its packages, found {error.name} missing; {how_to_install('app')}"
        ) from error
    os.environ.update(settings.to_environment())
    values = dict(option.removeprefix("--").split("=", 1) for option in options if "=" in option)
    host = values["browser.serverAddress"]
    url = f"http://{host}:{values['server.port']}/{values['server.baseUrlPath']}"
    print(f"qgkd: the page is at {url} (Ctrl+C stops it)", flush=True)
    if open_browser:
        _open_soon(url)
    main(["run", str(page), *options], standalone_mode=False)


def _open_soon(url: str) -> None:
    """Open the browser once the server answers."""
    import threading
    import webbrowser

    timer = threading.Timer(2.0, webbrowser.open, [url])
    timer.daemon = True
    timer.start()


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_port(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on before the server is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UserError(
                f"{host}:{port} cannot be listened on: {error.strerror}; stop its program or choose another --port"
            ) from error
