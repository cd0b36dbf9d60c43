"""Addresses of servers: taken apart, and shown without their password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode

from locoreg.core.errors import DesignError

SCHEMES = ("postgresql", "postgres")
HIDDEN = "***"
# libpq would wait for minutes.
CONNECT_SECONDS = "10"
# PostgreSQL cuts longer names without a word.
LONGEST_NAME = 63


def is_server(target: str) -> bool:
    """Whether an address is one of PostgreSQL."""
    return target.partition("://")[0].lower() in SCHEMES and "://" in target


def scheme_of(target: str) -> tuple[str | None, str]:
    """Return the scheme of an address and the rest; None for a plain path.

    A single letter is no scheme: it is a drive.
    """
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):(?://)?(.*)$", target, re.DOTALL)
    return (match[1].lower(), match[2]) if match else (None, target)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """Address of a database.

    Attributes
    ----------
    uri : str
        What libpq understands, the password included; not part of the representation.
    shown : str
        The same without password, for messages and reports.
    schema : str or None
        Schema that the address names in ``?schema=``.
    secrets : tuple of str
        Spellings of the password, to be taken out of messages.
    """

    uri: str = field(repr=False)
    shown: str
    schema: str | None
    secrets: tuple[str, ...] = field(repr=False, default=())

    @classmethod
    def parse(cls, target: str) -> ServerAddress:
        """Take an address apart.

        Parameters
        ----------
        target : str
            ``postgresql://user:password@host:port/database?schema=NAME&sslmode=require``; all
            parts but the scheme may be missing. Other parameters are libpq's.

        Returns
        -------
        ServerAddress
            The address.

        Raises
        ------
        DesignError
            If it is no such address.
        """
        if not is_server(target):
            raise DesignError(
                "this is no address of a PostgreSQL server.",
                hint="write postgresql://user@host/database?schema=NAME.",
            )
        body, _, query = target.partition("://")[2].partition("?")
        authority, slash, database = body.partition("/")
        # A password that is not encoded would be taken for something else, and shown.
        if "@" in database or ("@" not in authority and ":" in authority and "@" in query):
            raise DesignError(
                "the password in the address holds characters that must be encoded.",
                hint="write / as %2F, ? as %3F, @ as %40, or put it into PGPASSWORD.",
            )
        login, at, host = authority.rpartition("@")
        user, colon, password = login.partition(":")
        parameters = parse_qsl(query, keep_blank_values=True)
        named = [value for key, value in parameters if key == "schema"]
        if len(named) > 1:
            raise DesignError("the address names more than one schema.")
        kept = [(key, value) for key, value in parameters if key != "schema"]
        words = [password, *(value for key, value in kept if key in _SECRET)]
        hidden = user + (f":{HIDDEN}" if colon else "") + at + host + slash + database
        shown = [(key, HIDDEN if key in _SECRET else value) for key, value in kept]
        if all(key != "connect_timeout" for key, _ in kept):
            kept.append(("connect_timeout", CONNECT_SECONDS))
        return cls(
            # Spaces as %20: libpq knows no plus sign.
            uri=f"postgresql://{body}?{urlencode(kept, quote_via=quote)}",
            shown=f"postgresql://{hidden}"
            + (f"?{urlencode(shown, quote_via=quote, safe='*')}" if shown else ""),
            schema=named[0] if named else None,
            secrets=tuple(sorted(_spellings(words), key=len, reverse=True)),
        )

    def clean(self, text: str) -> str:
        """Return a message of the server or driver without the password."""
        text = text.replace(self.uri, self.shown)
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


_SECRET = ("password", "sslpassword")


def _spellings(words: list[str]) -> set[str]:
    # As in the address, decoded, and encoded as the address is rewritten.
    return {
        spelling
        for word in words
        if word
        for spelling in (word, unquote(word), quote(unquote(word), safe=""))
    }


def checked_schema(name: str) -> str:
    """Return a schema's name if it can be used.

    Parameters
    ----------
    name : str
        As the user gave it.

    Returns
    -------
    str
        The same.

    Raises
    ------
    DesignError
        If it is empty, too long, PostgreSQL's own, or holds a zero character.
    """
    lowered = name.lower()
    if not name.strip() or "\0" in name or len(name.encode()) > LONGEST_NAME:
        raise DesignError(
            f"{name!r} can't be the name of a schema.", hint=f"use 1 to {LONGEST_NAME} bytes."
        )
    if lowered.startswith("pg_") or lowered in ("public", "information_schema"):
        raise DesignError(
            f"schema {name} is not for registries.", hint="give the registry a schema of its own."
        )
    return name


def quoted(name: str) -> str:
    """Return a name as an SQL identifier of PostgreSQL."""
    return '"' + name.replace('"', '""') + '"'
