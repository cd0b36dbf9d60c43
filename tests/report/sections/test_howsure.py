"""The part of a report on how sure one can be: its numbers are those of the results."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest

from locoreg.core.jsontext import dumps
from locoreg.report.blocks import Badge, Callout, Details, Figure, Page, Table, Value, text
from locoreg.report.render import render
from locoreg.report.sections.howsure import how_sure
from locoreg.report.sections.suredrawings import draw_sureness
from locoreg.report.sections.suretables import tables
from locoreg.workflows.conclusion import conclude
from locoreg.workflows.conclusion.plan import FindingsPlan
from locoreg.workflows.sureness import HowSurePlan, assess
from tests.report.sections.test_closing import HOSTILE, walk
from tests.workflows.conclusion.runs import FINDINGS
from tests.workflows.sureness import smallpools as small

POOL = "how_sure/primary-surgery/overall_survival/rct"
ASKED = {
    **small.PLAN,
    "bayes": {
        "tau_priors": ["half-normal(0.5)", "half-cauchy(0.5)", "jeffreys"],
        "mu_prior": "flat", "thresholds": [0.9],
    },
    "small_study": {"alpha": 10, "steps": [0.025], "alternative": "less"},
    "designs": small.designs(
        {"design": "registry"}, {"design": "emulation:early", "source": "nobody"}
    ),
    "certainty": {"otherwise": "low"},
}  # fmt: skip


def made(told: Any, kept: dict[str, object], **changes: Any) -> Any:
    plan = HowSurePlan.model_validate({**ASKED, **changes})
    found = assess(
        told, [plan], findings=[FindingsPlan.model_validate(FINDINGS)], tables=("shipped",),
        keep=kept.__setitem__,
    )  # fmt: skip
    return json.loads(dumps({**told, "how_sure": found}))


@pytest.fixture(scope="module")
def kept() -> dict[str, object]:
    return {}


@pytest.fixture(scope="module")
def results(kept: dict[str, object]) -> Any:
    told = small.results(("early", small.emulation(synthetic=True)))
    return made(told, kept)


@pytest.fixture(scope="module")
def section(results: Any, kept: dict[str, object]) -> Any:
    return how_sure(results, draw_sureness(kept))


def at(results: Any, key: str) -> Any:
    """Return what stands at a key of the results."""
    (entry,) = results["how_sure"]
    assert key.startswith(f"{entry['key']}/")
    found = entry
    for name in key.removeprefix(f"{entry['key']}/").split("/"):
        found = found[int(name)] if isinstance(found, list) else found[name]
    return found


def test_every_number_stands_in_the_results(results: Any, section: Any) -> None:
    values = walk(section, Value)
    assert len(values) > 40
    for value in values:
        found = at(results, value.key)
        if isinstance(found, dict):
            found = found["natural"]["estimate"]
        assert value.value == pytest.approx(found, abs=1e-12), value.key


def test_each_part_has_its_place(section: Any) -> None:
    (entry,) = section.blocks
    anchors = [one.anchor for one in entry.blocks if hasattr(one, "lists_parts")]
    assert [one.rsplit("-", 1)[1] for one in anchors] == [
        "certainty", "bayes", "small_study", "designs",
    ]  # fmt: skip
    assert section.anchor == "how-sure"
    assert [one.anchor for one in walk(section, Figure)] == [
        "figure-how_sure-primary-surgery-overall_survival-rct-bayes",
        "figure-how_sure-primary-surgery-overall_survival-rct-designs",
    ]


def words(block: Any) -> str:
    page = Page(title="T", strip="S", head=(), sections=(block,), foot=text("F"))
    return render(page)


def test_what_a_reader_must_not_miss_is_said(section: Any) -> None:
    shown = words(section)
    for told in (
        "certainty low", "They differ on", "no assessment on record", "its patients are made up",
        "Not an answer: mixed as if all were randomised", "Range over the priors",
        "Fewer than ten studies", "(assumed)", "Range over the priors", "As pooled",
    ):  # fmt: skip
        assert told in shown, told
    marks = [one.text for one in walk(section, Badge)]
    assert marks
    assert set(marks) == {"differs"}


def test_a_bayes_factor_stands_only_where_one_is_defined(results: Any, section: Any) -> None:
    (table,) = [one for one in walk(section, Table) if one.caption.startswith("Posterior")]
    titles = [column.title for column in table.columns]
    assert "τ = 0, Bayes factor" in titles
    assert "No effect, Bayes factor" not in titles
    improper = results["how_sure"][0]["bayes"]["rows"][2]
    assert improper["bayes_factor_tau"] is None
    assert table.rows[2].cells[-1] == ("–",)


def test_methods_for_small_studies_are_behind_a_line(section: Any) -> None:
    (details,) = [
        one for one in walk(section, Details) if "ten studies" in str(one.summary)
    ]  # fmt: skip
    (table,) = details.blocks
    assert len(table.rows) > 8


def test_refused_parts_say_why(kept: dict[str, object]) -> None:
    told = small.results(("early", small.emulation(synthetic=True)))
    asked = {"designs": small.designs({"design": "emulation:early"}), "small_study": None,
             "bayes": None, "certainty": None}  # fmt: skip
    found = made(told, {}, **asked)
    section = how_sure(found, {})
    assert section is not None
    (callout,) = walk(section, Callout)
    assert "no design joins the trials" in words(section)
    assert callout.title == "Not computed"
    told["questions"][0]["pools"] = []
    found = made(told, {}, **{**asked, "designs": None, "bayes": ASKED["bayes"]})
    assert "Not computed" in words(how_sure(found, {}))


def test_nothing_is_shown_where_nothing_was_asked() -> None:
    assert how_sure({"how_sure": []}, {}) is None
    assert how_sure({}, {}) is None


def test_labels_are_escaped(results: Any) -> None:
    told = copy.deepcopy(results)
    (entry,) = told["how_sure"]
    entry["designs"]["left_out"][0]["reason"] = HOSTILE
    entry["certainty"]["result"]["domains"][0]["judgement"]["author"] = HOSTILE
    assert "<script>alert" not in words(how_sure(told, {}))


def test_the_conclusion_says_the_same(results: Any) -> None:
    rows = [{"outcome": "overall_survival", "design": "rct"}]
    told = {
        **results,
        "emulation": [],
        "questions": [{**one, "pools": []} for one in results["questions"]],
        "findings": {"tables": [{"question": "primary-surgery", "rows": rows}]},
    }
    (question,) = conclude(told)["questions"]
    (item,) = [one for one in question["items"] if one["topic"] == "certainty"]
    told_words = [one["text"] for one in item["sentences"]]
    main = results["how_sure"][0]["bayes"]["rows"][0]["benefit"]
    assert any(f"favours surgery with probability {100 * main:.0f}%" in one for one in told_words)
    assert any("certainty low ⊕⊕⊝⊝ as judged by a panel" in one for one in told_words)
    assert any("Left out: Emulation early" in one for one in told_words)
    numbers = [one for sentence in item["sentences"] for one in sentence["numbers"]]
    for one in numbers:
        found = at(results, one["key"])
        found = found["natural"]["estimate"] if isinstance(found, dict) else found
        assert math.isclose(one["value"], found)
    advice = ("should", "recommend", "must be", "ought")
    assert not any(word in one for one in told_words for word in advice)


def test_tables_have_what_the_results_have(results: Any) -> None:
    found = tables(results)
    assert sorted(found) == ["certainty", "designs", "posterior"]
    for rows in found.values():
        assert {len(row) for row in rows} == {len(rows[0])}
    (entry,) = results["how_sure"]
    posterior = [dict(zip(found["posterior"][0], row, strict=True)) for row in found["posterior"]]
    assert posterior[1]["below"] == entry["bayes"]["rows"][0]["below"][0]
    designs = [dict(zip(found["designs"][0], row, strict=True)) for row in found["designs"][1:]]
    assert [one["answer"] for one in designs] == [True, True, False, False]
    assert "made up" in designs[-1]["left_out"]
    certainty = [dict(zip(found["certainty"][0], row, strict=True)) for row in found["certainty"]]
    judged = {one["domain"]: one["judged"] for one in certainty[1:]}
    assert (judged["imprecision"], judged["risk of bias"]) == (-1, None)
    assert tables({}) == {}
