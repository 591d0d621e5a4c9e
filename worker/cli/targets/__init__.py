"""The systems that are written to."""
