"""Pages of emulated trials and of who gains, from the steps of stored runs."""
