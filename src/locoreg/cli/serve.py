"""``locoreg serve``."""

from __future__ import annotations

import logging
import secrets
import signal
import socket
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from locoreg.cli.output import print_text
from locoreg.core.errors import DataError, DesignError
from locoreg.workflows.registry.storing import overview
from locoreg.workflows.stored import find_runs

if TYPE_CHECKING:
    from locoreg.web.settings import Settings
    from locoreg.web.state import State

# How long open answers may go on after Ctrl-C.
PATIENCE_SECONDS = 3
BACKLOG = 2048


def serve(
    *,
    run: Annotated[list[Path] | None, Parameter(negative=())] = None,
    registry: Annotated[list[Path] | None, Parameter(negative=())] = None,
    tables: Annotated[list[str] | None, Parameter(negative=())] = None,
    workspace: Path = Path("locoreg-workspace"),
    host: str = "127.0.0.1",
    port: int = 8321,
    allow_host: Annotated[list[str] | None, Parameter(negative=())] = None,
    root_path: str = "",
    access_log: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Serve the web application on this machine.

    Parameters
    ----------
    run
        Folder that `locoreg run` wrote, or a folder of such; may be given more than once.
    registry
        Registry to explore, opened to read only; may be given more than once.
    tables
        Evidence tables: `shipped` and folders; later ones add studies.
    workspace
        Folder for jobs, uploads and their results. Only its owner may read a new one.
    host
        Address to bind to. Beyond loopback a token is made, and printed with the address.
    port
        Port; 0 takes a free one.
    allow_host
        Further name under which the server may be asked for, such as that of a reverse proxy.
    root_path
        Folder of a reverse proxy that the pages are under, such as /locoreg.
    access_log
        Print each request on stdout, without its query and without a token.
    """
    _need_packages()
    from locoreg.web.settings import LOOPBACK, Settings

    folders, registries = tuple(run or ()), tuple(registry or ())
    _look(folders, registries)
    _writable(workspace)
    with _bound(host, port) as bound:
        settings = Settings(
            workspace=workspace,
            tables=tuple(tables or ("shipped",)),
            runs=folders,
            registries=registries,
            host=host,
            port=bound.getsockname()[1],
            hosts=tuple(allow_host or ()),
            token="" if host in LOOPBACK else secrets.token_hex(16),
            root_path=root_path,
        )
        _serve(settings, bound, access_log=access_log)
    return 0


def _serve(settings: Settings, bound: socket.socket, *, access_log: bool) -> None:
    import uvicorn

    from locoreg.web.app import create_app
    from locoreg.web.jobs.manager import start_worker
    from locoreg.web.security import NoQueries

    app = create_app(settings)
    # Damaged tables are named now, and not on the first page.
    sha256 = app.state.locoreg.catalog.sha256
    config = uvicorn.Config(
        app,
        log_level="info" if access_log else "warning",
        access_log=access_log,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE_SECONDS,
    )
    logging.getLogger("uvicorn.access").addFilter(NoQueries())
    signal.signal(signal.SIGTERM, _interrupted)
    worker = start_worker(settings)
    try:
        print_text(f"Serving {_address(settings)} (evidence tables {sha256[:12]}).")
        print_text("Stop it with Ctrl-C. Research use. Not a medical device.")
        # Whoever reads the address through a pipe waits for it.
        sys.stdout.flush()
        threading.Thread(target=_audit, args=(app.state.locoreg,), daemon=True).start()
        uvicorn.Server(config).run(sockets=[bound])
    except KeyboardInterrupt:
        # How a server is stopped; uvicorn has closed its connections by now.
        pass
    finally:
        worker.stop()


def _audit(state: State) -> None:
    """Audit the tables before the first page asks for it."""
    _ = state.evidence


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _need_packages() -> None:
    needed = ("fastapi", "uvicorn", "python_multipart")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise DesignError(
            f"the web application needs packages that are not installed: {', '.join(missing)}.",
            hint="pip install 'locoreg[web]'.",
        )


def _look(runs: tuple[Path, ...], registries: tuple[Path, ...]) -> None:
    """Name what was given and is none, before anything is started."""
    for folder in runs:
        if not find_runs((folder,)):
            raise DataError(
                f"--run {folder} holds no finished run.", hint="make one: locoreg run STUDY.yaml."
            )
    for folder in registries:
        overview(folder)


def _writable(workspace: Path) -> None:
    try:
        # It may come to hold patients' data.
        workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=workspace):
            pass
    except OSError as error:
        raise DesignError(
            f"the workspace {workspace} can't be written: {error.strerror}.",
            hint="name a folder of yours: --workspace FOLDER.",
        ) from error


def _bound(host: str, port: int) -> socket.socket:
    """Bind before anything is printed, so that a port in use is one clear error."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        # Two sockets may be bound to one port until one of them listens.
        bound.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or error
        raise DesignError(
            f"{host}, port {port}, can't be bound to: {reason}.",
            hint="another server may run there; choose another port: --port 0 takes a free one.",
        ) from error
    return bound


def _address(settings: Settings) -> str:
    shown = settings.host
    if settings.hosts and not settings.on_loopback:
        shown = settings.hosts[0]
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{settings.port}{settings.root_path}{settings.prefix}/"
