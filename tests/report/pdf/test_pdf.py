from __future__ import annotations

import re
import zlib

import pytest

from locoreg.core.errors import DesignError
from locoreg.report import blocks as b
from locoreg.report.blocks import text
from locoreg.report.pdf import write_pdf
from locoreg.report.pdf.markup import Writer, breakable, quoted
from locoreg.report.pdf.widths import MOST, column_widths
from locoreg.report.pdf.write import has_typst

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 40" role="figure">'
    '<title id="t">Forest &amp; more</title><desc id="d">HR 0.93 (0.67 to 1.29)</desc>'
    '<text x="5" y="20" font-family="DejaVu Sans" font-size="8">0.93</text></svg>'
)
HOSTILE = 'a "quoted" \\ back#slash #eval("1") $x$ <b>&amp; *not bold* _x_ @ref `raw` \x00 end'
TABLE = b.Table(
    "Caption " + HOSTILE,
    (b.Column("Study"), b.Column("HR", numeric=True), b.Column("Why", wide=True)),
    (
        b.Row((text("Trial A"), text("0.93"), text("w" * 400)), anchor="row-a"),
        b.Row((text(HOSTILE), text("1"), text("short")), emphasis=True),
    ),
    text("note"),
)


def every_block() -> b.Page:
    """Return a page with a block of every kind."""
    links = text(
        b.Link("#row-a", "the row"), " ", b.Link("#nowhere", "lost"), " ",
        b.Link("https://doi.org/10.1136/bmj.n71", "doi"), b.Break(), b.Strong("strong"),
        b.Code("0" * 64), b.Quote("printed"), b.Badge("fail", "✖", "blocking"),
        b.Value("0.93", 0.93, "evidence/x"),
    )  # fmt: skip
    figure = b.Figure("fig", "Figure", SVG, text("caption"), table=TABLE)
    inner = b.Section("part", "Part " + HOSTILE, (b.Paragraph(links, "lead"), TABLE, figure))
    again = b.Section("part", "The same anchor again", (b.Paragraph(text("x"), "note"),))
    blocks: tuple[b.Block, ...] = (
        b.Items((text(HOSTILE), text("two")), ordered=True),
        b.Facts((("Name", text("value")),)),
        b.Listing("Command", "locoreg run study.yaml --out x\n" + HOSTILE),
        b.Tiles((b.Tile("HR", "0.93", text("remark")),)),
        b.Callout("Mind", (b.Paragraph(text(HOSTILE)),), "serious"),
        b.Details(text("More"), (b.Paragraph(text("inside")),)),
        b.Record("rec", text("Record"), (b.Paragraph(text("body")),), "blocking"),
        b.Table("Empty", (b.Column("A"),), ()),
        inner,
        again,
    )
    return b.Page(
        title="Title " + HOSTILE,
        strip="For research. Not a medical device.",
        head=(b.Facts((("Question", links),)),),
        sections=(b.Section("all", "All", blocks),),
        foot=text("foot"),
    )


def test_a_page_with_every_block_is_a_tagged_pdf_and_the_same_twice() -> None:
    pdf = write_pdf(every_block())
    assert pdf.startswith(b"%PDF-1.7")
    assert pdf == write_pdf(every_block())
    # A tagged document in English with bookmarks, as PDF/UA-1 asks.
    assert b"/MarkInfo" in pdf
    assert b"/Marked true" in pdf
    assert re.search(rb"/Lang ?\(en\)", pdf)
    assert b"/Outlines" in pdf
    assert b"pdfuaid" in pdf or b"pdfuaid" in _inflated(pdf)


def test_the_drawing_has_its_sentence_as_alternative_text() -> None:
    writer = Writer()
    source = writer.page(every_block())
    assert '"Forest & more. HR 0.93 (0.67 to 1.29)"' in source
    assert writer.drawings["drawing-1.svg"] == SVG


def test_links_to_no_anchor_are_text_and_anchors_stand_once() -> None:
    source = Writer().page(every_block())
    assert source.count('place-anchor("part")') == 1
    assert 'to-anchor("row-a", "the row")' in source
    assert 'to-anchor("nowhere"' not in source
    assert '"lost"' in source


@pytest.mark.parametrize(
    ("given", "literal"),
    [
        ('"', '"\\""'),
        ("\\", '"\\\\"'),
        ("a\nb", '"a\\nb"'),
        ("\x00\x1b", '""'),
        ("#eval", '"#eval"'),
    ],
)
def test_texts_are_string_literals(given: str, literal: str) -> None:
    assert quoted(given) == literal


def test_long_runs_may_break_and_lose_nothing() -> None:
    assert breakable("f" * 64).replace("\u200b", "") == "f" * 64
    assert max(len(part) for part in breakable("f" * 64).split("\u200b")) == 8
    assert breakable("short words stay") == "short words stay"


def test_columns_get_room_by_what_they_hold() -> None:
    study, hr, why = column_widths(TABLE, lambda cell: "".join(str(part) for part in cell))
    assert hr < study <= why <= MOST


def test_without_typst_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locoreg.report.pdf.write.find_spec", lambda name: None)
    assert not has_typst()
    with pytest.raises(DesignError, match=r"locoreg\[pdf\]"):
        write_pdf(every_block())


def _inflated(pdf: bytes) -> bytes:
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            found.append(stream)
    return b"".join(found)
