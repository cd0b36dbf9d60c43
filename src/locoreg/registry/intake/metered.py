"""Streams that are watched while they are decompressed."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from locoreg.core.errors import DataError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# All that one import may decompress.
MOST_BYTES = 64 << 30
# Text of patients shrinks to a tenth, at most to a fiftieth; a bomb to a thousandth.
MOST_RATIO = 200
FREE_BYTES = 100_000_000
DAMAGE = (
    EOFError,
    OSError,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,
    RuntimeError,
    NotImplementedError,
)


@dataclass(slots=True)
class Allowance:
    """What may still be decompressed: by one file or archive, and in all.

    Attributes
    ----------
    name : str
        File or archive.
    packed : int
        Its size on disk in bytes.
    parent : Allowance or None
        The allowance of the whole import.
    given : int
        Bytes decompressed so far.
    """

    name: str = "the input"
    packed: int = 0
    parent: Allowance | None = None
    given: int = field(default=0)

    def of(self, name: str, packed: int) -> Allowance:
        """Return the allowance of one file or archive of this size."""
        return Allowance(name=name, packed=packed, parent=self)

    def take(self, count: int) -> None:
        """Count bytes; DataError if they are more than a table can be."""
        self.given += count
        if self.parent is None:
            if self.given > MOST_BYTES:
                raise DataError(
                    f"the input decompresses to more than {MOST_BYTES >> 30} GiB.",
                    hint="import it in parts.",
                )
            return
        if self.given > FREE_BYTES and self.given > MOST_RATIO * max(self.packed, 1):
            raise DataError(
                f"{self.name} ({self.packed:,} bytes) decompresses to more than {MOST_RATIO} times "
                "its size: no table of patients does.",
                hint="decompress it yourself and look at it.",
            )
        self.parent.take(count)


class Metered(io.RawIOBase):
    """Read a stream; what is wrong with it becomes a DataError.

    Parameters
    ----------
    stream : BinaryIO
        The contents.
    name : str
        Name for messages.
    share : Allowance or None
        Where decompressed bytes are counted; None for plain files.
    """

    def __init__(self, stream: BinaryIO, name: str, share: Allowance | None) -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._share = share

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer; return how many bytes were read, 0 at the end."""
        try:
            data = self._stream.read(len(memoryview(buffer)))
        except DAMAGE as error:
            raise DataError(f"{self._name} is damaged or incomplete: {error}.") from None
        if self._share is not None:
            self._share.take(len(data))
        memoryview(buffer)[: len(data)] = data
        return len(data)
