"""One function per user task; the command line and the report call these and add no arithmetic."""
