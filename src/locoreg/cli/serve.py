"""``locoreg serve``."""

from __future__ import annotations

import logging
import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from locoreg.cli.output import print_text
from locoreg.core.errors import DesignError


def serve(
    *,
    run: Annotated[list[Path] | None, Parameter(negative=())] = None,
    registry: Annotated[list[Path] | None, Parameter(negative=())] = None,
    tables: Annotated[list[str] | None, Parameter(negative=())] = None,
    workspace: Path = Path("locoreg-workspace"),
    host: str = "127.0.0.1",
    port: int = 8321,
    allow_host: Annotated[list[str] | None, Parameter(negative=())] = None,
) -> int:
    """Serve the web application on this machine.

    Parameters
    ----------
    run
        Folder that `locoreg run` wrote; may be given more than once.
    registry
        Registry to explore, opened to read only; may be given more than once.
    tables
        Evidence tables: `shipped` and folders; later ones add studies.
    workspace
        Folder for jobs, uploads and their results.
    host
        Address to bind to. Beyond loopback a token is made, and printed with the address.
    port
        Port.
    allow_host
        Further name under which the server may be asked for, such as that of a reverse proxy.
    """
    missing = [name for name in ("fastapi", "uvicorn", "multipart") if find_spec(name) is None]
    if missing:
        raise DesignError(
            "the web application needs packages that are not installed.",
            hint="pip install 'locoreg[web]'.",
        )
    import uvicorn

    from locoreg.web.app import create_app
    from locoreg.web.security import NoQueries
    from locoreg.web.settings import LOOPBACK, Settings

    token = "" if host in LOOPBACK else secrets.token_hex(16)
    settings = Settings(
        workspace=workspace,
        tables=tuple(tables or ("shipped",)),
        runs=tuple(run or ()),
        registries=tuple(registry or ()),
        host=host,
        port=port,
        hosts=tuple(allow_host or ()),
        token=token,
    )
    app = create_app(settings)
    logging.getLogger("uvicorn.access").addFilter(NoQueries())
    shown = f"[{host}]" if ":" in host else host
    print_text(f"http://{shown}:{port}{settings.prefix}/")
    print_text("Stop it with Ctrl-C. For research. Not a medical device.")
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)
    return 0
