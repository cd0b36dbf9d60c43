"""Bodies of requests: bounded in size and in the time that they take to come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
from starlette.exceptions import HTTPException

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A client that sends nothing for so long while its body is incomplete is not waited for.
SILENCE_SECONDS = 30.0


class BodyRefusedError(HTTPException):
    """A body is larger or slower than allowed; it is noticed while it is read."""


def capped(receive: Receive, most: int, silence: float = SILENCE_SECONDS) -> Receive:
    """Return a reader that gives up on bodies that are too large or never end.

    Parameters
    ----------
    receive : callable
        Reads the next part.
    most : int
        Bytes allowed.
    silence : float
        Seconds without a part after which the rest is not waited for.

    Returns
    -------
    callable
        The same, raising `BodyRefusedError`.
    """
    seen = 0
    complete = False

    async def reading() -> Message:
        nonlocal seen, complete
        if complete:
            # What comes after the body is that the client went away; that may take long.
            return await receive()
        try:
            with anyio.fail_after(silence):
                message = await receive()
        except TimeoutError as error:
            text = f"Nothing came for {silence:g} seconds, and the request was not complete."
            raise BodyRefusedError(408, text) from error
        seen += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if seen > most:
            raise BodyRefusedError(413, too_large(most))
        return message

    return reading


def too_large(most: int) -> str:
    """Return what a user reads about a body that is larger than allowed."""
    return f"The request is larger than {most / 1e6:g} MB."


def headless(send: Send) -> Send:
    """Return a sender that leaves the body out: the answer to HEAD."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending
