import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.biomarkers import biomarker_panel
from locoreg.selection.biomarkers.panel import align

IDS = ["a", "b", "c", "d"]


def test_left_out_features_are_named_with_the_reason():
    panel = biomarker_panel(
        person_id=IDS,
        values={
            "good": [1.0, 2.0, 3.0, np.nan],
            "constant": [1.0, 1.0, 1.0, np.nan],
            "empty": [np.nan] * 4,
            "rare": [np.nan, np.nan, 3.0, np.nan],
        },
        family={"good": "let-7"},
        batch=["1", "1", "2", None],
    )
    assert panel.names == ("good",)
    assert panel.left_out == {
        "constant": "has the same value in everybody",
        "empty": "is unknown for everybody",
        "rare": "is unknown for 67% of the measured persons",
    }
    assert panel.measured.tolist() == [True, True, True, False]
    assert panel.family == ("let-7",)
    assert panel.to_dict()["measured"] == 3
    with pytest.raises(DesignError, match="'constant' was left out: it has the same value"):
        panel.select(["constant"])
    with pytest.raises(DesignError, match=r"no biomarker 'goood'.*did you mean good"):
        panel.select(["goood"])


def test_a_table_is_read_by_its_columns():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [0.0, 1.0, 0.0, 1.0]})
    assert biomarker_panel(person_id=IDS, values=table).names == ("x", "y")


def test_alignment_counts_both_sides():
    panel = biomarker_panel(person_id=IDS, values=np.arange(8.0).reshape(4, 2) ** 2)
    found = align(panel, ["d", "a", "z", "b"])
    assert found.place.tolist() == [3, 0, -1, 1]
    assert (found.n_without, found.n_strangers) == (1, 1)
    with pytest.raises(DataError, match="3 persons of 4 in the panel 'panel' are not among"):
        align(panel, ["d", "y", "z"])


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"person_id": ["a", "a", "b", "c"]}, DataError, "person 'a' is in the panel twice"),
        ({"names": ["x", "x"]}, DataError, "feature 'x' is in the panel twice"),
        ({"months": [-1.0, 0.0, 0.5, np.nan]}, DesignError, "1 person of the panel .*'c'"),
        ({"values": np.full((4, 2), np.nan)}, DataError, "no feature of 2 is left"),
        ({"values": np.ones((3, 2))}, DataError, "shape .3, 2. for 4 persons"),
        ({"values": {"x": [1.0, np.inf, 2.0, 3.0]}}, DataError, "x is infinite in row 2"),
        ({"values": {"x": [1.0, "<0.1", 2.0, 3.0]}}, DataError, "x can't be read as numbers"),
        ({"batch": ["1", "1", None, "2"]}, DataError, "batch is missing in row 3"),
    ],
    ids=["person", "name", "late", "empty", "shape", "infinite", "text", "batch"],
)
def test_refuses(changed, error, said):
    given = {"person_id": IDS, "values": np.arange(8.0).reshape(4, 2), **changed}
    with pytest.raises(error, match=said):
        biomarker_panel(**given)
