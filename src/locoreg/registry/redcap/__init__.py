"""REDCap: the data dictionary, exports in their raw and label forms, instruments, maps."""
