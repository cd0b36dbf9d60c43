"""The pages, one module each: ``router`` for pages and figures, ``api`` for the same numbers."""
