"""The way to the systems: a line to each, with its sockets, tokens, budget and limits."""
