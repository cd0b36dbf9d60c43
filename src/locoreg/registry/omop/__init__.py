"""Parts of the OMOP source: reading a CDM 5.4, resolving its concepts, mapping its rows."""
