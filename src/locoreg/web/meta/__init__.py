"""Pool a table of one's own: the form, and what stands under it."""
