"""`python -m worker` is `lockstep`."""

from worker.cli import main

main()
