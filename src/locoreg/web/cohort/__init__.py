"""Parts of the registry cohort explorer."""
