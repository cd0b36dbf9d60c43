from __future__ import annotations

import dataclasses
import datetime
import json
from itertools import pairwise

import pytest
import yaml

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.protocol import TrialProtocol, read_protocol
from locoreg.emulation.protocol.yamltext import Place, read_document
from tests.emulation.protocol.content import REGISTRY, TABLE, changed

TEXT = yaml.safe_dump(REGISTRY, sort_keys=False)


def write(tmp_path, text, name="trial.yaml"):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_a_mapping_and_json_are_the_same_protocol(tmp_path):
    loaded = read_protocol(write(tmp_path, TEXT))
    from_json = read_protocol(write(tmp_path, json.dumps(REGISTRY, indent=1), "trial.json"))
    given = read_protocol(REGISTRY)
    assert loaded.protocol == from_json.protocol == given.protocol
    assert loaded.sha256 == from_json.sha256 == given.sha256 == given.protocol.sha256
    assert (loaded.name, given.name) == ("trial.yaml", "the protocol")
    assert given.places == {}


def test_a_protocol_is_made_again_from_its_json():
    for content in (REGISTRY, TABLE):
        protocol = read_protocol(content).protocol
        again = TrialProtocol.model_validate(json.loads(json.dumps(protocol.to_dict())))
        assert again == protocol
        assert again.sha256 == protocol.sha256
        assert read_protocol(protocol).protocol is protocol


# What results of earlier versions are known by must not change.
PINNED = "45ff1f888c912a8da2dad82daaf5daed31f02f925559c77e798334278454d4fc"


