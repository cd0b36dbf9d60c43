"""What the web application is started with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from locoreg.core.errors import DesignError

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
# Binds to every address of the machine, and is the name of none.
EVERYWHERE = ("0.0.0.0", "::")
MEGABYTE = 1_000_000
_FOLDER = re.compile(r"(/[A-Za-z0-9._~-]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much the application takes.

    Attributes
    ----------
    upload_bytes : int
        Largest upload.
    form_bytes : int
        Largest body of any other request.
    unpacked_bytes : int
        Largest content of an uploaded archive.
    jobs_waiting : int
        Jobs that may wait at once.
    jobs_per_hour : int
        Jobs that may be started within an hour.
    small_cells : int
        Counts of patients from 1 to this many are hidden.
    """

    upload_bytes: int = 50 * MEGABYTE
    form_bytes: int = MEGABYTE
    unpacked_bytes: int = 500 * MEGABYTE
    jobs_waiting: int = 10
    jobs_per_hour: int = 60
    small_cells: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the application finds its data, and who may reach it.

    Attributes
    ----------
    workspace : Path
        Folder that the application writes to: jobs, uploads, results of jobs.
    tables : tuple of str or Path
        Evidence tables: ``shipped`` and folders.
    runs : tuple of Path
        Folders that ``locoreg run`` wrote.
    registries : tuple of Path
        Registries, opened to read only.
    host : str
        Address that it is bound to.
    port : int
        Its port.
    hosts : tuple of str
        Further names under which it may be asked for, such as that of a reverse proxy.
    token : str
        Where it is bound beyond loopback: what every path begins with, ``/t/TOKEN``. Else empty.
    root_path : str
        Folder of a reverse proxy that it is reached under, such as ``/locoreg``. Else empty.
    limits : Limits
    """

    workspace: Path
    tables: tuple[str | Path, ...] = ("shipped",)
    runs: tuple[Path, ...] = ()
    registries: tuple[Path, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8321
    hosts: tuple[str, ...] = ()
    token: str = ""
    root_path: str = ""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.on_loopback and not self.token:
            raise DesignError(
                f"{self.host} is reachable from other machines: a token is needed.",
                hint="bind to 127.0.0.1, or give a token.",
            )
        if self.token and not (self.token.isalnum() and self.token.isascii()):
            raise DesignError("a token holds letters and digits only.", hint="choose another.")
        if self.host in EVERYWHERE and not self.hosts:
            raise DesignError(
                f"{self.host} is no name that a browser can ask for.",
                hint="name this machine as others reach it: --allow-host NAME.",
            )
        if self.root_path and not _FOLDER.fullmatch(self.root_path):
            raise DesignError(
                f"{self.root_path!r} is no folder of a proxy.",
                hint="give it with the first slash and without the last: /locoreg.",
            )

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOOPBACK

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Names that the header ``Host`` may hold, without the port."""
        bound = () if self.host in EVERYWHERE else (self.host.lower(),)
        return (*LOOPBACK, *bound, *(one.lower() for one in self.hosts))

    @property
    def prefix(self) -> str:
        """The part of every path that holds the token."""
        return f"/t/{self.token}" if self.token else ""
