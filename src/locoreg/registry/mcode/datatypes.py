"""The FHIR R4 data types that the importer reads; elements it does not need are ignored."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Number = Annotated[float, Field(allow_inf_nan=False)]


class Part(BaseModel):
    """A piece of a resource: JSON types as FHIR defines them, unknown elements ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, alias_generator=to_camel)


class Coding(Part):
    """One code of one code system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class Concept(Part):
    """CodeableConcept: codes that mean the same, and words."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None


class Identifier(Part):
    """A number given to a thing by a system."""

    system: str | None = None
    value: str | None = None


class Reference(Part):
    """A pointer to another resource."""

    reference: str | None = None
    type: str | None = None
    identifier: Identifier | None = None


class Quantity(Part):
    """A measured amount."""

    value: Number | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Ratio(Part):
    """A ratio of two amounts."""

    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Range(Part):
    """An interval of amounts; only that there is one is of interest."""


class Period(Part):
    """An interval of time."""

    start: str | None = None
    end: str | None = None


class Extension(Part):
    """An extension with the kinds of value that mCODE uses."""

    url: str
    extension: tuple[Extension, ...] = ()
    value_boolean: bool | None = None
    value_code: str | None = None
    value_string: str | None = None
    value_date_time: str | None = None
    value_unsigned_int: int | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_reference: Reference | None = None


class Companion(Part):
    """What stands beside a primitive element (``_birthDate``)."""

    extension: tuple[Extension, ...] = ()


class Site(Concept):
    """A body site with its qualifiers."""

    extension: tuple[Extension, ...] = ()


class Meta(Part):
    """Profiles, labels and the time of the last change."""

    profile: tuple[str, ...] = ()
    security: tuple[Coding, ...] = ()
    tag: tuple[Coding, ...] = ()
    last_updated: str | None = None


class Repeat(Part):
    """When something is repeated."""

    bounds_period: Period | None = None


class Timing(Part):
    """When something is done."""

    event: tuple[str, ...] = ()
    repeat: Repeat | None = None
