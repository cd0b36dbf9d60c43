"""The patient view: states, privacy, hostile input, one sheet for print."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locoreg.core.findings import Finding
from locoreg.web.app import create_app
from locoreg.web.patient.form import FIELDS
from locoreg.web.settings import Settings
from locoreg.workflows.patient import sentences
from locoreg.workflows.patient.profile import Profile
from locoreg.workflows.patient.wording import more_text
from tests.selection.model.versions import make_version_1
from tests.selection.patient.world import ODDS_FACTOR
from tests.web.conftest import Connect
from tests.web.patientruns import FORM, credible, not_credible, write_run
from tests.workflows.patient.marks import marked

VERBS = re.compile(r"\b(should|recommend\w*|advise\w*|advisable|ought|suggest\w*)\b", re.IGNORECASE)
LIMIT = 250_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("patient")


@pytest.fixture(scope="module")
def shipped_findings() -> tuple[Finding, ...]:
    """Findings by hand: the audit takes seconds, and chromium's tests run it."""
    return marked()


@pytest.fixture(scope="module")
def client(place: Path, shipped_findings: tuple[Finding, ...]) -> Iterator[TestClient]:
    runs = (
        write_run(place / "good", credible()),
        write_run(place / "bad", not_credible(), "bad"),
    )
    app = create_app(Settings(workspace=place / "workspace", runs=runs))
    app.state.locoreg.__dict__["findings"] = shipped_findings
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as found:
        yield found


def test_the_empty_form_has_every_field_unknown(client: TestClient) -> None:
    page = client.get("/patient")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    for one in FIELDS:
        assert f'id="field-{one.name}"' in page.text
        assert one.name in Profile.model_fields
    assert page.text.count('<option value="">Unknown</option>') >= 8
    assert 'id="field-m_her2"' in page.text
    assert " checked" not in page.text
    assert page.text.count("<h1") == 1


def test_inside_all_four_forms_show_the_same_numbers(client: TestClient) -> None:
    page = client.post("/patient", data={**FORM, "months": "12"})
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert len(page.content) < LIMIT
    question = {
        "profile": {
            "age": 52, "sex": "female", "ecog": 1, "subtype": "HR+/HER2-", "disease": "de novo",
            "sites": ["bone"], "metastases": 1, "primary": "in place", "response": "PR",
            "systemic_months": 5, "symptoms": "no", "comorbidities": 0,
        },
        "answers": {"metastases": 2, "her2": "negative"},
        "months": 12,
    }  # fmt: skip
    answer = client.post("/api/v1/patient", json=question)
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()["estimate"]
    one = next(at for at in told["times"] if at["months"] == told["shown_months"])
    without, with_ = one["without"]["of_100"]["free"], one["with"]["of_100"]["free"]
    assert f'data-without="{without}" data-with="{with_}"' in page.text
    assert page.text.count('class="lr-dot-free"') == without + with_
    assert page.text.count('class="lr-dot-event"') == 200 - without - with_
    assert f'data-key="estimate/times/12/with">{with_} (' in page.text
    assert f"after 1 year {without} of 100 without and {with_} with" in page.text
    for sentence in told["sentences"]:
        assert sentence in page.text
    assert "could be chance" in page.text
    assert 'aria-pressed="true">1 year<' in page.text
    wide = one["difference"]["hidden"]["of_100"]
    words = " to ".join(more_text(wide[end]) for end in ("low", "high"))
    assert told["odds_factor"] == ODDS_FACTOR
    assert f"by up to 1.5 times: from {words} of 100 people like this alive" in page.text
    assert words in told["hidden_differences"]
    low, high = (one["with"]["hidden"]["of_100"][end] for end in ("low", "high"))
    assert "1 year, second range" in page.text
    assert f"{low} to {high}" in page.text
    assert page.text.count("Paler bands with dotted edges") == 1
    sheet = client.post("/patient/sheet", data={**FORM, "months": "12"})
    assert told["hidden_differences"] in sheet.text


def test_outside_there_is_no_number(client: TestClient) -> None:
    page = client.post("/patient", data={**FORM, "age": "110"})
    assert "No estimate: outside the data" in page.text
    assert "data-without" not in page.text
    assert "lr-dot-free" not in page.text


def test_a_model_that_is_not_credible_shows_no_number(client: TestClient) -> None:
    page = client.post("/patient?model=bad/selection-bad", data=FORM)
    assert "No estimate: the model is not credible" in page.text
    assert "It differs from the trials." in page.text
    assert "data-without" not in page.text
    assert "similar patients" not in page.text


def test_without_a_model_trials_and_harms_are_still_there(place: Path, connect: Connect) -> None:
    bare = connect(Settings(workspace=place / "bare"))
    data = {name: value for name, value in FORM.items() if not name.startswith("m_")}
    page = bare.post("/patient", data=data)
    assert "No estimate: no registry model is open here" in page.text
    assert "Not known here." in page.text
    assert "Would not have been eligible" in page.text


def test_a_changed_model_is_refused_in_words(place: Path, connect: Connect) -> None:
    run = write_run(place / "changed", credible())
    target = run / "steps/selection-who-gains/model/arrays.npz"
    target.write_bytes(target.read_bytes() + b"x")
    page = connect(Settings(workspace=place / "w2", runs=(run,))).post(
        "/patient", data={"age": "52"}
    )
    assert page.status_code == 200
    assert "No estimate: the model can&#39;t be read" in page.text
    assert "arrays.npz is not the file that belongs to model.json" in page.text
    assert "There is nothing to compare the trials with." in page.text
    assert str(place) not in page.text


