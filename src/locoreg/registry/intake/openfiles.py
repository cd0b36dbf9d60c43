"""Input files: plain, in folders, compressed, in archives; nothing is extracted to disk."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from locoreg.core.errors import DataError
from locoreg.registry.intake.metered import Allowance, Metered

# An archive with more members than this is no export of a hospital.
MOST_MEMBERS = 10_000
BUFFER_BYTES = 1 << 20
# How files of other kinds begin.
STRANGE = {
    b"\xd0\xcf\x11\xe0": ("an Excel or Word file", "export it as CSV."),
    b"BZh": ("compressed with bzip2", "decompress it, or use .gz or .zip."),
    b"\xfd7zXZ\x00": ("compressed with xz", "decompress it, or use .gz or .zip."),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "use .zip instead."),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "decompress it, or use .gz or .zip."),
    b"PAR1": ("a Parquet file", "export it as CSV."),
    b"%PDF-": ("a PDF file", "ask for the data as CSV."),
}
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
NESTED = (".zip", ".gz", ".tar", ".tgz", ".bz2", ".xz", ".7z")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """One file to read, open.

    Attributes
    ----------
    name : str
        Name for provenance, the same on every machine: the base name, the path below the folder
        that was given, or ``archive.zip/member``.
    base : str
        Base name without ``.gz``, which patterns are matched against.
    stream : BinaryIO
        The contents, decompressed, from the start; it can be peeked into but not rewound. It
        raises DataError when the file turns out to be damaged, and is closed when the next file
        is asked for.
    """

    name: str
    base: str
    stream: io.BufferedReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A regular file on disk and its name for provenance."""

    path: Path
    name: str


def open_inputs(
    locations: Sequence[str], *, suffixes: tuple[str, ...] | None = None
) -> Generator[InputFile, None, None]:
    """Open files one after the other: plain, ``.gz``, members of ``.zip``, those of folders.

    Parameters
    ----------
    locations : sequence of str
        Files and folders. Folders are walked in the order of the names; hidden files are left out.
    suffixes : tuple of str, optional
        Only files with these endings (``.gz`` not counted), in lower case; all if not given.

    Yields
    ------
    InputFile
        An open file; it is closed when the next one is asked for.

    Raises
    ------
    DataError
        If a file is missing, unreadable, damaged, of another kind, encrypted, or grows beyond
        reason while it is decompressed; if an archive holds names that lead out of it; if two
        files have the same name.
    """
    taken: set[str] = set()
    allowance = Allowance()
    for place in places(locations):
        for file in _open_place(place, allowance, suffixes):
            if file.name in taken:
                raise DataError(
                    f"two input files are both called {file.name}.",
                    hint="give the folder that holds both.",
                )
            taken.add(file.name)
            yield file


def fingerprint_of(locations: Sequence[str], *extra: bytes) -> str:
    """Return a SHA-256 over the names and contents of files, whatever order they are given in.

    Parameters
    ----------
    locations : sequence of str
        Files and folders; compressed files and archives are hashed as they are.
    *extra : bytes
        More that the import depends on, such as the column map.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    DataError
        If a file is missing or can't be read.
    """
    total = hashlib.sha256()
    for place in sorted(places(locations), key=lambda p: (p.name, str(p.path))):
        with _reading(place.path), place.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
        name = os.fsencode(place.name)
        total.update(len(name).to_bytes(8, "big") + name + digest)
    for more in extra:
        total.update(len(more).to_bytes(8, "big") + more)
    return total.hexdigest()


def places(locations: Sequence[str]) -> list[Place]:
    """Return the regular files at locations, those of folders in the order of their names.

    Parameters
    ----------
    locations : sequence of str
        Files and folders.

    Returns
    -------
    list of Place
        Paths and names for provenance.

    Raises
    ------
    DataError
        If a location is missing, or is neither file nor folder.
    """
    found: list[Place] = []
    for location in locations:
        path = _existing(location)
        if path.is_dir():
            inside = [
                Place(path=file, name=file.relative_to(path).as_posix()) for file in _walk(path)
            ]
            if not inside:
                raise DataError(f"the folder {location} holds no files.")
            found += inside
        else:
            found.append(Place(path=path, name=path.name))
    return found


def _existing(location: str) -> Path:
    path = Path(location)
    if "\0" in location or not location.strip():
        raise DataError(f"{location!r} is no file name.")
    with _reading(path):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            raise DataError(f"there is no file {location}.") from None
        except OSError as error:
            raise DataError(f"{location} can't be read: {error.strerror}.") from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(f"{location} is neither a file nor a folder.")
    return path


