"""Who may ask, how much, and what a browser may do with the answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException

from locoreg.web.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# No inline script, no inline style, nothing from elsewhere.
POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'; img-src 'self' data:"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
SAFE = ("GET", "HEAD", "OPTIONS")
UPLOADS = "/upload"
_TOKEN_IN_PATH = re.compile(r"/t/[A-Za-z0-9]+")


class TooLarge(HTTPException):
    """A body is larger than allowed; it is noticed while it is read."""


class Gate:
    """Checks of host, token, origin and size before any page; headers on every answer.

    Parameters
    ----------
    app : callable
        The application behind it.
    settings : Settings
        What is allowed.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(_with_headers(send), *refusal)
            return
        if self.settings.prefix:
            scope = {**scope, "root_path": scope.get("root_path", "") + self.settings.prefix}
        most = self._most(scope)
        if int(headers.get("content-length") or 0) > most:
            await _refuse(_with_headers(send), 413, _too_large(most))
            return
        await self.app(scope, _capped(receive, most), _with_headers(send))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = _host(headers.get("host", ""))
        if host not in self.settings.allowed_hosts:
            return 421, "This server is not known under that name."
        length = headers.get("content-length", "0")
        if not length.isdigit():
            return 400, "The length of the request is no number."
        prefix = self.settings.prefix
        if prefix and not (scope["path"] == prefix or scope["path"].startswith(prefix + "/")):
            return 403, "Open the address that was printed when the server was started."
        if scope["method"] not in SAFE and not _own_site(headers, host):
            return 403, "Requests that come from another site are refused."
        return None

    def _most(self, scope: Scope) -> int:
        path = str(scope["path"]).removeprefix(self.settings.prefix)
        limits = self.settings.limits
        return limits.upload_bytes if path.startswith(UPLOADS) else limits.form_bytes


def _host(given: str) -> str:
    if given.startswith("["):
        return given.partition("]")[0] + "]"
    return given.partition(":")[0].lower()


def _own_site(headers: dict[str, str], host: str) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or _host(urlsplit(origin).netloc) == host


def _capped(receive: Receive, most: int) -> Receive:
    seen = 0

    async def capped() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooLarge(413, _too_large(most))
        return message

    return capped


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", []))
            names = {name.lower() for name, _ in given}
            given += [one for one in HEADERS if one[0] not in names]
            if b"cache-control" not in names:
                given.append((b"cache-control", b"no-cache"))
            message = {**message, "headers": given}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = (reason + "\n").encode()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


def _too_large(most: int) -> str:
    return f"The request is larger than {most / 1e6:g} MB."


class NoQueries(logging.Filter):
    """Takes queries and tokens out of the log of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record of uvicorn's access log."""
        if isinstance(record.args, tuple) and len(record.args) >= 3:
            path = _TOKEN_IN_PATH.sub("/t/…", str(record.args[2]).partition("?")[0])
            record.args = (*record.args[:2], path, *record.args[3:])
        return True
