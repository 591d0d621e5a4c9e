"""The demonstration: a real store, real processes, sandboxed systems, signed webhooks; what it prints is read back over HTTP."""
