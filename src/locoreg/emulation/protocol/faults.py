"""What is wrong in a protocol and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong.

    Attributes
    ----------
    path : tuple of str and int
        Keys and positions that lead to it.
    message : str
        What is wrong, as the end of a sentence that begins with the place; no full stop.
    hint : str or None
        What to do.
    """

    path: Path
    message: str
    hint: str | None = None

    def below(self, path: Path) -> Fault:
        """Return the fault of a part as one of the whole that holds the part at a path."""
        return Fault(path=(*path, *self.path), message=self.message, hint=self.hint)

    def text(self) -> str:
        """Return place and message."""
        place = path_text(self.path)
        return f"{place}: {self.message}" if place else self.message


class FaultsError(ValueError):
    """Everything that is wrong in a part, for the validation to collect."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        texts = (f"{f.text()}. {f.hint}" if f.hint else f"{f.text()}." for f in self.faults)
        super().__init__(" ".join(texts))


def path_text(path: Path) -> str:
    """Return a path as ``eligibility[2].variable``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
