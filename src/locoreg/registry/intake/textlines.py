"""Lines of a text file, of bounded length, that can be given back."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Sequence

from locoreg.core.errors import DataError

LINE_CHARACTERS = 1 << 22
CELL_CHARACTERS = 20_000


class OverlongLineError(Exception):
    """A line longer than any row; the start of it is the last of ``Lines.record``."""


class Lines:
    """Iterate over the lines of a text, their ends kept.

    Attributes
    ----------
    record : list of str
        Lines given since it was last emptied.
    number : int
        Number of the line given last.
    characters : int
        Characters given so far.
    nul : bool
        Whether a line given since this was last set to False holds a NUL.
    long : bool
        Whether one of them is long enough to hold a cell beyond the limit.
    drained : bool
        Whether the block whose lines were given one by one is at its end.
    """

    def __init__(self, text: io.TextIOWrapper, name: str, encoding: str) -> None:
        self.record: list[str] = []
        self.number = 0
        self.characters = 0
        self.nul = False
        self.long = False
        self.drained = False
        self.name = name
        self.encoding = encoding
        self._text = text
        self._readline = text.readline
        self._back: deque[tuple[str, bool]] = deque()
        self._block: io.StringIO | None = None
        self._rest = ""

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if self._back:
            line, overlong = self._back.popleft()
        else:
            try:
                line = self._readline(LINE_CHARACTERS) if self._block is None else self._of_block()
            except UnicodeError as error:
                raise self._undecodable(_words(error), self.number + 1) from None
            overlong = len(line) >= LINE_CHARACTERS and line[-1] not in "\r\n"
            if overlong:
                line = self._drain(line)
        if not line:
            raise StopIteration
        self.number += 1
        self.characters += len(line)
        self.record.append(line)
        if not line.isascii():
            self._check(line)
        if len(line) > CELL_CHARACTERS:
            self.long = True
        if "\0" in line:
            self.nul = True
        if overlong:
            raise OverlongLineError
        return line

    def push_back(self, lines: Sequence[str], *, overlong_last: bool = False) -> None:
        """Give lines back, so that they come again.

        Parameters
        ----------
        lines : sequence of str
            The last lines that were given, in order.
        overlong_last : bool
            Whether the last of them was too long.
        """
        if not lines:
            return
        self.number -= len(lines)
        marked = [(line, False) for line in lines]
        marked[-1] = (marked[-1][0], overlong_last)
        self._back.extendleft(reversed(marked))

    def block(self) -> str | None:
        """Return whole lines that were not given yet; they count as given only by ``skip``.

        Returns
        -------
        str or None
            About four million characters; empty at the end; None while lines are still to come
            that can only be had one by one.
        """
        if self._back or self._block is not None:
            return None
        text = self._rest + self._text.read(LINE_CHARACTERS - len(self._rest))
        self._rest = ""
        at_end = len(text) < LINE_CHARACTERS
        if text.endswith("\r"):
            text += self._text.read(1)
        cut = len(text) if at_end else text.rfind("\n") + 1
        if not cut and text:
            self.one_by_one(text)
            return None
        self._rest = text[cut:]
        return text[:cut]

    def one_by_one(self, block: str) -> None:
        """Give the lines of a block one by one."""
        self.drained = False
        self._block = io.StringIO(block + self._rest, newline="")
        self._rest = ""

    def skip(self, lines: int, characters: int) -> None:
        """Count lines of a block as given."""
        self.number += lines
        self.characters += characters

    def _of_block(self) -> str:
        line = self._block.readline(LINE_CHARACTERS) if self._block is not None else ""
        if line[-1:] in ("\r", "\n") or len(line) >= LINE_CHARACTERS:
            return line
        self._block = None
        self.drained = True
        return line + self._readline(LINE_CHARACTERS - len(line))

    def _drain(self, start: str) -> str:
        """Read to the end of a line and forget all but its start."""
        while True:
            try:
                more = self._readline(LINE_CHARACTERS) if self._block is None else self._of_block()
            except UnicodeError as error:
                raise self._undecodable(_words(error), self.number + 1) from None
            if len(more) < LINE_CHARACTERS or more[-1] in "\r\n":
                return start[:CELL_CHARACTERS]

    def _check(self, line: str) -> None:
        try:
            line.encode()
        except UnicodeEncodeError as error:
            byte = ord(line[error.start]) - 0xDC00
            what = f"the byte 0x{byte:02x}" if 0 <= byte <= 0xFF else "half a surrogate pair"
            raise self._undecodable(what, self.number) from None

    def _undecodable(self, what: str, line: int) -> DataError:
        return DataError(
            f"{self.name}, line {line}: {what} is not {self.encoding.upper()}.",
            hint="state encoding: in the map (cp1252 or latin-1 for files from older Windows "
            "programs).",
        )


def _words(error: UnicodeError) -> str:
    return error.reason if isinstance(error, UnicodeDecodeError) else str(error)
