"""Files of FHIR JSON: bundles, single resources, and newline-delimited resources."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from typing import Any, Protocol

from locoreg.core.errors import DataError
from locoreg.registry.intake.openfiles import InputFile
from locoreg.registry.mcode.jsontext import BadJsonError, decode, encode
from locoreg.registry.mcode.largedocuments import read_large

LINE_BYTES = 16 << 20
# What is larger is read entry by entry.
DOCUMENT_BYTES = 32 << 20
MOST_NESTED = 3
LINES = (".ndjson", ".jsonl")
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_SPACE = b" \t\r\n"


class Taker(Protocol):
    """What resources are handed to."""

    def resource(self, value: Any, raw: bytes, full_url: str, row: int) -> None:
        """Take a resource: decoded and as text."""

    def unreadable(self, reason: str, row: int) -> None:
        """Take note of a line or entry that is no resource."""

    def unused(self, reason: str) -> None:
        """Take note of an entry that holds no resource to be read."""

    def page(self, address: str, following: str, row: int) -> None:
        """Take note of the address of a bundle and of its next page; empty where none is named."""

    def deleted(self, url: str) -> None:
        """Take note of a resource that an entry deletes."""


def read_documents(file: InputFile, taker: Taker) -> None:
    """Hand all resources of a file to a taker.

    Parameters
    ----------
    file : InputFile
        The file. Its row numbers are lines (one resource per line) or entries of the bundle.
    taker : Taker
        Where the resources go.

    Raises
    ------
    DataError
        If the file as a whole is no FHIR JSON.
    """
    start = file.stream.peek(4)[:4]
    if start.startswith(_WIDE):
        raise DataError(f"{file.name} is UTF-16.", hint="save it as UTF-8.")
    if start.startswith(_BOM):
        file.stream.read(len(_BOM))
    if file.base.lower().endswith(LINES):
        _lines(_numbered(file.stream, LINE_BYTES), file.name, taker)
        return
    _document_or_lines(file, taker)


def _document_or_lines(file: InputFile, taker: Taker) -> None:
    number = 0
    text = b""
    while not text:
        line = file.stream.readline(DOCUMENT_BYTES)
        if not line:
            return
        number += 1
        text = line.strip(_SPACE)
    if len(line) >= DOCUMENT_BYTES and not line.endswith(b"\n"):
        _large(line, file, taker)
        return
    try:
        value = decode(text)
    except BadJsonError:
        _whole(number, text, file, taker)
        return
    lines = _numbered(file.stream, LINE_BYTES, number)
    second = next(lines, None)
    if second is None:
        _document(value, text, taker, file.name)
    else:
        _lines(_again([(number, text), second], lines), file.name, taker)


def _whole(number: int, text: bytes, file: InputFile, taker: Taker) -> None:
    """Read a file whose first line is no JSON by itself."""
    rest = file.stream.read(max(DOCUMENT_BYTES - len(text), 1))
    whole = text + b"\n" + rest
    if len(whole) > DOCUMENT_BYTES:
        _large(whole, file, taker)
        return
    try:
        value = decode(whole)
    except BadJsonError as error:
        if not any(_is_json(line) for line in rest.splitlines()[:5]):
            raise _no_json(file.name, error) from None
    else:
        _document(value, whole, taker, file.name)
        return
    numbered = enumerate(whole.split(b"\n"), start=number)
    _lines(((n, line) for n, line in numbered if line.strip(_SPACE)), file.name, taker)


def _large(head: bytes, file: InputFile, taker: Taker) -> None:
    """Read a bundle or list that is too large to be held at once."""

    def take(value: Any, number: int) -> None:
        # In a list the elements are the resources themselves.
        if bare:
            _take(value, None, "", number, taker, 0)
        else:
            _entry(value, number, taker, 0)

    bare = head.lstrip(_SPACE).startswith(b"[")
    try:
        rest = read_large(head, file.stream, take)
    except BadJsonError as error:
        raise _no_json(file.name, error) from None
    if rest is None:
        return
    if rest.get("resourceType") != "Bundle":
        raise DataError(
            f"{file.name} is larger than {DOCUMENT_BYTES >> 20} MB and no bundle.",
            hint="export one resource per line (NDJSON), which is read piece by piece.",
        )
    _bundle(rest, 1, taker, 0)


def _no_json(name: str, error: BadJsonError) -> DataError:
    return DataError(
        f"{name} is no FHIR JSON: {error}.",
        hint="give bundles or resources as JSON, or one resource per line.",
    )


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(decode(line), dict)
    except BadJsonError:
        return False


def _numbered(
    stream: BufferedReader, limit: int, number: int = 0
) -> Iterator[tuple[int, bytes | None]]:
    """Yield number and text of the lines that aren't blank; None where one is too long."""
    while line := stream.readline(limit):
        number += 1
        if len(line) >= limit and not line.endswith(b"\n"):
            while (more := stream.readline(limit)) and not more.endswith(b"\n"):
                pass
            yield number, None
        elif stripped := line.strip(_SPACE):
            yield number, stripped


