"""A meta-analysis of anyone's table: numbers against metafor's, options, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError, LocoregError, NothingToPoolError
from locoreg.core.jsontext import dumps
from locoreg.workflows.meta import MetaReport, meta_table
from locoreg.workflows.meta.files import write_tables

REFERENCE = Path(__file__).parents[2] / "reference" / "meta"
ASKED: dict[str, Any] = {"method": "REML", "interval": "normal", "level": 95}


def data(name: str) -> dict[str, Any]:
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def table_of(name: str, folder: Path, *, separator: str = ",", comma: bool = False) -> Path:
    """Write the rows of a reference dataset as a table."""
    rows = data(name)["input"]["rows"]
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(rows[0])
        for row in rows:
            cells = ["NA" if v is None else str(v) for v in row.values()]
            writer.writerow([c.replace(".", ",") if comma else c for c in cells])
    return path


def write(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def fit(name: str, measure: str, method: str, test: str) -> dict[str, Any]:
    results = data(name)["results"]
    part = results["primary"]
    if part["measure"] not in (measure, "GEN"):
        part = results["secondary"][measure]
    return next(m for m in part["models"] if (m["method"], m["test"]) == (method, test))


@pytest.mark.parametrize(
    ("name", "measure", "method", "interval", "theirs"),
    [
        ("dat.bcg", "RR", "REML", "normal", ("REML", "z")),
        ("dat.bcg", "OR", "DL", "hartung-knapp", ("DL", "knha")),
        ("dat.bcg", "RD", "FE", "z", ("FE", "z")),
        ("dat.collins1985b", "PETO", "CE", "normal", ("FE", "z")),
        ("dat.hart1999", "IRR", "PM", "knha", ("PM", "knha")),
        ("dat.normand1999", "SMD", "ML", "normal", ("ML", "z")),
        ("dat.normand1999", "MD", "DL", "normal", ("DL", "z")),
        ("dat.pritz1997", "PLO", "REML", "normal", ("REML", "z")),
        ("dat.pritz1997", "PFT", "DL", "normal", ("DL", "z")),
        ("dat.raudenbush1985", "SMD", "REML", "normal", ("REML", "z")),
        ("dat.riley2003_OS", "HR", "DL", "normal", ("DL", "z")),
    ],
)
def test_tables_are_pooled_as_metafor_pools_them(
    name: str, measure: str, method: str, interval: str, theirs: Any, tmp_path: Path
) -> None:
    report = meta_table(
        table_of(name, tmp_path), measure=measure, method=method, interval=interval, level=95
    )
    numbers = fit(name, measure, *theirs)
    for key, ours in (
        ("b", report.pooled.estimate),
        ("se", report.pooled.se),
        ("ci_lb", report.pooled.ci_low),
        ("ci_ub", report.pooled.ci_high),
        ("tau2", report.pooled.tau2),
        ("Q", report.meta.q),
    ):
        assert ours == pytest.approx(numbers[key], rel=1e-8, abs=1e-9), key
    dumps(report.to_dict())
    assert report.summary()


def test_pooled_proportions_are_read_through_the_harmonic_mean(tmp_path: Path) -> None:
    path = table_of("dat.pritz1997", tmp_path)
    report = meta_table(path, measure="PFT", method="DL", interval="normal", level=95)
    theirs = next(
        e
        for e in data("dat.pritz1997")["results"]["back_transformed"]
        if (e["measure"], e["method"]) == ("PFT", "DL")
    )
    expected = (theirs["pooled"], theirs["ci_lb"], theirs["ci_ub"])
    assert report.pooled.natural == pytest.approx(expected, rel=1e-9)
    rows = data("dat.pritz1997")["input"]["rows"]
    shares = [row["xi"] / row["ni"] for row in rows]
    assert [s.natural[0] for s in report.studies] == pytest.approx(shares, abs=1e-7)


def test_semicolons_decimal_commas_and_another_names_of_columns(tmp_path: Path) -> None:
    plain = meta_table(table_of("dat.normand1999", tmp_path), measure="MD", **ASKED)
    other = meta_table(
        table_of("dat.normand1999", tmp_path, separator=";", comma=True), measure="MD", **ASKED
    )
    assert other.pooled == plain.pooled
    path = write(tmp_path, "who,tpos,ntreated,cpos,ncontrol\nA,4,10,5,12\nB,3,20,7,22\n")
    named = meta_table(
        path,
        measure="or",
        columns={"ai": "tpos", "n1i": "ntreated", "ci": "cpos", "n2i": "ncontrol"},
        label=("who",),
        **ASKED,
    )
    assert [s.label for s in named.studies] == ["A", "B"]
    assert named.options.measure == "OR"


def test_rows_without_an_effect_are_named_with_line_and_reason(tmp_path: Path) -> None:
    path = write(
        tmp_path, "study,ai,n1i,ci,n2i\nA,4,10,5,12\n\nB,NA,10,5,12\nC,0,9,0,8\nD,1,9,2,9\n"
    )
    report = meta_table(path, measure="OR", drop00=True, **ASKED)
    found = [(s.label, s.line, s.reason) for s in report.left_out]
    assert found[0] == ("B", 4, "no number in ai")
    assert found[1][:2] == ("C", 5)
    assert "both groups" in found[1][2]
    assert report.meta.k == 2


def test_subgroups_and_the_regression_on_a_factor_agree(tmp_path: Path) -> None:
    path = table_of("dat.bcg", tmp_path)
    report = meta_table(
        path, measure="RR", by="alloc", subgroup_tau2="common", mods=("alloc",), **ASKED
    )
    assert report.subgroups is not None
    assert report.regression is not None
    b = dict(zip(report.regression.fit.names, report.regression.fit.b, strict=True))
    means = {row.label: row.estimate for row in report.subgroups.rows}
    assert means["alternate"] == pytest.approx(b["intercept"], rel=1e-9)
    assert means["random"] == pytest.approx(b["intercept"] + b["alloc=random"], rel=1e-9)
    assert report.subgroups.q == pytest.approx(report.regression.fit.qm, rel=1e-8)


def test_meta_regression_equals_metafor(tmp_path: Path) -> None:
    parts = data("dat.bcg")["results"]["primary"]["meta_regression"]
    theirs = next(f for f in parts["ablat"]["fits"] if (f["method"], f["test"]) == ("REML", "z"))
    report = meta_table(table_of("dat.bcg", tmp_path), measure="RR", mods=("ablat",), **ASKED)
    assert report.regression is not None
    ours = report.regression.fit
    assert ours.b == pytest.approx(theirs["b"], rel=1e-8)
    assert ours.se == pytest.approx(theirs["se"], rel=1e-8)
    assert (ours.qm, ours.r2) == pytest.approx((theirs["QM"], theirs["R2"]), rel=1e-7)


def test_reference_level_and_codes_as_factors(tmp_path: Path) -> None:
    path = table_of("dat.bcg", tmp_path)
    report = meta_table(
        path, measure="RR", mods=("alloc",), references={"alloc": "random"}, **ASKED
    )
    assert report.regression is not None
    assert report.regression.moderators.references == {"alloc": "random"}
    assert "alloc=random" not in report.regression.fit.names
    with pytest.raises(DataError, match="no level 'randm'"):
        meta_table(path, measure="RR", mods=("alloc",), references={"alloc": "randm"}, **ASKED)
    codes = write(tmp_path, "yi,vi,arm\n0.1,.1,1\n.3,.1,2\n.2,.1,1\n.5,.2,2\n.1,.1,3\n.2,.1,3\n")
    coded = meta_table(codes, measure="GEN", mods=("arm",), factors=("arm",), **ASKED)
    assert coded.regression is not None
    assert coded.regression.fit.names == ("intercept", "arm=2", "arm=3")


def test_leave_one_out_cumulative_and_influence(tmp_path: Path) -> None:
    path = table_of("dat.bcg", tmp_path)
    report = meta_table(
        path,
        measure="RR",
        method="DL",
        interval="normal",
        level=95,
        leave_one_out=True,
        order="year",
        influence=True,
        baujat=True,
    )
    known = data("dat.bcg")["results"]["primary"]["diagnostics"]["DL_z"]
    ours = [row.estimate for row in report.leave_one_out]
    assert ours == pytest.approx(known["leave1out"]["b"], rel=1e-9)
    assert report.cumulative[-1].estimate == pytest.approx(report.pooled.estimate, rel=1e-12)
    assert report.influence is not None
    assert report.influence.found.cook == pytest.approx(known["influence"]["cook_d"], rel=1e-7)
    # metafor 3.8.1, baujat(rma(yi, vi, method = "DL")) of the BCG risk ratios, first two trials.
    assert report.influence.contribution[:2] == pytest.approx((0.0483853037031, 1.5081492152401))
    assert report.influence.shift[:2] == pytest.approx((0.00238176862744, 0.106611486185))


def test_three_levels_robust_and_one_effect_per_cluster(tmp_path: Path) -> None:
    path = table_of("dat.konstantopoulos2011", tmp_path)
    report = meta_table(
        path, measure="SMD", cluster="district", within="school", robust="CR1", rho=0.5, **ASKED
    )
    part = report.clustered
    assert part is not None
    assert part.multilevel is not None
    # Konstantopoulos (2011), table 4: 0.185 (0.085), variances 0.065 and 0.033.
    assert part.multilevel.b[0] == pytest.approx(0.185, abs=5e-4)
    assert part.multilevel.sigma2 == pytest.approx((0.065, 0.033), abs=5e-4)
    assert part.aggregated is not None
    assert part.aggregated.k == 11
    dumps(report.to_dict())


def test_count_pools_and_small_studies(tmp_path: Path) -> None:
    path = table_of("dat.collins1985b", tmp_path)
    report = meta_table(
        path,
        measure="OR",
        mantel_haenszel=True,
        peto=True,
        small_study=True,
        alpha=0.1,
        steps=(0.025,),
        alternative="less",
        **ASKED,
    )
    known = data("dat.collins1985b")["results"]
    assert [p.pool.method for p in report.count_pools] == ["Mantel-Haenszel", "Peto"]
    assert report.count_pools[0].pool.mu == pytest.approx(
        known["mantel_haenszel"][0]["b"], rel=1e-9
    )
    assert report.count_pools[1].pool.mu == pytest.approx(known["peto"]["b"], rel=1e-9)
    assert report.small_study is not None
    assert "Egger" in report.summary()
    dumps(report.to_dict())


def test_small_studies_of_proportions_are_read_as_the_pool_is(tmp_path: Path) -> None:
    asked = {"small_study": True, "alpha": 0.1, "steps": [0.025], "alternative": "greater"}
    path = table_of("dat.pritz1997", tmp_path)
    for measure in ("PFT", "PLO"):
        report = meta_table(path, measure=measure, **ASKED, **asked, tau_prior="half-normal(0.5)")
        mid, low, high = report.pooled.natural
        assert f"{mid:.2f} ({low:.2f} to {high:.2f}) as pooled" in report.summary()
        # There is no proportion that means no effect.
        assert "Fail-safe N (Rosenthal): not given" in report.summary()
        assert "below no effect" not in report.summary()
        assert json.loads(dumps(report.to_dict()))["bayesian"]["below_null"] is None


def test_orwin_takes_the_smallest_effect_as_it_is_read(tmp_path: Path) -> None:
    asked = {"small_study": True, "alpha": 0.1, "steps": [0.025], "alternative": "less"}
    path = table_of("dat.bcg", tmp_path)
    found = meta_table(path, measure="RR", **ASKED, **asked, target=0.9)
    y = np.array([study.yi for study in found.studies])
    needed = y.size * (abs(y.mean()) - abs(np.log(0.9))) / abs(np.log(0.9))
    assert found.small_study is not None
    assert found.small_study.effects.part("orwin").result.n == np.ceil(needed)
    with pytest.raises(DesignError, match="--target -1"):
        meta_table(path, measure="RR", **ASKED, **asked, target=-1)
    with pytest.raises(DesignError, match="belongs to --small-study"):
        meta_table(path, measure="RR", **ASKED, target=0.9)


def test_small_numbers_keep_their_digits(tmp_path: Path) -> None:
    asked = {"method": "DL", "interval": "normal", "level": 95}
    text = meta_table(table_of("dat.bcg", tmp_path), measure="RD", **asked).summary()
    assert "Pooled \N{MINUS SIGN}0.007 (\N{MINUS SIGN}0.010 to \N{MINUS SIGN}0.004)" in text
    assert "tau2 2e-05 (0.0007 to 0.0044)" in text


def test_all_permutations_are_taken_where_they_are_few(tmp_path: Path) -> None:
    path = write(tmp_path, "yi,vi\n0.3,.1\n.5,.1\n.4,.2\n.2,.1\n.6,.2\n")
    few = meta_table(path, measure="GEN", permute=1000, seed=1, **ASKED)
    assert few.permutation is not None
    assert few.permutation.test.exact
    # All effects are positive: 2 of 32 patterns of signs are as extreme.
    assert few.permutation.test.p_value[0] == pytest.approx(2 / 32)


def test_bayesian_pool_needs_a_stated_prior(tmp_path: Path) -> None:
    path = table_of("dat.bcg", tmp_path)
    report = meta_table(path, measure="RR", tau_prior="half-normal(0.5)", **ASKED)
    assert report.bayesian is not None
    assert report.bayesian.natural[0] == pytest.approx(0.49, abs=0.01)
    assert "bayes" not in report.to_dict()["pool"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"measure": "ORR"}, "no measure 'ORR'"),
        ({"method": "XX"}, "no method 'XX'"),
        ({"level": 0.95}, "level is 0.95"),
        ({"measure": "MD", "add": 0.5}, "which MD has none of"),
        ({"peto": True, "measure": "RR"}, "--peto: not for RR"),
        ({"within": "year"}, "--within without --cluster"),
        ({"cluster": "year"}, "--cluster alone"),
        ({"cluster": "year", "rho": 1.5}, "--rho is 1.5"),
        ({"cluster": "a", "within": "b", "method": "DL"}, "no estimator DL"),
        ({"permute": 1000}, "--permute without --seed"),
        ({"permute": 5, "seed": 1}, "too few"),
        ({"seed": 1}, "--seed without"),
        ({"factors": ("a",)}, "not among --mods"),
        ({"by": "alloc"}, "--by without --subgroup-tau2"),
        ({"subgroup_tau2": "common"}, "--subgroup-tau2 without --by"),
        ({"small_study": True}, "--small-study needs"),
        ({"alpha": 0.1}, "belong to --small-study"),
        ({"ci_level": 95.0}, "--ci-level is about printed"),
        ({"mods": ("latitude",)}, "no column 'latitude'"),
        ({"columns": {"aj": "x"}}, "no role 'aj'"),
        ({"columns": {"ai": "x"}}, "no column 'x'"),
        ({"measure": "SMD"}, "has not the columns for SMD"),
        ({"drop00": True, "measure": "PLO"}, "has one group"),
        ({"columns": {"ri": "year"}}, "ri has no part in RR, which is computed from ai, bi, ci"),
        ({"add": 0.5, "to": "none"}, "--to none adds nothing"),
        ({"continuity": False}, "--no-continuity is about"),
        ({"continuity": False, "mantel_haenszel": True}, "--no-continuity is about"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    given: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = table_of("dat.bcg", tmp_path)
    with pytest.raises(LocoregError, match=message):
        meta_table(path, **{"measure": "RR", **ASKED, **given})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ai,n1i,ci,n2i\n4,3,1,5\n", "row 2: ai is 4, more than n1i"),
        ("ai,bi,ci,di,n1i\n1,2,3,4,5\n", "add up to 3, but n1i is 5"),
        ("ai,bi,ci,di\n1,2,x,4\n", "row 2, column ci: 'x' is not a number"),
        ("ai,bi,ci,di\n1,2,3,4\n1,-2,3,4\n", "row 3: bi is -2"),
        ("ai,bi,ci,di\n1,2,NA,4\n", "no row has an effect"),
    ],
)
def test_tables_that_can_not_be_used_are_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(LocoregError, match=message):
        meta_table(write(tmp_path, text), measure="OR", **ASKED)


def test_counts_are_needed_for_pools_of_counts(tmp_path: Path) -> None:
    path = write(tmp_path, "yi,vi\n0.3,.1\n.5,.1\n")
    with pytest.raises(DesignError, match="no counts"):
        meta_table(path, measure="OR", mantel_haenszel=True, **ASKED)
    with pytest.raises(DesignError, match="gives effects"):
        meta_table(path, measure="OR", add=0.5, **ASKED)
    with pytest.raises(NothingToPoolError, match="no row has an effect"):
        meta_table(write(tmp_path, "yi,vi\nNA,.1\n"), measure="OR", **ASKED)


def test_one_two_and_equal_studies_give_defined_answers(tmp_path: Path) -> None:
    for text, k in (
        ("yi,vi\n0.3,.1\n", 1),
        ("yi,vi\n0.3,.1\n.3,.2\n", 2),
        ("yi,vi\n0.3,.1\n.3,.1\n.3,.1\n", 3),
        ("yi,vi\n0.3,1e-8\n.4,1e4\n.1,1\n", 3),
    ):
        report = meta_table(write(tmp_path, text), measure="GEN", **ASKED)
        assert report.meta.k == k
        assert np.isfinite(report.pooled.ci_low)
        assert report.summary()
        dumps(report.to_dict())


def test_printed_ratios_with_their_intervals(tmp_path: Path) -> None:
    path = write(tmp_path, "trial,hr,low,high\nA,0.8,0.6,1.07\nB,0.9,0.7,1.16\n")
    columns = {"est": "hr", "ci_low": "low", "ci_high": "high"}
    report = meta_table(path, measure="HR", columns=columns, ci_level=95, **ASKED)
    assert report.studies[0].natural[0] == pytest.approx(0.8)
    with pytest.raises(DataError, match="level of the printed intervals"):
        meta_table(path, measure="HR", columns=columns, **ASKED)


def test_files_hold_what_the_report_holds(tmp_path: Path) -> None:
    report = whole_report(tmp_path)
    names = write_tables(report, tmp_path)
    assert {"results.json", "studies.csv", "pool.csv", "subgroups.csv"} <= set(names)
    stored = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert stored["pool"]["mu"]["estimate"] == report.pooled.estimate
    with (tmp_path / "leave_one_out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["estimate"]) == report.leave_one_out[0].estimate


def whole_report(folder: Path) -> MetaReport:
    return meta_table(
        table_of("dat.bcg", folder),
        measure="RR",
        by="alloc",
        subgroup_tau2="separate",
        leave_one_out=True,
        order="year",
        baujat=True,
        **ASKED,
    )
