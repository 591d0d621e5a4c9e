"""All of Lockstep on one machine: the embedded store, the processes and the terminal in which they run."""
