"""Living evidence: check new rows before they are in, and say what they change."""
