"""Who may ask, how much, and what a browser may do with the answer."""

from __future__ import annotations

import hmac
import json
import logging
import re
from urllib.parse import unquote_to_bytes, urlsplit

from locoreg.web.bodies import App, Message, Receive, Scope, Send, capped, headless, too_large
from locoreg.web.freshness import take_data
from locoreg.web.settings import Settings

LOG = logging.getLogger("locoreg.web")
# No inline script, no inline style, nothing from elsewhere.
POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'; img-src 'self' data:"
)
# For a report, which holds its own style and script: it may ask nobody, and `sandbox` makes it
# another origin, so that nothing in it can act on the application.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "sandbox allow-scripts allow-downloads allow-popups"
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
# A longer query is no view of a page.
LONGEST_QUERY = 8_000
_TOKEN_IN_PATH = re.compile(r"/t/[A-Za-z0-9]+")


class Gate:
    """Checks of host, token, origin and size before any page; headers on every answer.

    It stands outside everything, the page of an unforeseen error included.

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
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = self._placed(scope)
        send = _with_headers(headless(send) if scope["method"] == "HEAD" else send)
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        most = self._most(scope)
        refusal = self._refusal(scope, headers) or _length(headers, most)
        if refusal is not None:
            await _refuse(scope, send, *refusal)
            return
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._passed(scope, capped(receive, most), send)

    async def _passed(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noticing(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noticing)
        except Exception as error:
            # It is in the log already (web/errors.py), without what a patient's form held; the
            # server would print it whole.
            if not started:
                LOG.error("no page could be made of an error: %s", type(error).__name__)
                await _refuse(scope, send, 500, "The fault is in the program.")

    def _placed(self, scope: Scope) -> Scope:
        """Return the scope with what every path begins with, and without the hash of data."""
        above = self.settings.root_path
        path = str(scope["path"])
        # A proxy may pass its folder on, or take it off.
        if above and not _under(path, above):
            path = above + path
        place: Scope = {**scope, "path": path, "root_path": above + self.settings.prefix}
        if not path.startswith(place["root_path"] + "/api/"):
            place["query_string"], place["locoreg.data"] = take_data(scope["query_string"])
        return place

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        names = [name.lower() for name, _ in scope["headers"]]
        if names.count(b"host") > 1 or names.count(b"content-length") > 1:
            return 400, "A header is there twice."
        if _host(headers.get("host", "")) not in self.settings.allowed_hosts:
            return 421, "This server is not known under that name: see locoreg serve --allow-host."
        if not self._has_token(str(scope["path"])):
            return 403, "Open the address that was printed when the server was started."
        if scope["method"] not in SAFE and not _own_site(headers):
            return 403, "Requests that come from another site are refused."
        if len(scope["query_string"]) > LONGEST_QUERY:
            return 414, "The address is too long."
        if "\0" in scope["path"] or b"\0" in unquote_to_bytes(scope["query_string"]):
            return 400, "The address holds a character that no name has."
        return None

    def _has_token(self, path: str) -> bool:
        prefix = self.settings.prefix
        rest = path.removeprefix(self.settings.root_path)
        given = "/".join(rest.split("/")[:3]) if prefix else ""
        return hmac.compare_digest(given.encode(), prefix.encode())

    def _most(self, scope: Scope) -> int:
        path = str(scope["path"]).removeprefix(scope["root_path"])
        limits = self.settings.limits
        return limits.upload_bytes if _under(path, UPLOADS) else limits.form_bytes


def _under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _length(headers: dict[str, str], most: int) -> tuple[int, str] | None:
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        return 400, "The length of the request is no number."
    # More digits than any size has: not made a number of.
    if len(length) > 18 or int(length) > most:
        return 413, too_large(most)
    return None


def _host(given: str) -> str:
    if given.startswith("["):
        return given.partition("]")[0].lower() + "]"
    return given.partition(":")[0].lower()


def _own_site(headers: dict[str, str]) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    # Browsers leave that header out without TLS; every one of them names the origin of a form.
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", []))
            names = {name.lower() for name, _ in given}
            given += [one for one in HEADERS if one[0] not in names]
            if b"cache-control" not in names:
                # Kept, and asked for again each time: an answer with an ETag is not sent twice.
                kept = b"no-cache" if message["status"] < 400 else b"no-store"
                given.append((b"cache-control", kept))
            message = {**message, "headers": given}
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send, status: int, reason: str) -> None:
    """Answer before any page: the reason as text, or as JSON under /api."""
    kind, text = "text/plain", reason
    if str(scope["path"]).startswith(scope["root_path"] + "/api/"):
        fault = {"field": None, "message": reason}
        kind, text = (
            "application/json",
            json.dumps({"error": {"status": status, "faults": [fault]}}),
        )
    body = (text + "\n").encode()
    headers = [
        (b"content-type", f"{kind}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        # The rest of a refused body is not read.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class NoQueries(logging.Filter):
    """Takes queries and tokens out of the log of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record of uvicorn's access log."""
        if isinstance(record.args, tuple) and len(record.args) >= 3:
            path = _TOKEN_IN_PATH.sub("/t/…", str(record.args[2]).partition("?")[0])
            record.args = (*record.args[:2], path, *record.args[3:])
        return True