def test_a_model_of_the_first_version_has_one_time_and_no_second_range(
    place: Path, connect: Connect
) -> None:
    run = write_run(place / "first", credible())
    make_version_1(run / "steps/selection-who-gains/model")
    page = connect(Settings(workspace=place / "w3", runs=(run,))).post("/patient", data=FORM)
    assert page.status_code == 200
    assert re.findall(r'aria-pressed="\w+">([^<]+)<', page.text) == ["2 years"]
    assert "data-without" in page.text
    assert sentences.NO_WIDER in page.text
    assert "second range" not in page.text.replace(sentences.NO_WIDER, "")
    assert "Paler bands" not in page.text


def test_before_a_shared_audience_survival_is_shown_on_request(client: TestClient) -> None:
    page = client.post("/patient?audience=shared", data=FORM)
    assert "Show survival estimates" in page.text
    for word in ("data-without", "lr-dot-free", "are alive", "were alive", "HR 0."):
        assert word not in page.text
    sheet = client.post("/patient/sheet?audience=shared", data=FORM)
    assert "are alive" not in sheet.text
    assert "were alive" not in sheet.text
    shown = client.post("/patient?audience=shared", data={**FORM, "show": "survival"})
    assert "are alive" in shown.text
    assert 'name="show" value="survival"' in shown.text


def test_errors_stand_beside_their_field_and_in_a_list(client: TestClient) -> None:
    page = client.post("/patient", data={**FORM, "age": "17", "metastases": "<script>"})
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert '<a href="#field-age">' in page.text
    assert 'id="age-fault"' in page.text
    assert 'aria-invalid="true"' in page.text
    assert "<script>" not in page.text.replace("<script src", "")
    model = client.post("/patient", data={**FORM, "m_her2": "maybe"})
    assert model.status_code == 422
    assert 'href="#field-m_her2"' in model.text


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/patient", b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        ("/patient", b"&".join(b"a=1" for _ in range(500)), "application/x-www-form-urlencoded"),
        ("/patient", b"{}", "application/json"),
        ("/patient", b"months=abc", "application/x-www-form-urlencoded"),
        ("/patient", b"months=nan", "application/x-www-form-urlencoded"),
        ("/patient?model=nope", b"", "application/x-www-form-urlencoded"),
        ("/patient?audience=all", b"", "application/x-www-form-urlencoded"),
        ("/patient?age=52", b"", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_is_refused(client: TestClient, path: str, body: bytes, kind: str) -> None:
    page = client.post(path, content=body, headers={"content-type": kind})
    assert page.status_code == 422


def test_nothing_about_a_patient_goes_by_get(client: TestClient) -> None:
    assert client.get("/patient?age=52").status_code == 422
    assert client.get("/patient/sheet").status_code == 405
    assert client.get("/api/v1/patient").status_code == 405


def test_no_recommendation_in_any_state(client: TestClient) -> None:
    states: list[tuple[str, dict[str, Any]]] = [
        ("/patient", FORM), ("/patient", {**FORM, "age": "110"}), ("/patient", {}),
        ("/patient?model=bad/selection-bad", FORM), ("/patient?audience=shared", FORM),
        ("/patient/sheet", FORM), ("/patient", {**FORM, "age": "1"}),
    ]  # fmt: skip
    for path, data in states:
        text = re.sub(r"<q\b.*?</q>", "", client.post(path, data=data).text, flags=re.DOTALL)
        assert VERBS.findall(re.sub(r"<[^>]+>", " ", text)) == [], path


def test_the_sheet_has_no_name_and_is_short(client: TestClient) -> None:
    page = client.post("/patient/sheet", data=FORM)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "<form" not in page.text
    assert "<input" not in page.text
    assert "Research use. Not a medical device." in page.text
    assert "locoreg" in page.text
    assert "Age in years: <strong>52</strong>" in page.text
    assert "Menopausal status: <strong>unknown</strong>" in page.text


MARKER = "73.125"


def test_nothing_of_a_patient_is_kept(
    client: TestClient, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        data = {**FORM, "systemic_months": MARKER}
        assert client.post("/patient", data=data).status_code == 200
        assert client.post("/patient/sheet", data=data).status_code == 200
        client.post("/patient", data={**data, "age": "x" + MARKER})
        client.post("/api/v1/patient", json={"profile": {"systemic_months": float(MARKER)}})
        client.post("/api/v1/patient", json={"profile": {"age": MARKER}})
    assert MARKER not in caplog.text
    state = client.app.state.locoreg  # type: ignore[attr-defined]
    assert MARKER not in repr(list(state.kept._values))
    assert not any("52" in str(part) for key in state.kept._values for part in key[:1])
    for path in place.rglob("*"):
        if path.is_file() and path.suffix != ".npz":
            assert MARKER.encode() not in path.read_bytes(), path


def test_the_answer_does_not_repeat_the_question(client: TestClient) -> None:
    asked = {"profile": {"systemic_months": float(MARKER), "age": 52}}
    assert MARKER not in client.post("/api/v1/patient", json=asked).text


TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "unknown", "52", "-1", "1e999", "<script>", "'; DROP", "\x00", "NaN"]),
)
NAMES = st.one_of(
    st.sampled_from([*Profile.model_fields, "months", "show", "m_her2", "m_metastases"]),
    st.text(max_size=10),
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(NAMES, TEXTS), max_size=12))
def test_whatever_is_posted_the_server_does_not_fail(
    client: TestClient, pairs: list[tuple[str, str]]
) -> None:
    from urllib.parse import urlencode

    body = urlencode(pairs, errors="surrogatepass").encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("/patient", "/patient/sheet"):
        page = client.post(path, content=body, headers=kind)
        assert page.status_code in (200, 422)


def test_openapi_names_the_question(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert "post" in document["paths"]["/api/v1/patient"]
    assert "PatientQuestion" in document["components"]["schemas"]
