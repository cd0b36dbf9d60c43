"""Fill the items of the TARGET statement from a protocol and what an emulation found."""

from __future__ import annotations

from locoreg.emulation.protocol.model import TrialProtocol
from locoreg.emulation.target.facts import TargetFacts
from locoreg.emulation.target.items import ITEMS, Item
from locoreg.emulation.target.methods import Draft, method_drafts
from locoreg.emulation.target.results import result_drafts
from locoreg.emulation.target.table import Status, TargetRow, TargetTable

NOT_APPLICABLE = "not applicable"


def fill_target(protocol: TrialProtocol, facts: TargetFacts | None = None) -> TargetTable:
    """Fill the reporting table.

    What a protocol and an analysis know is filled in. The rest waits for people, or takes the texts
    of ``reporting`` in the protocol, by item number; a text that begins with "not applicable" says
    that an item is so. A text for an item that is filled is added to it.

    Parameters
    ----------
    protocol : TrialProtocol
        The protocol.
    facts : TargetFacts, optional
        What was found; without it the items on results wait.

    Returns
    -------
    TargetTable
        All items in their order.

    References
    ----------
    Cashin AG, et al. JAMA 2025. doi:10.1001/jama.2025.13350
    """
    drafts = {**method_drafts(protocol, facts), **result_drafts(protocol, facts)}
    synthetic = facts is not None and facts.synthetic
    if synthetic:
        drafts["17"] = Draft(emulation="Not applicable: the patients are made up.")
    rows = tuple(
        _row(item, drafts[item.number], protocol.reporting.get(item.number, "")) for item in ITEMS
    )
    return TargetTable(rows=rows, protocol_sha256=protocol.sha256, synthetic=synthetic)


def _row(item: Item, draft: Draft, written: str) -> TargetRow:
    trial, emulation = draft.target_trial, draft.emulation
    if written and item.section == "specification":
        trial = _joined(trial, written)
    elif written:
        emulation = _joined(emulation, written)
    return TargetRow(
        number=item.number,
        section=item.section,
        topic=item.topic,
        target_trial=trial,
        emulation=emulation,
        status=_status(draft, written),
    )


def _status(draft: Draft, written: str) -> Status:
    said = (written or draft.emulation).casefold()
    if said.startswith(NOT_APPLICABLE):
        return "not_applicable"
    return "filled" if written or draft.complete else "to_write"


def _joined(text: str, more: str) -> str:
    return f"{text}\n{more}" if text else more
