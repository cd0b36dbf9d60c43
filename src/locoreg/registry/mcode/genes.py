"""Genomic variants: the tables ``biomarker`` and ``receptor_assay``, germline BRCA."""

from __future__ import annotations

from typing import NamedTuple

from locoreg.registry.mcode.codes import Reading, read_code, system_of, words_of
from locoreg.registry.mcode.conditions import Cancers, origin_of
from locoreg.registry.mcode.datatypes import Quantity
from locoreg.registry.mcode.output import date_cells
from locoreg.registry.mcode.record import Item, Record
from locoreg.registry.mcode.resources import Observation
from locoreg.registry.mcode.staging import date_of

Germline = dict[str, str]
_ASSAYED = {"ESR1": "ESR1", "PIK3CA": "PIK3CA", "BRCA1": "BRCA", "BRCA2": "BRCA"}


class Variant(NamedTuple):
    """One result of one variant or of a search for it.

    Attributes
    ----------
    item : Item
        The observation.
    genes : tuple of str
        HGNC symbols.
    found : Reading or None
        Present or absent.
    germline : bool
        Whether it is inherited.
    significance : str
        pathogenic, vus, none or empty.
    fraction : float or None
        Variant allele fraction, 0 to 1.
    """

    item: Item[Observation]
    genes: tuple[str, ...]
    found: Reading | None
    germline: bool
    significance: str
    fraction: float | None


def read_variants(record: Record) -> list[Variant]:
    """Return all variants of a patient."""
    return [_variant(record, item) for item, _ in record.having("variant_code")]


def _variant(record: Record, item: Item[Observation]) -> Variant:
    observation = item.resource
    genes: list[str] = []
    germline, significance, fraction = False, "", None
    for component in observation.component:
        part = read_code("variant_part", component.code)
        concept = component.value_codeable_concept
        if part is None:
            continue
        if part.value == "gene" and concept is not None:
            genes += [
                coding.display
                for coding in concept.coding
                if coding.display and system_of(coding.system) == "HGNC"
            ][:1]
        elif part.value == "source":
            source = read_code("source_class", concept)
            germline = source is not None and source.value == "germline"
        elif part.value == "significance":
            meaning = read_code("significance", concept)
            significance = meaning.value if meaning else ""
        elif part.value == "vaf":
            fraction = _fraction(record, item, component.value_quantity)
    found = read_code("result", observation.value_codeable_concept)
    return Variant(item, tuple(genes), found, germline, significance, fraction)


def _fraction(record: Record, item: Item[Observation], quantity: Quantity | None) -> float | None:
    if quantity is None or quantity.value is None:
        return None
    unit = quantity.code or quantity.unit
    value = quantity.value / 100 if unit == "%" else quantity.value
    if unit in ("%", "1", "{ratio}") and 0 <= value <= 1 and not quantity.comparator:
        return value
    record.problem(
        "fraction-not-usable",
        "serious",
        "The allele fraction is no number from 0 to 1 (unit 1) or percentage: it was left empty.",
        item,
        column="value",
        table="biomarker",
        value=f"{quantity.comparator or ''}{quantity.value:g} {unit or ''}",
    )
    return None


def germline_of(record: Record, variants: list[Variant]) -> Germline:
    """Return what is known of germline BRCA1 and BRCA2.

    A variant whose clinical significance isn't stated is a problem and nothing else: it may be
    harmless.
    """
    out: Germline = {}
    rank = {"pathogenic": 3, "vus": 2, "none": 1}
    for variant in variants:
        if not variant.germline or variant.found is None:
            continue
        for gene in variant.genes:
            if gene not in ("BRCA1", "BRCA2"):
                continue
            meaning = "none" if variant.found.value == "neg" else variant.significance
            if not meaning:
                record.problem(
                    "germline-significance-missing",
                    "minor",
                    f"A germline variant of {gene} has no clinical significance: it was not used.",
                    variant.item,
                    column=f"{gene.lower()}_germline",
                    table="patient",
                )
            elif rank[meaning] > rank.get(out.get(gene, ""), 0):
                out[gene] = meaning
    return out


def write_variants(record: Record, cancers: Cancers, variants: list[Variant]) -> None:
    """Write one row per gene of each variant, and assays of ESR1, PIK3CA and BRCA."""
    for variant in variants:
        item = variant.item
        if origin_of(record, cancers, item) == "other":
            item.why = "a variant of another primary"
            continue
        date = date_of(record, item)
        detected = {"pos": True, "neg": False}.get(variant.found.value if variant.found else "")
        if variant.found is not None:
            record.output.code("biomarker", "detected", detected, variant.found)
        for number, gene in enumerate(variant.genes or ("",), start=1):
            item.used = True
            alone = len(variant.genes) <= 1
            record.output.row(
                "biomarker",
                item.origin,
                {
                    "biomarker_id": item.key if alone else f"{item.key}/{number}",
                    "patient_id": record.patient_id,
                    **date_cells("date", date),
                    "analyte": "VAF",
                    "gene": gene or None,
                    "value": variant.fraction if alone else None,
                    "unit": "1" if alone and variant.fraction is not None else None,
                    "detected": detected,
                    "assay": next(iter(words_of(item.resource.method)), None),
                },
            )
        _write_assays(record, variant)


def _write_assays(record: Record, variant: Variant) -> None:
    """Write tests of the genes that decide on treatment; inherited ones stand with the patient."""
    if variant.germline or variant.found is None:
        return
    markers = {_ASSAYED[gene] for gene in variant.genes if gene in _ASSAYED}
    for marker in sorted(markers):
        record.output.row(
            "receptor_assay",
            variant.item.origin,
            {
                "assay_id": f"{variant.item.key}/{marker}",
                "patient_id": record.patient_id,
                **date_cells("sample_date", date_of(record, variant.item)),
                "marker": marker,
                "value_code": variant.found.value,
                "method": next(iter(words_of(variant.item.resource.method)), None),
            },
        )
