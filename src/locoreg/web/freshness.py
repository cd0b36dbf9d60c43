"""A permalink names the data that it was made of, so that a reader learns when they changed."""

from __future__ import annotations

from urllib.parse import unquote_plus

# Digits of a hash in a link.
DIGITS = 12
NAME = "data"


def take_data(query: bytes) -> tuple[bytes, str]:
    """Return a query without the hash of the data, and that hash.

    Pages refuse names that they don't know; this one is every page's, so it is taken out first.

    Parameters
    ----------
    query : bytes
        Of the request.

    Returns
    -------
    query : bytes
        Without ``data=...``.
    data : str
        The hash as given, empty where there is none.
    """
    given = ""
    rest: list[bytes] = []
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == NAME.encode():
            given = unquote_plus(value.decode("latin-1"))
        elif pair:
            rest.append(pair)
    return b"&".join(rest), given


def with_data(link: str, sha256: str) -> str:
    """Return a link that names the data.

    Parameters
    ----------
    link : str
        Path and query.
    sha256 : str
        Hash of the data.

    Returns
    -------
    str
        With ``data=`` and the first digits of the hash.
    """
    return f"{link}{'&' if '?' in link else '?'}{NAME}={sha256[:DIGITS]}"


def is_stale(given: str, sha256: str) -> bool:
    """Return whether a link was made of other data.

    Parameters
    ----------
    given : str
        Hash in the link, empty where it has none.
    sha256 : str
        Hash of the data now.
    """
    return bool(given) and (len(given) < DIGITS or not sha256.startswith(given.lower()))
