"""The endpoint: HTTP in, events on disk, the answer that the sender expects."""
