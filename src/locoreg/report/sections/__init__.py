"""The parts of the report page, in the order in which they stand."""
