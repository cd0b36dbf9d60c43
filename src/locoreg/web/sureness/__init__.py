"""How sure a pooled answer is, and what would settle it: forms, blocks and figures."""
