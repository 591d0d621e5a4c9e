"""The plugs: each connector speaks to one kind of system.  They know no Redis, no Celery, no mapping and no neighbour."""
