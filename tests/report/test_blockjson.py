from __future__ import annotations

import json
import re

import pytest

from locoreg.core.errors import DataError
from locoreg.report.blockjson import from_json, prefixed, to_json
from locoreg.report.blocks import (
    Badge,
    Column,
    Figure,
    Link,
    Page,
    Paragraph,
    Row,
    Section,
    Table,
    Value,
    text,
)

SVG = (
    '<svg class="lr-figure" aria-labelledby="lr-f-title-text lr-f-desc-text">'
    '<title id="lr-f-title-text">T</title><desc id="lr-f-desc-text">D</desc>'
    '<g class="lr-row" clip-path="url(#lr-f-p1)"/><use href="#lr-f-m1"/></svg>'
)
TABLE = Table("Numbers", (Column("Arm"), Column("n", numeric=True)), (Row((text("A"), text("3"))),))
SECTION = Section(
    "part",
    "Part",
    (
        Paragraph(text("See ", Link("#row-1", "row"), " and ", Link("https://doi.org/1", "doi"))),
        Paragraph(text(Value("0.93", 0.9321, "evidence/x"), Badge("fail", "✖", "blocking"))),
        Figure("fig", "Fig", SVG, text("caption"), table=TABLE),
    ),
)
PAGE = Page(title="T", strip="s", head=(Paragraph(text("h")),), sections=(SECTION,), foot=text("f"))


def test_a_page_comes_back_from_json() -> None:
    assert from_json(json.loads(json.dumps(to_json(PAGE)))) == PAGE


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(DataError, match="no known kind"):
        from_json({"kind": "marquee", "text": "x"})
    with pytest.raises(DataError, match="another version"):
        from_json({"kind": "paragraph", "words": "x"})


def test_a_prefix_sets_every_id_and_reference_apart() -> None:
    found = prefixed(SECTION, "trial")
    assert found.anchor == "trial-part"
    paragraph, _, figure = found.blocks
    assert isinstance(paragraph, Paragraph)
    assert isinstance(figure, Figure)
    links = [part.href for part in paragraph.text if isinstance(part, Link)]
    assert links == ["#trial-row-1", "https://doi.org/1"]
    assert figure.anchor == "trial-fig"
    ids = set(re.findall(r'\bid="([^"]+)"', figure.svg))
    assert ids == {"lr-trial-f-title-text", "lr-trial-f-desc-text"}
    assert 'aria-labelledby="lr-trial-f-title-text lr-trial-f-desc-text"' in figure.svg
    assert "url(#lr-trial-f-p1)" in figure.svg
    assert 'href="#lr-trial-f-m1"' in figure.svg
    assert 'class="lr-row"' in figure.svg
