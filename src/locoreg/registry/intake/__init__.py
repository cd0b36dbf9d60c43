"""What every source shares: where rows go, how files are opened, how text rows are read."""