def test_the_hash_of_a_protocol_stays():
    assert read_protocol(REGISTRY).sha256 == PINNED


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_the_hash_does_not_depend_on_spelling(tmp_path):
    one = read_protocol(REGISTRY).sha256
    spelt = TEXT.replace("horizon_months: 36", "horizon_months:   3.6e1  # months")
    assert spelt != TEXT
    assert read_protocol(write(tmp_path, "# a comment\n\n" + spelt)).sha256 == one
    assert read_protocol(reordered(REGISTRY)).sha256 == one
    assert read_protocol({**REGISTRY, "subgroups": []}).sha256 == one
    assert len(one) == 64


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "Early surgery."),
        ("strategies.treated.grace_months", 7),
        ("strategies.treated.initiation", "deadline"),
        ("strategies.treated.treatment.modality", ["surgery", "sabr"]),
        ("eligibility.0.equals", False),
        ("eligibility.0.unknown", "include"),
        ("at_months", [36]),
        ("level", 90),
        ("confounders.baseline.0.spline", 4),
        ("confounders.time_varying", []),
        ("analysis.intervals.seed", 2),
        ("analysis.options", {"adjust": False}),
        ("subgroups", ["age"]),
        ("reporting", {"20": "none"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_hash_changes_with_every_value(path, value):
    base = TrialProtocol.model_validate(REGISTRY)
    other = TrialProtocol.model_validate(changed(REGISTRY, path, value))
    assert other.sha256 != base.sha256


def test_dates_stay_dates_however_they_are_given(tmp_path):
    as_date = changed(REGISTRY, "follow_up.until", datetime.date(2024, 12, 31))
    assert read_protocol(as_date).sha256 == read_protocol(REGISTRY).sha256
    bare = TEXT.replace("'2024-12-31'", "2024-12-31")
    assert bare != TEXT
    until = read_protocol(write(tmp_path, bare)).protocol.follow_up.until
    assert until == "2024-12-31"


def test_values_know_their_line_and_column():
    document = read_document("a: 1\nb:\n  - c: x\n    d: [1, 2]\n", name="t")
    assert document.value == {"a": 1, "b": [{"c": "x", "d": [1, 2]}]}
    assert document.places["b", 0, "d"] == Place(4, 5)
    assert document.places["b", 0, "d", 1] == Place(4, 12)


def test_words_are_read_as_they_stand():
    text = 'a: 007\nb: 1_000\nc: 12:30\nd: 2020-01-02\ne: "6"\nf: true\ng: null\nh: 1e3\n'
    text += "i: -.5\nj: NR\n"
    assert read_document(text, name="t").value == {
        "a": "007",
        "b": "1_000",
        "c": "12:30",
        "d": "2020-01-02",
        "e": "6",
        "f": True,
        "g": None,
        "h": 1000.0,
        "i": -0.5,
        "j": "NR",
    }


BAD_TEXTS = {
    "no YAML": ("a: [1\nb: 2\n", ["t, line 2, column ", "not valid YAML"]),
    "a key twice": (
        "a:\n  b: 1\n  b: 2\n",
        ["t, line 3: the key a.b stands there twice", "line 2"],
    ),
    "a tag": ("a: !!python/object:os.system x\n", ["t, line 1: the tag", "plain values"]),
    "a doubtful word": ("a: 1\nb: no\n", ["t, line 2: no is true or false", '"no" in quotes']),
    "a key that is a list": ("? [a]\n: 1\n", ["t, line 1: a key must be a text"]),
    "nothing": ("# nothing\n", ["t is empty"]),
    "two documents": ("a: 1\n---\nb: 2\n", ["t, line 2", "not valid YAML"]),
    "a laugh": (
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{n}: &{n} [{', '.join(['*' + p] * 10)}]\n" for p, n in pairwise("abcde")),
        ["grow beyond reason"],
    ),
}


@pytest.mark.parametrize(("text", "words"), BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_a_text_that_can_not_be_read_is_told_with_its_line(text, words):
    with pytest.raises(DesignError) as error:
        read_document(text, name="t")
    for word in words:
        assert word in str(error.value)


def test_a_file_that_can_not_be_read_is_told(tmp_path):
    with pytest.raises(DataError, match=r"there is no protocol .*none\.yaml"):
        read_protocol(tmp_path / "none.yaml")
    with pytest.raises(DataError, match="did you mean liver-resection"):
        read_protocol("liver-resecton")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("title: größe\n".encode("latin-1"))
    with pytest.raises(DataError, match="not UTF-8 text"):
        read_protocol(latin)
    with pytest.raises(DataError, match="can't be read"):
        read_protocol(tmp_path)
    with pytest.raises(DesignError, match="holds no keys"):
        read_protocol(write(tmp_path, "- a\n"))


def test_the_first_missing_key_is_told_at_the_part_that_lacks_it(tmp_path):
    lines = [line for line in TEXT.splitlines() if "grace_months" not in line]
    at = next(i for i, line in enumerate(lines, 1) if line.strip() == "treated:")
    with pytest.raises(DesignError) as error:
        read_protocol(write(tmp_path, "\n".join(lines)))
    assert f"line {at}: strategies.treated.grace_months: is missing" in str(error.value)


def test_unknown_variables_are_told_by_whoever_knows_the_names(tmp_path):
    content = changed(REGISTRY, "confounders.time_varying", ["respons"])
    loaded = read_protocol(write(tmp_path, yaml.safe_dump(content, sort_keys=False)))
    with pytest.raises(DesignError) as error:
        loaded.check_variables(["age", "sites", "de_novo"], ["response"])
    message = str(error.value)
    assert "confounders.baseline[1].variable: there is no variable 'site'; did you mean sites?" in (
        message
    )
    assert "confounders.time_varying[0]: there is no variable 'respons'; did you mean resp" in (
        message
    )
    with pytest.raises(DesignError, match="has 2 faults"):
        loaded.check_variables(["age", "sites", "de_novo"], ["response"])
    read_protocol(REGISTRY).check_variables(["age", "site", "de_novo"], ["response"])


OWN = {"table": "performance", "column": "ecog", "window_months": [-3, 0], "take": "last"}


def test_a_variable_that_is_used_nowhere_is_told():
    with pytest.raises(DesignError, match=r"variables\.frailty: is used nowhere"):
        read_protocol({**REGISTRY, "variables": {"frailty": OWN}})


def test_a_variable_of_ones_own_has_a_name_of_its_own():
    loaded = read_protocol({**REGISTRY, "variables": {"site": OWN}})
    with pytest.raises(DesignError, match=r"variables.site: there is a built-in variable site"):
        loaded.check_variables(["age", "site", "de_novo"], ["response"])
    loaded.check_variables(["age", "de_novo"], ["response"])


def test_unknown_studies_are_told_by_whoever_knows_the_catalogue():
    loaded = read_protocol({**REGISTRY, "benchmark": {"studies": ["khan2022", "badwe2016"]}})
    with pytest.raises(DesignError, match=r"benchmark.studies\[1\].*did you mean badwe2015"):
        loaded.check_studies(["khan2022", "badwe2015"])
    loaded.check_studies(["khan2022", "badwe2016"])
    read_protocol(REGISTRY).check_studies([])


def test_nothing_changes_after_reading():
    loaded = read_protocol(REGISTRY)
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.name = "x"
    with pytest.raises(ValueError, match="frozen"):
        loaded.protocol.level = 90


def test_python_users_get_every_fault_of_a_model_too():
    with pytest.raises(ValueError, match="grace_months: a grace period of 40 months"):
        TrialProtocol.model_validate(changed(REGISTRY, "strategies.treated.grace_months", 40))
