"""Resources between the two passes: on disk, in the order of their patients when read again."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from typing import NamedTuple

# Numbers of one resource: patient token, offset, length, file, row.
_FIELDS = 5


class Spooled(NamedTuple):
    """A resource as it was received.

    Attributes
    ----------
    kind : str
        Type of the resource.
    full_url : str
        Address in its bundle, empty if none.
    raw : bytes
        JSON.
    file, row : int
        Number of the file and row in it.
    """

    kind: str
    full_url: str
    raw: bytes
    file: int
    row: int


class Spool:
    """A temporary file without a name: it is gone when it is closed or the process ends."""

    def __init__(self) -> None:
        self._stream = tempfile.TemporaryFile(prefix="locoreg-")  # noqa: SIM115
        self._numbers = array("q")
        self._end = 0

    def __len__(self) -> int:
        return len(self._numbers) // _FIELDS

    def add(self, token: int, spooled: Spooled) -> None:
        """Take a resource.

        Parameters
        ----------
        token : int
            What it says of whose it is; numbered by the caller.
        spooled : Spooled
            The resource.
        """
        head = f"{spooled.kind} {spooled.full_url}\n".encode("utf-8", "replace")
        record = head + spooled.raw
        self._stream.write(record)
        self._numbers.extend((token, self._end, len(record), spooled.file, spooled.row))
        self._end += len(record)

    def by_patient(self, patient_of: list[int]) -> Iterator[tuple[int, list[Spooled]]]:
        """Yield the resources of one patient after the other.

        Parameters
        ----------
        patient_of : list of int
            Number of the patient that each token means; -1 where it means none.

        Yields
        ------
        patient : int
            Number of the patient; -1 comes first, in pieces.
        resources : list of Spooled
            In the order in which they were added.
        """
        import numpy as np

        table = np.frombuffer(self._numbers, dtype=np.int64).reshape(-1, _FIELDS)
        patients = np.asarray(patient_of, dtype=np.int64)[table[:, 0]]
        order = np.argsort(patients, kind="stable")
        ends = np.flatnonzero(np.diff(patients[order], append=-2))
        start = 0
        for end in ends:
            patient = int(patients[order[end]])
            # Resources of nobody are many at times, and need no company.
            step = 1000 if patient < 0 else len(order)
            for first in range(start, int(end) + 1, step):
                picked = order[first : min(first + step, int(end) + 1)]
                yield patient, [self._read(*row) for row in table[picked, 1:].tolist()]
            start = int(end) + 1

    def close(self) -> None:
        """Delete the file."""
        self._stream.close()

    def _read(self, offset: int, length: int, file: int, row: int) -> Spooled:
        self._stream.seek(offset)
        head, _, raw = self._stream.read(length).partition(b"\n")
        kind, _, url = head.decode("utf-8").partition(" ")
        return Spooled(kind, url, raw, file, row)
