"""The evidence, explored: what exists, what a choice of it gives, what one study holds."""
