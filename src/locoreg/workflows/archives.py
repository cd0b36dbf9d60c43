"""ZIP archives from users: only expected files, only as much as allowed, nothing outside."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from locoreg.core.errors import DataError

MOST_FILES = 1_000
LONGEST_NAME = 200
# DEFLATE packs at most about 1,030 to 1; tables of numbers reach some 30 to 1.
MOST_RATIO = 200
# Small files may be packed better: their size can do no harm.
RATIO_FROM_BYTES = 1_000_000
# The list of a thousand files has some 100 kB.
MOST_LIST_BYTES = 1_000_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PIECE = 1 << 18
_END, _END_SIZE, _END64, _END64_SIZE = b"PK\x05\x06", 22, b"PK\x06\x07", 20
_LONGEST_COMMENT = 65_535
_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, struct.error, ValueError,
    OverflowError, KeyError, IndexError,
)  # fmt: skip
# What programs add by themselves; it is never read.
_ADDED = re.compile(r"^__MACOSX/|(^|/)(\.DS_Store|Thumbs\.db|desktop\.ini)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file of an archive.

    Attributes
    ----------
    name : str
        Its path, without the folder that all files share.
    info : zipfile.ZipInfo
        As the archive describes it.
    """

    name: str
    info: zipfile.ZipInfo


class Archive:
    """An archive that was found harmless.

    Parameters
    ----------
    stream : binary file
        The archive.
    most_bytes : int
        Largest content.

    Raises
    ------
    DataError
        If it is no ZIP archive, damaged, encrypted, too large or too densely packed, or names a
        file outside itself, a link, or a file twice.
    """

    def __init__(self, stream: IO[bytes], most_bytes: int) -> None:
        self._most = most_bytes
        _check_list(stream)
        try:
            self._zip = zipfile.ZipFile(stream)
            infos = self._zip.infolist()
        except _DAMAGED as error:
            raise DataError("the file is no ZIP archive, or a damaged one.") from error
        self.entries = _entries(infos, most_bytes)

    def unpack(self, folder: Path, expected: Callable[[str], bool]) -> tuple[str, ...]:
        """Write the files of the archive into a folder.

        Parameters
        ----------
        folder : Path
            New and empty.
        expected : callable
            Whether a name is one that belongs here.

        Returns
        -------
        tuple of str
            Names of the files.

        Raises
        ------
        DataError
            If a file is not expected, or damaged; the folder then holds a part of them.
        """
        for entry in self.entries:
            if not expected(entry.name):
                raise DataError(
                    f"the archive holds {_short(entry.name)!r}, which is not one of the files "
                    "expected."
                )
        left = self._most
        for entry in self.entries:
            path = folder / entry.name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            left -= self._write(entry, path, left)
        return tuple(entry.name for entry in self.entries)

    def _write(self, entry: Entry, path: Path, most: int) -> int:
        written = 0
        try:
            with self._zip.open(entry.info) as source, path.open("xb") as target:
                path.chmod(0o600)
                while piece := source.read(_PIECE):
                    written += len(piece)
                    if written > most:
                        raise DataError(_too_large(self._most))
                    target.write(piece)
        except _DAMAGED as error:
            raise DataError(f"{_short(entry.name)} is damaged in the archive.") from error
        return written


def _check_list(stream: IO[bytes]) -> None:
    """Refuse an archive whose list of files is long, before it is read into memory."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT - _END64_SIZE))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise DataError("the file is no ZIP archive, or a damaged one.")
    if at >= _END64_SIZE and tail[at - _END64_SIZE :].startswith(_END64):
        raise DataError(
            "the archive is in the format for very large ones (ZIP64).",
            hint="pack it with another program, or fewer files.",
        )
    (listed,) = struct.unpack_from("<L", tail, at + 12)
    if listed > MOST_LIST_BYTES:
        raise DataError(f"the archive holds more than {MOST_FILES:,} files.")


def _entries(infos: list[zipfile.ZipInfo], most_bytes: int) -> tuple[Entry, ...]:
    if len(infos) > MOST_FILES:
        raise DataError(f"the archive holds more than {MOST_FILES:,} files.")
    for info in infos:
        _check(info)
    files = [one for one in infos if not one.is_dir() and not _ADDED.search(one.filename)]
    if not files:
        raise DataError("the archive is empty.")
    if sum(info.file_size for info in files) > most_bytes:
        raise DataError(_too_large(most_bytes))
    names = list(_without_folder([info.filename for info in files]))
    folded = [name.casefold() for name in names]
    for name, fold in zip(names, folded, strict=True):
        if folded.count(fold) > 1:
            raise DataError(f"the archive holds {_short(name)!r} twice.")
    return tuple(Entry(name=name, info=info) for name, info in zip(names, files, strict=True))


def _check(info: zipfile.ZipInfo) -> None:
    # The name as it is stored: zipfile cuts it at a NUL, and turns backslashes on Windows.
    name = info.orig_filename
    shown = _short(name)
    if len(name) > LONGEST_NAME or _CONTROL.search(name) or not info.filename:
        raise DataError("the archive holds a file with an impossible name.")
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in parts or "\\" in name:
        raise DataError(f"the archive names a file outside itself: {shown!r}.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DataError(f"the archive holds a link or a device: {shown!r}.")
    if info.flag_bits & 0x1:
        raise DataError("the archive is encrypted.", hint="pack it without a password.")
    if info.compress_type not in _METHODS:
        raise DataError(
            f"{shown} is packed by an unusual method.", hint="pack it as a plain ZIP archive."
        )
    dense = info.file_size > MOST_RATIO * max(1, info.compress_size)
    if info.file_size > RATIO_FROM_BYTES and dense:
        raise DataError(f"{shown} is packed so densely that it is not unpacked.")


def _without_folder(names: list[str]) -> Iterator[str]:
    """Yield names without the one folder in which all files stand, as programs pack a folder."""
    firsts = {name.partition("/")[0] for name in names}
    inside = all("/" in name for name in names)
    for name in names:
        yield name.partition("/")[2] if inside and len(firsts) == 1 else name


def _short(name: str) -> str:
    return name if len(name) <= 60 else name[:59] + "…"


def _too_large(most: int) -> str:
    return f"the content of the archive is larger than {most / 1e6:g} MB."
