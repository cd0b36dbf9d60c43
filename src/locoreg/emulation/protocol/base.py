"""What every part of a protocol is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from locoreg.emulation.protocol.faults import Fault, FaultsError


def _no_truth_value(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


Text = Annotated[str, Field(min_length=1)]
Scalar = bool | int | float | str
# True would be read as 1.
Number = Annotated[float, BeforeValidator(_no_truth_value)]
Count = Annotated[int, BeforeValidator(_no_truth_value)]


class Part(BaseModel):
    """A part of a protocol: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        faults = tuple(self.faults())
        if faults:
            raise FaultsError(faults)
        return self

    def faults(self) -> Iterable[Fault]:
        """Return what does not fit together in the part, with paths that begin in it."""
        return ()
