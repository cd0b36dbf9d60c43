"""How many decimals a cell had when it was printed."""

from typing import Any

import pytest

from locoreg.core.tables import Row
from locoreg.evidence.audit.ranges import printed_half
from locoreg.evidence.records import Claim


def test_trailing_zeros_lost_in_a_spreadsheet(run: Any, tools: Any) -> None:
    # Printed as 0.79 (0.69 to 0.90), a 90% interval: read as 0.85 to 0.95 nothing would show.
    more = {"p_value": "0.003", "p_sided": "two", "events": 649, "n": 1200}
    row = tools.effect("0.79", "0.69", "0.9", **more)
    findings = [f for f in run([row]).findings if f.severity != "note"]
    assert [f.reading for f in findings] == ["ci_level=90"]
    assert run([row | {"ci_level": 90}]).findings == ()


def test_printed_string_decides_on_the_decimals(run: Any, tools: Any) -> None:
    # 0.50 to 3.91 around 1.4: as 1.40 it stays inside the tolerance, and 1.4 is what was printed.
    claim = tools.effect("1.4", "0.50", "3.91", verbatim="HR, 1.4; 95% CI, 0.50-3.91")
    assert run([claim]).findings == ()


@pytest.mark.parametrize(
    ("cells", "column", "half"),
    [
        ({"estimate": "0.9", "ci_low": "0.69", "ci_high": "1.2"}, "estimate", 0.005),
        ({"estimate": "0.9", "ci_low": "0.7", "ci_high": "1.2"}, "estimate", 0.05),
        ({"estimate": "1.61", "ci_low": "0.57", "ci_high": "14.5"}, "ci_high", 0.05),
        ({"estimate": "14.5", "ci_low": "10.25", "ci_high": "20"}, "ci_high", 0.005),
        ({"estimate": "0.9", "ci_low": "0.69", "verbatim": "0.9 (0.69 to"}, "estimate", 0.05),
        ({"estimate": "0.9", "ci_low": "0.7", "verbatim": "0.90 (0.70 to"}, "estimate", 0.005),
        ({"estimate": "0.9", "ci_low": "0.7", "verbatim": "0·90 (0·70 to"}, "ci_low", 0.005),
        ({"value_intervention": "34.6", "value_control": "55"}, "value_control", 0.05),
        ({"value_intervention": "34.6", "value_control": "NR"}, "value_intervention", 0.05),
        ({"low_control": "31.2", "high_control": "50"}, "high_control", 0.05),
        ({"value_control": "33", "low_control": "31.2"}, "value_control", 0.5),
    ],
)
def test_decimals_of_a_row(cells: dict[str, str], column: str, half: float) -> None:
    numbers: dict[str, Any] = {
        k: v if v == "NR" else float(v) for k, v in cells.items() if k != "verbatim"
    }
    claim = Claim(
        claim_id="c1",
        study_id="one",
        kind="effect",
        verbatim=cells.get("verbatim"),
        row=Row(file="claims.csv", number=2, values={}, printed=cells),
        **numbers,
    )
    assert printed_half(claim, column) == pytest.approx(half)
