"""The store: what is kept in Redis, and the only ways to change it.  A script is a .lua file beside its caller."""
