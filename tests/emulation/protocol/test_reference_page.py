"""The reference page names every key of a protocol, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from locoreg.emulation.methods import method_names
from locoreg.emulation.protocol import TrialProtocol, parts
from locoreg.registry.tables import TABLES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "protocol.md"
SECTIONS: dict[str, type[BaseModel]] = {
    "The whole protocol": TrialProtocol,
    "Time zero": parts.TimeZero,
    "Follow-up": parts.FollowUp,
    "Outcome": parts.Outcome,
    "Criterion": parts.Criterion,
    "Strategies": parts.Strategies,
    "Treated strategy": parts.Treated,
    "Comparator strategy": parts.ComparatorStrategy,
    "Treatment": parts.Treatment,
    "Variable": parts.Variable,
    "Table": parts.TableColumns,
    "Confounders": parts.Confounders,
    "Confounder": parts.Confounder,
    "Missing values": parts.MissingValues,
    "Negative control": parts.NegativeControl,
    "Analysis": parts.Analysis,
    "Intervals": parts.Intervals,
    "Sensitivity": parts.Sensitivity,
    "Method": parts.MethodChoice,
    "Benchmark": parts.Benchmark,
    "Selection": parts.Selection,
    "Learner": parts.LearnerChoice,
    "Rule": parts.RuleChoice,
    "Hidden confounder": parts.HiddenChoice,
}


def page_rows() -> dict[str, dict[str, list[str]]]:
    """Return the cells of each key by section."""
    out: dict[str, dict[str, list[str]]] = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", body, re.M)
        out[title] = {key: [cell.strip() for cell in rest.split(" | ")] for key, rest in rows}
    return out


def words(annotation: Any) -> set[str]:
    """Return the texts that a field allows."""
    if get_origin(annotation) is Literal:
        return {str(value) for value in get_args(annotation)}
    return set().union(*(words(arg) for arg in get_args(annotation)), set())


def test_the_page_has_a_section_for_every_part():
    listed = {name for name in parts.__all__ if isinstance(getattr(parts, name), type)}
    listed -= {"Part"}
    assert {model.__name__ for model in SECTIONS.values()} == {*listed, "TrialProtocol"}
    assert list(page_rows()) == list(SECTIONS)


@pytest.mark.parametrize("title", SECTIONS)
def test_every_key_is_on_the_page_with_its_values(title):
    rows, fields = page_rows()[title], SECTIONS[title].model_fields
    assert list(rows) == list(fields)
    for name, info in fields.items():
        text = " ".join(rows[name])
        for word in words(info.annotation):
            assert f"`{word}`" in text, (name, word)
        needed = rows[name][1] == "yes"
        assert needed == info.is_required(), name


@pytest.mark.parametrize("name", ["target", "modality", "intent", "margin", "approach"])
def test_codes_of_treatments_are_those_of_the_registry(name):
    codes = re.findall(r"`(\w+)`", page_rows()["Treatment"][name][-1])
    assert set(codes) == set(TABLES["local_therapy"].column(name).allowed) - {"diagnostic"}


def test_methods_are_those_that_there_are():
    named = re.findall(r"`(\w+)`", page_rows()["Analysis"]["method"][-1])
    assert set(named) == set(method_names())
