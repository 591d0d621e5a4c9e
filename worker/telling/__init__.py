"""What an operator is told: collected from the store, decided by the same pure functions that the engine uses, put into words."""
