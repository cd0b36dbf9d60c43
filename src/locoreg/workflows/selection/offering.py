"""Protocols that say how it is asked who gains, for a form."""

from __future__ import annotations

from functools import lru_cache

from locoreg.core.errors import LocoregError
from locoreg.emulation.protocol import TrialProtocol, read_example
from locoreg.emulation.protocol.yamltext import read_document
from locoreg.workflows.emulation.offering import (
    NAME,
    CheckedText,
    Offer,
    TextFault,
    check_text,
    offers,
)
from locoreg.workflows.selection.plan import plan_of


@lru_cache(maxsize=1)
def selection_offers() -> tuple[Offer, ...]:
    """Return the shipped protocols that ask a registry who gains."""
    return tuple(one for one in offers() if read_example(one.name).protocol.selection is not None)


def check_selection_text(text: str) -> CheckedText:
    """Check a protocol that somebody wrote, for use with a registry.

    Parameters
    ----------
    text : str
        YAML.

    Returns
    -------
    CheckedText
        With every fault, or with what the protocol asks.
    """
    checked = check_text(text)
    if checked.offer is None:
        return checked
    protocol = TrialProtocol.model_validate(read_document(text, name=NAME).value)
    try:
        # Learner, rule and scores are made of it before any patient is read.
        plan_of(protocol, jobs=1)
    except LocoregError as error:
        fault = TextFault(
            line=None, place="selection", message=error.message, hint=error.hint or ""
        )
        return CheckedText(offer=None, faults=(fault,))
    return checked
