"""The engine: the way of a change, from the webhook to the record.  Read propagate.py, deliver.py and fold.py first."""
