"""The machine: takes events in, works out what each target should hold, and writes it in order and once.  It knows no vendor."""
