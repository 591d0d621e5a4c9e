"""All of Lockstep on one machine: the processes, started together, watched and stopped together."""
