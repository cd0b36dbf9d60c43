"""What is asked of a table: by the form of the page, or as JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from locoreg.core.errors import LocoregError
from locoreg.workflows.meta import MetaReport
from locoreg.workflows.meta.giventable import meta_of_text

# Characters of a table, and rows; the command line takes more.
LARGEST = 1_000_000
MOST_ROWS = 1_000
MOST_DRAWS = 10_000
Faults = tuple[tuple[str, str], ...]
Name = Annotated[str, Field(max_length=100)]
Names = Annotated[tuple[Name, ...], Field(max_length=20)]
Pairs = Annotated[dict[Name, Name], Field(max_length=40)]
_OPTION = re.compile(r"--([a-z][a-z0-9-]*)")
_STARTS = {
    "there is no method": "method",
    "there is no interval": "interval",
    "there is no measure": "measure",
    "there is no prior": "tau_prior",
    "the prior": "tau_prior",
}
LISTS = ("label", "mods", "factors", "steps")
PAIRS = ("columns", "references")
FLAGS = (
    "drop00", "leave_one_out", "influence", "baujat", "small_study", "mantel_haenszel", "peto",
    "no_continuity",
)  # fmt: skip


class MetaQuestion(BaseModel):
    """A table and what is asked of it; the names are those of `meta_table`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    table: str = Field(max_length=LARGEST, description="Delimited text, names in the first row.")
    file: Name = Field(default="", description="What messages call the table.")
    measure: Name = Field(description="OR, RR, RD, PETO, IRR, HR, MD, SMD, PLO, PFT, ZCOR, ...")
    method: Name = Field(description="CE, DL, HE, HS, SJ, ML, REML, EB, PM, ...")
    interval: Name = Field(description="normal, t, hartung-knapp or hartung-knapp-floor.")
    level: float = Field(description="Of all intervals, in percent.")
    columns: Pairs = {}
    label: Names = ()
    decimal: Literal["point", "comma"] | None = None
    add: float | None = None
    to: Literal["only0", "all", "if0all", "none"] | None = None
    drop00: bool = False
    ci_level: float | None = None
    prediction: Literal["riley", "metafor"] = "riley"
    by: Name = ""
    subgroup_tau2: Literal["separate", "common"] | None = None
    mods: Names = ()
    factors: Names = ()
    references: Pairs = {}
    permute: Annotated[int, Field(le=MOST_DRAWS)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**53)] | None = None
    cluster: Name = ""
    within: Name = ""
    robust: Literal["CR0", "CR1", "CR2"] | None = None
    rho: float | None = None
    order: Name = ""
    leave_one_out: bool = False
    influence: bool = False
    baujat: bool = False
    small_study: bool = False
    alpha: float | None = None
    steps: Annotated[tuple[float, ...], Field(max_length=10)] = ()
    alternative: Literal["greater", "less", "two-sided"] | None = None
    target: float | None = None
    mantel_haenszel: bool = False
    peto: bool = False
    no_continuity: bool = False
    tau_prior: Name = ""

    def asked(self) -> dict[str, Any]:
        """Return the arguments of `meta_table`."""
        given = self.model_dump(exclude={"table", "file", "no_continuity"})
        return {**given, "continuity": not self.no_continuity}

    def changed(self) -> dict[str, Any]:
        """Return what is not as it would be without a word, in the order of the fields."""
        given = self.model_dump(exclude={"table", "file"}, exclude_defaults=True)
        return {name: given[name] for name in type(self).model_fields if name in given}


FIELDS = tuple(MetaQuestion.model_fields)


def answer_question(question: MetaQuestion) -> MetaReport:
    """Return the report on a question; its table is kept nowhere."""
    content = question.table.encode("utf-8", errors="surrogatepass")
    return meta_of_text(content, name=question.file, most_rows=MOST_ROWS, asked=question.asked())


def read_question(given: Mapping[str, str]) -> tuple[MetaQuestion | None, Faults]:
    """Read the fields of the form.

    Parameters
    ----------
    given : mapping of str to str
        As sent; boxes that are ticked are there, the others not.

    Returns
    -------
    tuple
        The question, None if something is wrong with it, and field and fault of each such thing.
    """
    values: dict[str, Any] = {}
    faults: list[tuple[str, str]] = []
    for name, text in given.items():
        text = text if name == "table" else text.strip()
        if not text.strip() or name not in FIELDS:
            if name not in FIELDS:
                faults.append((name[:40], "no such field"))
            continue
        if name in PAIRS:
            values[name], wrong = _pairs(text)
            faults += [(name, one) for one in wrong]
        elif name in LISTS:
            values[name] = [part.strip() for part in text.split(",") if part.strip()]
        elif name in FLAGS:
            values[name] = True
        else:
            values[name] = text
    try:
        question = MetaQuestion.model_validate(values)
    except ValidationError as error:
        faults += [_fault(one) for one in error.errors(include_url=False)]
        return None, _once(faults)
    return (None if faults else question), _once(faults)


def faults_of(error: LocoregError, labels: Mapping[str, str]) -> Faults:
    """Return what is wrong, at the field that it is about.

    Parameters
    ----------
    error : LocoregError
        Raised by the analysis: it names options as the command line does.
    labels : mapping of str to str
        What the fields are called instead; names without one stay.

    Returns
    -------
    tuple of (str, str)
        Field and fault; the table's where no option is named.
    """
    named = [_field_of(one) for one in _OPTION.findall(error.message)]
    # An error of the analysis says "level is 0.95, but ..." where no option was read.
    named += re.findall(r"^([a-z0-9_]+) is ", error.message)
    place = next((one for one in named if one in FIELDS), "table")
    for start, name in _STARTS.items():
        if error.message.startswith(start):
            place = name
    said = _OPTION.sub(
        lambda found: labels.get(_field_of(found[1]), _field_of(found[1])), str(error)
    )
    return ((place, said),)


def _field_of(option: str) -> str:
    name = option.replace("-", "_")
    return "references" if name == "reference" else name


def _pairs(text: str) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    wrong = []
    for part in text.split(","):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        if not sign or not name or not value:
            wrong.append(f"{part.strip()[:60]!r} is no pair: write name=value")
        elif name in found:
            wrong.append(f"{name[:60]} is given twice")
        found[name] = value
    return found, wrong


def _fault(one: Mapping[str, Any]) -> tuple[str, str]:
    place = str(one["loc"][0]) if one["loc"] else "table"
    kind, given = str(one["type"]), one.get("input")
    shown = repr(given)[:60] if isinstance(given, str) else ""
    if kind == "missing":
        return place, "nothing is given; it defines the answer and has no default"
    if kind in ("float_parsing", "int_parsing", "int_from_float"):
        comma = "; write a decimal point" if "," in shown else ""
        whole = "whole number" if kind.startswith("int") else "number"
        return place, f"{shown} is no {whole}{comma}"
    if kind == "literal_error":
        return place, f"{shown} is none of the choices"
    if kind == "string_too_long":
        return place, f"more than {one['ctx']['max_length']:,} characters"
    return place, str(one["msg"])


def _once(faults: Sequence[tuple[str, str]]) -> Faults:
    return tuple(dict.fromkeys(faults))


def number_text(value: float) -> str:
    """Return a number as it is typed."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
