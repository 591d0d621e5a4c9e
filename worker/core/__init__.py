"""The pure core: values in, values out.  No client, no Redis, no Celery, no clock, no randomness, no logging."""
