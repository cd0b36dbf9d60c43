"""The finding of a result in one or two sentences, for alternative texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from locoreg.core.errors import DesignError
from locoreg.evidence.meta import MetaAnalysis
from locoreg.evidence.multiverse import Multiverse
from locoreg.evidence.pooling import EvidencePool
from locoreg.figures.curve import curve_summary
from locoreg.figures.owntable import own_summary
from locoreg.figures.pooltable import pool_summary


@singledispatch
def describe(result: object) -> str:
    """Return the finding of a result in numbers.

    Parameters
    ----------
    result : EvidencePool, sequence of EvidencePool, MetaAnalysis or Multiverse
        Anything that :func:`locoreg.figures.plot` draws.

    Returns
    -------
    str
        Sentences with the estimate, its interval and what it rests on.

    Raises
    ------
    DesignError
        If the result is of no kind that is drawn.
    """
    raise DesignError(f"there are no words for a {type(result).__name__}.")


@describe.register
def _(result: EvidencePool) -> str:
    return pool_summary(result)


@describe.register(Sequence)
def _(result: Sequence[EvidencePool]) -> str:
    if isinstance(result, str) or not all(isinstance(r, EvidencePool) for r in result):
        raise DesignError("only pools of evidence are described together.")
    return " ".join(pool_summary(pool) for pool in result)


@describe.register
def _(result: MetaAnalysis) -> str:
    return own_summary(result, None)


@describe.register
def _(result: Multiverse) -> str:
    return curve_summary(result)
