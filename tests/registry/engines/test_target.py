from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DesignError
from locoreg.registry.engines.target import ServerAddress, checked_schema, quoted, scheme_of


def test_an_address_is_taken_apart() -> None:
    address = ServerAddress.parse("postgres://u:p%40ss@h:5433/db?schema=a%20b&sslmode=require")
    assert address.schema == "a b"
    assert address.uri == ("postgresql://u:p%40ss@h:5433/db?sslmode=require&connect_timeout=10")
    assert address.shown == "postgresql://u:***@h:5433/db?sslmode=require"


def test_a_password_as_parameter_is_hidden_too() -> None:
    address = ServerAddress.parse("postgresql://h/db?user=u&password=geheim&connect_timeout=3")
    assert address.shown == "postgresql://h/db?user=u&password=***&connect_timeout=3"
    assert "geheim" in address.uri
    assert address.uri.count("connect_timeout") == 1


def test_all_parts_may_be_missing() -> None:
    assert ServerAddress.parse("postgresql://").shown == "postgresql://"
    assert ServerAddress.parse("postgresql:///db").schema is None


@settings(deadline=None, max_examples=50)
@given(
    password=st.text(st.characters(exclude_categories=("Cs",)), min_size=4),
    user=st.sampled_from(["", "u", "u@x"]),
)
def test_the_password_never_shows(password: str, user: str) -> None:
    encoded = quote(password, safe="")
    address = ServerAddress.parse(f"postgresql://{quote(user, safe='')}:{encoded}@host/db")
    for text in (address.shown, repr(address), str(address)):
        assert encoded not in text.replace("postgresql://", "").replace("host/db", "") or (
            encoded in "***" or encoded in "ServerAddress(shown='')schema=None"
        )
    said = address.clean(f"failed: {address.uri}; {password!s}; {encoded}")
    assert f":{encoded}@" not in said
    assert f"; {password}; " not in said or password in "***; ***"


@pytest.mark.parametrize("text", ["mysql://h/db", "host/db", "", "postgresql:/h"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(DesignError, match="no address of a PostgreSQL server"):
        ServerAddress.parse(text)


@pytest.mark.parametrize(
    "text",
    ["postgresql://u:ge/heim@h/db", "postgresql://u:ge?heim@h/db", "postgresql://u:ge/h?eim@h/db"],
)
def test_a_password_that_is_not_encoded_is_refused_unseen(text: str) -> None:
    with pytest.raises(DesignError, match="must be encoded") as caught:
        ServerAddress.parse(text)
    assert "heim" not in str(caught.value)


def test_an_at_sign_may_stand_in_a_password_and_in_parameters() -> None:
    assert ServerAddress.parse("postgresql://u:a@b@h/db").shown == "postgresql://u:***@h/db"
    shown = ServerAddress.parse("postgresql://h:5432/db?user=a%40b").shown
    assert shown == "postgresql://h:5432/db?user=a%40b"


def test_two_schemas_are_one_too_many() -> None:
    with pytest.raises(DesignError, match="more than one schema"):
        ServerAddress.parse("postgresql://h/d?schema=a&schema=b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spark:/a/b", ("spark", "/a/b")),
        ("spark:///a", ("spark", "/a")),
        ("mysql://h", ("mysql", "h")),
        ("folder", (None, "folder")),
        ("C:/folder", (None, "C:/folder")),
        ("/a/b:c", (None, "/a/b:c")),
    ],
)
def test_scheme(text: str, expected: tuple[str | None, str]) -> None:
    assert scheme_of(text) == expected


@pytest.mark.parametrize(
    "name",
    ["", " ", "x" * 64, "ä" * 32, "pg_x", "PG_catalog", "public", "information_schema", "a\0"],
)
def test_schemas_that_are_refused(name: str) -> None:
    with pytest.raises(DesignError, match=r"can't be the name|is not for registries"):
        checked_schema(name)


def test_any_other_name_is_quoted() -> None:
    name = checked_schema('we"ird; DROP SCHEMA x; --')
    assert quoted(name) == '"we""ird; DROP SCHEMA x; --"'