def _again(
    given: list[tuple[int, bytes | None]], lines: Iterator[tuple[int, bytes | None]]
) -> Iterator[tuple[int, bytes | None]]:
    yield from given
    yield from lines


def _lines(lines: Iterator[tuple[int, bytes | None]], name: str, taker: Taker) -> None:
    good = bad = 0
    for number, line in lines:
        if line is None:
            taker.unreadable(f"the line is longer than {LINE_BYTES >> 20} MB", number)
            bad += 1
            continue
        try:
            value = decode(line)
        except BadJsonError as error:
            taker.unreadable(str(error), number)
            bad += 1
            continue
        good += 1
        _take(value, line, "", number, taker, 0)
    if bad and not good:
        raise DataError(
            f"no line of {name} is JSON.", hint="give one resource per line, or a bundle (.json)."
        )


def _document(value: Any, text: bytes, taker: Taker, name: str) -> None:
    if isinstance(value, list):
        for row, part in enumerate(value, start=1):
            _take(part, None, "", row, taker, 0)
        return
    if not isinstance(value, dict) or "resourceType" not in value:
        raise DataError(
            f"{name} holds JSON, but no FHIR resource.",
            hint="give bundles or resources: objects with a resourceType.",
        )
    _take(value, text, "", 1, taker, 0)


def _take(value: Any, raw: bytes | None, full_url: str, row: int, taker: Taker, depth: int) -> None:
    """Hand on a resource, or those of a bundle; ``raw`` is its text if there is one."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        if depth >= MOST_NESTED:
            taker.unreadable("a bundle in a bundle in a bundle", row)
            return
        _bundle(value, row, taker, depth)
        return
    try:
        text = encode(value) if raw is None else raw
    except BadJsonError as error:
        taker.unreadable(str(error), row)
        return
    taker.resource(value, text, full_url, row)


def _bundle(bundle: dict[str, Any], row: int, taker: Taker, depth: int) -> None:
    address, following = (_link(bundle.get("link"), name) for name in ("self", "next"))
    if address or following:
        taker.page(address, following, row)
    entries = bundle.get("entry")
    if entries is not None and not isinstance(entries, list):
        taker.unreadable("the entries of the bundle are no list", row)
        return
    for number, entry in enumerate(entries or [], start=1):
        _entry(entry, number if depth == 0 and row == 1 else row, taker, depth)


def _link(links: Any, name: str) -> str:
    """Return the address of a kind of link of a bundle, empty if there is none."""
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == name:
            url = link.get("url")
            return url if isinstance(url, str) and url else "?"
    return ""


def _entry(entry: Any, row: int, taker: Taker, depth: int) -> None:
    if not isinstance(entry, dict):
        taker.unreadable("a bundle's entry is no object", row)
        return
    request = entry.get("request")
    if isinstance(request, dict) and request.get("method") == "DELETE":
        taker.deleted(str(request.get("url")))
        taker.unused("a bundle's entry that deletes a resource")
        return
    resource = entry.get("resource")
    if resource is None:
        taker.unused("a bundle's entry without a resource")
        return
    url = entry.get("fullUrl")
    _take(resource, None, url if isinstance(url, str) else "", row, taker, depth + 1)
