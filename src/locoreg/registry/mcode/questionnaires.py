"""Quality of life: answers to QLQ-C30, QLQ-BR23 and FACT-B (``qol_response``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from locoreg.registry.mcode.output import date_cells, usable_date
from locoreg.registry.mcode.record import Item, Record
from locoreg.registry.mcode.resources import Answer, QuestionnaireResponse
from locoreg.registry.mcode.resources import Item as Question

_INSTRUMENTS = (
    (re.compile(r"c-?30", re.I), "QLQ-C30", range(1, 31)),
    (re.compile(r"br-?23", re.I), "QLQ-BR23", range(31, 54)),
)
_FACT = re.compile(r"fact-?b(?![a-z0-9])", re.I)
_NUMBERED = re.compile(r"(?:.*[^0-9])?(\d{1,2})")
_FACT_ITEM = re.compile(r"(?:.*[^A-Za-z0-9])?((?:GP|GS|GE|GF|B|P)\d)", re.I)
_MOST = 9


def write_answers(record: Record) -> None:
    """Write one row per item of each instrument that is recognised by its address."""
    for item in record.responses:
        found = _instrument(item.resource.questionnaire or "")
        if found is None:
            item.why = "a questionnaire that is not QLQ-C30, QLQ-BR23 or FACT-B"
            continue
        _write(record, item, *found)


def _instrument(address: str) -> tuple[str, range | None] | None:
    for pattern, name, numbers in _INSTRUMENTS:
        if pattern.search(address):
            return name, numbers
    return ("FACT-B", None) if _FACT.search(address) else None


def _write(
    record: Record, item: Item[QuestionnaireResponse], instrument: str, numbers: range | None
) -> None:
    response = item.resource
    version = (response.questionnaire or "").partition("|")[2] or None
    date = usable_date(
        response.authored,
        record.output,
        item.origin,
        patient_id=record.patient_id,
        path="authored",
    )
    seen: set[str] = set()
    for question in _questions(response.item):
        name = _item_name(question.link_id, numbers)
        if name is None or name in seen:
            record.problem(
                "item-not-recognised",
                "minor",
                f"An item is none of {instrument}, or stands twice: it was left out.",
                item,
                column="item",
                table="qol_response",
                value=question.link_id,
            )
            continue
        seen.add(name)
        value = _value(question.answer)
        item.used = True
        record.output.row(
            "qol_response",
            item.origin,
            {
                "response_id": f"{item.key}/{name}",
                "patient_id": record.patient_id,
                "instrument": instrument,
                "version": version,
                "language": response.language,
                **date_cells("date", date),
                "item": name,
                "value": value,
                "missing_reason": None if value is not None else "not_recorded",
            },
        )
    if not item.used:
        item.why = f"answers to {instrument} without a recognised item"


def _questions(items: Sequence[Question]) -> Iterator[Question]:
    todo = list(reversed(items))
    while todo:
        question = todo.pop()
        if question.item:
            todo += reversed(question.item)
        if question.answer or not question.item:
            yield question


def _item_name(link: str, numbers: range | None) -> str | None:
    if numbers is None:
        found = _FACT_ITEM.fullmatch(link)
        return found.group(1).upper() if found else None
    found = _NUMBERED.fullmatch(link)
    number = int(found.group(1)) if found else 0
    return str(number) if number in numbers else None


def _value(answers: Sequence[Answer]) -> int | None:
    """Return the answer as ticked: a number, or a code or text that is one."""
    if len(answers) != 1:
        return None
    answer = answers[0]
    value = answer.value_integer
    if value is None and answer.value_decimal is not None:
        whole = answer.value_decimal == int(answer.value_decimal)
        value = int(answer.value_decimal) if whole else None
    if value is None:
        coded = answer.value_coding.code if answer.value_coding else answer.value_string
        value = int(coded) if coded and re.fullmatch(r"[0-9]", coded, re.ASCII) else None
    return value if value is not None and 0 <= value <= _MOST else None