def _walk(folder: Path) -> Iterator[Path]:
    with _reading(folder):
        entries = sorted(folder.iterdir(), key=lambda p: p.name)
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
        elif entry.is_file():
            yield entry


def _open_place(
    place: Place, allowance: Allowance, suffixes: tuple[str, ...] | None
) -> Iterator[InputFile]:
    lower = place.name.lower()
    if lower.endswith(WORKBOOKS):
        raise _workbook(place.name)
    if lower.endswith(".zip"):
        yield from _open_members(place, allowance, suffixes)
        return
    base = PurePosixPath(place.name).name
    base = base[:-3] if lower.endswith(".gz") else base
    if suffixes is not None and not base.lower().endswith(suffixes):
        return
    with _reading(place.path):
        raw = place.path.open("rb")
    with raw:
        if lower.endswith(".gz"):
            size = os.fstat(raw.fileno()).st_size
            unpacked: BinaryIO = gzip.GzipFile(fileobj=raw, mode="rb")  # type: ignore[assignment]
            yield _as_input(place.name, base, unpacked, allowance.of(place.name, size))
        else:
            yield _as_input(place.name, base, raw, None)


def _open_members(
    place: Place, allowance: Allowance, suffixes: tuple[str, ...] | None
) -> Iterator[InputFile]:
    with _damage(place.name), _reading(place.path):
        archive = zipfile.ZipFile(place.path)
    with archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise DataError(
                f"{place.name} holds {len(members):,} files; at most {MOST_MEMBERS:,} are read."
            )
        for member in members:
            _check_member(place.name, member)
        share = allowance.of(place.name, place.path.stat().st_size)
        for member in sorted(members, key=lambda m: m.filename):
            base = PurePosixPath(member.filename).name
            if member.is_dir() or _beside_the_data(member.filename):
                continue
            if suffixes is not None and not base.lower().endswith(suffixes):
                continue
            _check_kind(place.name, member)
            name = f"{place.name}/{member.filename}"
            with _damage(name):
                stream = archive.open(member)
            with stream:
                yield _as_input(name, base, stream, share)  # type: ignore[arg-type]


def _check_member(archive: str, member: zipfile.ZipInfo) -> None:
    """Refuse names that would lead out of the archive, although nothing is ever extracted."""
    name = getattr(member, "orig_filename", member.filename).replace("\\", "/")
    wrong = None
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        wrong = "an absolute path"
    elif ".." in name.split("/"):
        wrong = "a path that leads out of it"
    elif "\0" in name or not name.strip():
        wrong = "no file name"
    elif stat.S_ISLNK(member.external_attr >> 16):
        wrong = "a link"
    if wrong is not None:
        raise DataError(
            f"the archive {archive} holds {name!r}, which is {wrong}.",
            hint="make a new archive of the data files alone.",
        )


def _check_kind(archive: str, member: zipfile.ZipInfo) -> None:
    name = f"{archive}/{member.filename}"
    if member.flag_bits & 0x1:
        raise DataError(f"{name} is encrypted.", hint="decrypt it first.")
    if member.filename.lower().endswith(WORKBOOKS):
        raise _workbook(name)
    if member.filename.lower().endswith(NESTED):
        raise DataError(
            f"{name} is an archive in an archive.", hint="unpack the outer one and name the inner."
        )


def _beside_the_data(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def _as_input(name: str, base: str, stream: BinaryIO, share: Allowance | None) -> InputFile:
    metered = io.BufferedReader(Metered(stream, name, share), BUFFER_BYTES)
    buffered = cast("io.BufferedReader", metered)
    start = buffered.peek(8)[:8]
    for mark, (what, hint) in STRANGE.items():
        if start.startswith(mark):
            raise DataError(f"{name} is {what}, not text.", hint=hint)
    if start.startswith(b"PK\x03\x04"):
        raise DataError(
            f"{name} is a zip archive or an Excel workbook, not text.",
            hint="export the workbook as CSV, or let the archive's name end in .zip.",
        )
    if start.startswith(b"\x1f\x8b"):
        raise DataError(
            f"{name} is compressed with gzip.", hint="let its name end in .gz (once only)."
        )
    return InputFile(name=name, base=base, stream=buffered)


def _workbook(name: str) -> DataError:
    return DataError(
        f"{name} is a workbook.", hint="export each of its sheets as CSV and import those."
    )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}.") from None
    except ValueError as error:
        raise DataError(f"{path} can't be read: {error}.") from None


@contextmanager
def _damage(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(f"{name} is damaged or incomplete: {error}.") from None
    except (RuntimeError, NotImplementedError, ValueError) as error:
        raise DataError(f"{name} can't be opened: {error}.") from None
