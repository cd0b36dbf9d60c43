"""Curves of a table: reading, checks that name file, column and rows, numbers, small cells."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.core.jsontext import dumps
from locoreg.stats.aalenjohansen import aalen_johansen
from locoreg.stats.logrank import logrank
from locoreg.stats.restrictedmean import rmst
from locoreg.stats.survivalcurves import kaplan_meier
from locoreg.stats.survivaldifference import survival_difference
from locoreg.workflows.curves import curves_of_table
from locoreg.workflows.curves.textcells import named_in_lines

HEADER = "months,dead,arm"
ROWS = ["1,1,a", "2.5,0,b", "3,1,a", "4,0,a", "5,1,b", "7,1,b", "9,0,a"]
TIME = np.array([1, 2.5, 3, 4, 5, 7, 9])
EVENT = np.array([1, 0, 1, 0, 1, 1, 0])
ARM = np.array(list("abaabba"))


@pytest.fixture
def table(tmp_path: Path):
    def write(lines=(HEADER, *ROWS), *, name="patients.csv", encoding="utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join([*lines, ""]).encode(encoding))
        return path

    return write


def report(path, **options):
    return curves_of_table(path, **{"time": "months", "event": "dead", "level": 95, **options})


def same_curve(one, other):
    np.testing.assert_array_equal(one.time, other.time)
    np.testing.assert_array_equal(one.estimate, other.estimate)
    np.testing.assert_array_equal(one.ci_low, other.ci_low)


def test_numbers_are_those_of_the_kernels(table):
    path = table()
    found = report(path, by="arm", at=(3, 6), horizon=6, reference="b", difference=True, test=True)
    curves = kaplan_meier(TIME, EVENT, level=95, strata=ARM)
    for stratum in ("a", "b"):
        same_curve(found.curves[stratum], curves[stratum])
    means = rmst(TIME, EVENT, horizon=6, level=95, strata=ARM, reference="b")
    assert found.rmst.to_dict() == means.to_dict()
    assert found.logrank.chi2 == logrank(TIME, EVENT, ARM).chi2
    theirs = survival_difference(TIME, EVENT, strata=ARM, reference="b", level=95)
    np.testing.assert_array_equal(found.difference.estimate, theirs.estimate)
    by_time = {(x.stratum, x.time): x.estimate for x in found.landmarks}
    assert by_time["a", 3.0] == curves["a"](3.0)
    assert by_time["b", 6.0] == curves["b"](6.0)
    assert [m.median for m in found.medians] == [c.median.estimate for c in curves]


def test_weights_entry_persons_and_clusters_are_passed_on(table):
    lines = ["pid,from,months,dead,w,site"]
    data = [("p", 0, 4, 0, 1.5, 1), ("p", 4, 6, 1, 1.5, 1), ("q", 1, 5, 1, 0.5, 2)]
    data += [("r", 0, 8, 0, 2.25, 2), ("s", 2, 7, 1, 1.0, 3)]
    lines += [",".join(map(str, row)) for row in data]
    found = report(table(lines), entry="from", weight="w", id="pid", cluster="site")
    columns = list(zip(*data, strict=True))
    theirs = kaplan_meier(
        columns[2],
        columns[3],
        level=95,
        entry=columns[1],
        weight=columns[4],
        id=columns[0],
        cluster=columns[5],
    )
    same_curve(found.curves.curves[0], theirs.curves[0])
    assert (found.curves.weighted, found.curves.delayed_entry) == (True, True)
    assert found.curves.clusters == 3
    assert found.counts[0].n == 4, "persons, not rows"


def test_causes_give_cumulative_incidence(table):
    lines = ["months,cause", "1,1", "2,2", "3,0", "4,1", "5,2", "6,0"]
    found = report(
        table(lines), event="cause", causes=True, cause_names=("cancer", "other"), at=(4,)
    )
    theirs = aalen_johansen(
        [1, 2, 3, 4, 5, 6],
        [1, 2, 0, 1, 2, 0],
        level=95,
        interval="log-log",
        causes=("cancer", "other"),
    )
    np.testing.assert_array_equal(found.curves.curves[0].estimate, theirs.curves[0].estimate)
    assert found.medians == ()
    assert [x.cause for x in found.landmarks] == ["cancer", "other"]
    assert "cancer, at 4 months" in found.summary()


def test_provenance_holds_the_hash_of_the_file_and_the_options(table):
    path = table()
    found = report(path, by="arm", at=(3,)).to_dict()["provenance"]
    assert found["input_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found["options"]["by"] == "arm"
    assert found["options"]["level"] == 95
    assert found["options"]["interval"] == "log-log"
    assert (found["options"]["separator"], found["options"]["decimal"]) == ("comma", "point")


def test_json_is_plain_and_holds_the_curves(table):
    found = json.loads(dumps(report(table(), by="arm", at=(3, 50), horizon=6).to_dict()))
    a = found["curves"]["curves"][0]
    assert a["time"] == [1.0, 3.0, 4.0, 9.0]
    assert a["at_risk"] == [4, 3, 2, 1]
    assert found["at"][1] == {
        "stratum": "a",
        "time": 50.0,
        "estimate": None,
        "ci_low": None,
        "ci_high": None,
        "state": "beyond follow-up",
    }
    for group in found["counts"]:
        for i in range(len(group["time"])):
            assert group["at_risk"][i] + group["censored"][i] + group["events"][i] == group["n"]


# Reading


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_separators_and_byte_order_mark(table, separator, encoding):
    lines = [line.replace(",", separator) for line in (HEADER, *ROWS)]
    found = report(table(lines, encoding=encoding), by="arm")
    same_curve(found.curves["a"], report(table(), by="arm").curves["a"])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_and_quoted_line_breaks(tmp_path, ending):
    text = ending.join(["note,months,dead", f'"two{ending}lines",1,1', "x,2,0", "y,bad,1", ""])
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    with pytest.raises(DataError, match=r"a\.csv, row 5, column months: 'bad'"):
        report(path)


def test_decimal_comma_is_found(table):
    lines = ["months;dead", "1,5;1", "2;0", "3,25;1"]
    found = report(table(lines))
    assert found.curves.curves[0].time.tolist() == [1.5, 2.0, 3.25]
    assert found.provenance.options["decimal"] == "comma"
    quoted = ['"months","dead"', '"1,5","1"', '"2,75","0"']
    assert report(table(quoted)).curves.curves[0].time.tolist() == [1.5, 2.75]


@pytest.mark.parametrize(
    ("cells", "options", "message"),
    [
        (["1,5", "2.5"], {}, "'1,5' in row 2 has a decimal comma, but '2.5' a decimal point"),
        (["2.5", "1,5"], {}, "'1,5' in row 3 has a decimal comma, but '2.5' a decimal point"),
        (["1,234", "2,500"], {}, "row 2, column months: '1,234' may be a decimal number or thou"),
        (["1,5", "2"], {"decimal": "point"}, "row 2, column months: '1,5' is not a number"),
        (["1.5", "2"], {"decimal": "comma"}, "row 2, column months: '1.5' is not a number"),
        (["1.234,5", "2"], {}, "row 2, column months: '1.234,5' is not a number"),
    ],
)
def test_unclear_decimals(table, cells, options, message):
    with pytest.raises(DataError, match=message):
        report(table(["months;dead", *(f"{cell};1" for cell in cells)]), **options)


def test_decimal_sign_can_be_said(table):
    found = report(table(["months;dead", "1,234;1", "2,500;0"]), decimal="comma")
    assert found.curves.curves[0].time.tolist() == [1.234, 2.5]


@pytest.mark.parametrize("cell", ["1_000", "inf", "0x1", "1 2", "½", "--1", "1e400"])
def test_what_is_no_number_is_named(table, cell):
    with pytest.raises(DataError, match="row 3, column months"):
        report(table(["months,dead", "1,1", f"{cell},1"]))


def test_many_faults_are_counted(table):
    with pytest.raises(DataError, match=r"rows 2, 3, 4, 5, 6 and 4 more, column months: 'x'"):
        report(table(["months,dead", *["x,1"] * 9]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (b"months,dead\n", "no rows below"),
        (b"months,dead\n1,1,5\n", "row 2: 3 cells, but there are 2 columns"),
        (b"months,dead\n1\n", "row 2: 1 cells, but there are 2 columns"),
        (b"months,months,dead\n1,1,1\n", "column 'months' stands there 2 times"),
        (b"month,dead\n1,1\n", "row 1: there is no column 'months'"),
        (b'months,dead\n"1,1\n', "not valid delimited text"),
        (b"months,dead\n1,\xe9\n", "not UTF-8"),
        ("months,dead\n1,1\n".encode("utf-16"), "not delimited text"),
        (b"PK\x03\x04", "not delimited text"),
    ],
)
def test_unreadable_files(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        report(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        report(tmp_path / "none.csv")
    with pytest.raises(DataError, match="is a folder"):
        report(tmp_path)


def test_hint_names_a_near_column(table):
    with pytest.raises(DataError) as caught:
        report(table(), by="arms")
    assert caught.value.hint == "did you mean arm?"


def test_large_file_is_read_piece_by_piece(table):
    draw = np.random.default_rng(1)
    time, event = draw.integers(1, 100, 120_000), draw.integers(0, 2, 120_000)
    lines = ["months,dead", *(f"{t},{e}" for t, e in zip(time, event, strict=True))]
    found = report(table(lines))
    same_curve(found.curves.curves[0], kaplan_meier(time, event, level=95).curves[0])
    lines[100_001] = "x,1"
    with pytest.raises(DataError, match="row 100002, column months"):
        report(table(lines))


# Missing values


def test_missing_values_are_an_error_that_names_them(table):
    path = table([HEADER, "1,1,a", ",1,a", "3,NA,b", "", "4,0,", "5,1,b"])
    with pytest.raises(DataError) as caught:
        report(path, by="arm")
    assert caught.value.message == (
        "patients.csv: column months is empty in row 3; column dead is empty in row 4; "
        "column arm is empty in row 6."
    )
    assert "--drop-missing" in caught.value.hint
    report(table([HEADER, "1,1,", "2,0,"]))


def test_rows_left_out_are_counted_and_named(table):
    path = table([HEADER, "1,1,a", ",,", ",1,a", "3,n/a,b", "4,0,", "5,1,b"])
    found = report(path, by="arm", drop_missing=True)
    assert found.rows == 5, "a blank row is no row"
    assert [(x.column, x.count, x.lines) for x in found.left_out] == [
        ("months", 1, (4,)),
        ("dead", 1, (5,)),
        ("arm", 1, (6,)),
    ]
    assert sum(table.n for table in found.counts) == 2
    assert found.summary().startswith(
        "patients.csv: 5 rows; left out: 1 without months (row 4); 1 without dead (row 5); "
        "1 without arm (row 6)."
    )
    assert found.to_dict()["left_out"][0] == {
        "column": "months",
        "reason": "missing",
        "count": 1,
        "first_lines": [4],
    }
    with pytest.raises(DataError, match="no row is complete"):
        report(table(["months,dead", "1,", ",1"]), drop_missing=True)


# Events


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        (["1", "0", "1"], {}),
        (["1.0", "0.0", "1.0"], {}),
        (["TRUE", "False", "true"], {}),
        (["2", "1", "2"], {"event_code": ["2"]}),
        (["2.0", "1.0", "2"], {"event_code": ["2"]}),
        (["dead", "alive", "dead"], {"event_code": ["dead"]}),
        (["cancer", "alive", "other"], {"event_code": ["cancer", "other"]}),
        (["x", "lost", "x"], {"event_code": ["x"], "censor_code": ["lost", "alive"]}),
    ],
)
def test_codes_of_events(table, cells, options):
    lines = ["months,dead", *(f"{i + 1},{cell}" for i, cell in enumerate(cells))]
    found = report(table(lines), **options)
    assert found.curves.curves[0].events.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("cells", "options", "kind", "message"),
    [
        (["1", "2"], {}, DataError, "row 3, column dead: '2' is no code"),
        (["dead", "0"], {}, DataError, "row 2, column dead: 'dead' is no code"),
        (["1", "2", "0"], {"event_code": ["1"]}, DesignError, "besides the event .* codes 2, 0"),
        (["1", "2"], {"event_code": ["3"]}, DesignError, "no row has the event code '3'"),
        (["1", "2"], {"event_code": ["1"], "censor_code": ["0"]}, DataError, "'2' is no code"),
        (["1", "0"], {"censor_code": ["0"]}, DesignError, "without event_code"),
        (["1"], {"event_code": ["1"], "censor_code": ["1.0"]}, DesignError, "both event and"),
        (["1"], {"event_code": ["1"], "causes": True}, DesignError, "exclude each other"),
        (["1", "1.5"], {"causes": True}, DataError, "'1.5' is no code"),
        (["1", "-1"], {"causes": True}, DataError, "'-1' is no code"),
        (["1", "99"], {"causes": True}, DataError, "'99' is no code"),
    ],
)
def test_faults_of_event_codes(table, cells, options, kind, message):
    lines = ["months,dead", *(f"{i + 1},{cell}" for i, cell in enumerate(cells))]
    with pytest.raises(kind, match=message):
        report(table(lines), **options)


# Values


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        (["months,dead", "1,1", "-2,0"], {}, r"row 3, column months is negative \(first: -2\)"),
        (["f,months,dead", "0,1,1", "3,3,0"], {"entry": "f"}, "row 3, column f is not before mont"),
        (["f,months,dead", "0,1,1", "-1,3,0"], {"entry": "f"}, "row 3, column f is negative"),
        (["w,months,dead", "1,1,1", "-1,3,0"], {"weight": "w"}, "row 3, column w is negative"),
        (["w,months,dead", "0,1,1", "0,3,0"], {"weight": "w"}, "all weights are 0"),
        (["months,dead", "1,1"], {"level": 0.95}, "level is 0.95"),
        (["months,dead", "1,1"], {"horizon": 5}, "horizon 5 lies after|patients.csv"),
    ],
)
def test_faults_of_values(table, lines, options, message):
    if "horizon" in options:
        lines = ["months,dead", "1,0"]
    with pytest.raises((DataError, DesignError), match=message):
        report(table(lines), **options)


def test_faults_found_by_kernels_name_lines_of_the_file(table):
    lines = ["pid,from,months,dead", "p,0,5,0", "", "q,0,9,1", "p,3,8,1"]
    with pytest.raises(DataError, match=r"patients\.csv: Row 5 begins"):
        report(table(lines), entry="from", id="pid")
    assert named_in_lines("bad in rows 1, 3.", np.array([2, 3, 7])) == "bad in rows 2, 7."
    assert named_in_lines("bad in row 9.", np.array([2, 3, 7])) == "bad in row 9."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": True}, "log-rank test needs groups"),
        ({"reference": "a", "horizon": 5}, "reference needs groups"),
        ({"after_time_zero": True}, "no groups"),
        ({"by": "arm", "difference": True}, "needs a reference"),
        ({"by": "arm", "reference": "a"}, "nothing to compare"),
        ({"by": "arm", "reference": "c", "horizon": 5}, "no stratum 'c'"),
        ({"causes": True, "horizon": 5}, "not of competing causes"),
        ({"causes": True, "variance": "greenwood"}, "Greenwood's variance is one of survival"),
        ({"cause_names": ("x",)}, "without causes"),
        (
            {"by": "arm", "reference": "a", "difference": True, "small_cells": 5},
            "small-cell rule",
        ),
        ({"at": (-1,)}, "can't be read off at -1"),
        ({"small_cells": 1}, "2 or more"),
        ({"until": 0}, "can't end at 0"),
    ],
)
def test_options_that_do_not_fit(table, options, message):
    with pytest.raises((DataError, DesignError), match=message):
        report(table(), **options)


def test_column_of_numbers_is_no_group(table):
    lines = ["months,dead,age", *(f"{i},1,{i / 7}" for i in range(1, 80))]
    with pytest.raises(DesignError, match="column age has 79 different values"):
        report(table(lines), by="age")


def test_groups_that_are_numbers_stand_in_order_of_size(table):
    lines = ["months,dead,grade", "1,1,10", "2,1,9", "3,1,2"]
    assert [c.stratum for c in report(table(lines), by="grade").curves] == ["2", "9", "10"]
    lines = ["months,dead,grade", "1,1,01", "2,1,1"]
    assert [c.stratum for c in report(table(lines), by="grade").curves] == ["01", "1"]


# Notice, small cells


def test_notice_on_immortal_time_is_in_text_and_json(table):
    found = report(table(), by="arm", after_time_zero=True)
    assert "Immortal time" in found.summary()
    assert found.to_dict()["notices"][0].startswith("Immortal time")
    assert report(table(), by="arm").to_dict()["notices"] == []


def numbers_in(value):
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in ("provenance", "small_cells", "df", "shown"):
                yield from numbers_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value


def test_small_cells_hold_in_json_and_text(table):
    draw = np.random.default_rng(3)
    time, event = draw.integers(1, 60, 200), draw.integers(0, 2, 200)
    arm = np.where(np.arange(200) < 6, "rare", np.where(np.arange(200) % 2, "a", "b"))
    lines = [HEADER, ",1,a", *(f"{t},{e},{g}" for t, e, g in zip(time, event, arm, strict=True))]
    found = report(
        table(lines), by="arm", at=(12, 36), test=True, small_cells=10, drop_missing=True
    )
    payload = found.to_dict()
    assert [n for n in numbers_in(payload) if 0 < n <= 10] == []
    assert payload["rows"] is None, "the sum would give the hidden group away"
    assert payload["left_out"] == [
        {"column": "months", "reason": "missing", "count": None, "shown": "≤10"}
    ]
    assert [c["stratum"] for c in payload["curves"]["curves"]] == ["a", "b"]
    for curve in payload["curves"]["curves"]:
        assert set(curve) == {"stratum", "time", "estimate", "ci_low", "ci_high"}
        assert len(curve["time"]) < 12
    rare = next(m for m in payload["medians"] if m["stratum"] == "rare")
    assert rare["state"] == "hidden"
    assert set(payload["logrank"]) == {"groups", "chi2", "df", "p_value", "variance"}
    text = found.summary()
    assert "rare: ≤10 patients" in text
    assert "number of rows hidden; left out: ≤10 without months." in text
    assert "201" not in text
