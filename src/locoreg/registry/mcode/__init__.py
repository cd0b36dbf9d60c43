"""FHIR R4 resources of the mCODE guide (STU4), read into the canonical tables."""
