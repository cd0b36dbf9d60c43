"""Required concepts that a site's CONCEPT table lacks: when that is harmless, and when a fault."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.registry.intake.sink import Problem
from locoreg.registry.omop.reading import Cdm
from locoreg.registry.omop.rules import ConceptRule

MODIFIERS = ("metastasis", "m1", "stage_iv")
_NAMES = {
    "breast_malignancy": "breast.*(malignan|carcinom|cancer|neoplas)"
    "|(malignan|carcinom|cancer|neoplas).*breast",
    "secondary_malignancy": "secondary.*(malignan|carcinom|cancer|neoplas)|metasta",
}
_MEANS = {
    "breast_malignancy": "there is no breast malignancy in CONCEPT, and nobody can enter",
    "secondary_malignancy": "there is no secondary malignancy in CONCEPT, and CONDITION_OCCURRENCE "
    "holds no metastases",
    **dict.fromkeys(
        MODIFIERS,
        "the vocabulary Cancer Modifier is not loaded, and metastases are looked for in "
        "CONDITION_OCCURRENCE only",
    ),
}


def harmless(cdm: Cdm, missing: Sequence[ConceptRule]) -> tuple[list[ConceptRule], list[Problem]]:
    """Return the missing concepts without which nothing can be overlooked, with an issue for each.

    A small CDM often comes with no more of the vocabulary than its rows use. If CONCEPT holds
    nothing of the kind under any id, and every concept id of the rows stands in CONCEPT, no row can
    mean it. Otherwise the vocabulary is incomplete, and the import has to stop.

    Parameters
    ----------
    cdm : Cdm
        The CDM.
    missing : sequence of ConceptRule
        Required concepts that CONCEPT lacks.
    """
    kept: list[ConceptRule] = []
    roles = {rule.role for rule in missing}
    if "breast_malignancy" in roles and _none_of(cdm, "breast_malignancy"):
        # Nobody can enter: what else is missing makes no difference.
        kept = list(missing)
    else:
        kept = [rule for rule in missing if rule.role != "breast_malignancy"]
        kept = [rule for rule in kept if _none_of(cdm, rule.role)]
    return kept, [_issue(rule) for rule in kept]


def _none_of(cdm: Cdm, role: str) -> bool:
    """Whether CONCEPT holds nothing of the kind, and all that the rows use."""
    if role in MODIFIERS:
        return not (
            cdm.has_concept(vocabulary="Cancer Modifier")
            or cdm.has_strangers("measurement", "measurement_concept_id")
            or cdm.has_strangers("measurement", "value_as_concept_id")
        )
    return not (
        cdm.has_concept(name=_NAMES[role])
        or cdm.has_strangers("condition_occurrence", "condition_concept_id")
    )


def _issue(rule: ConceptRule) -> Problem:
    return Problem(
        rule="concept-missing",
        severity="serious",
        message=f"{rule.concept_id} ({rule.role}) is missing in CONCEPT: {_MEANS[rule.role]}.",
        source_file="concept",
        column_name="concept_id",
        value=str(rule.concept_id),
    )
