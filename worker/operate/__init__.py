"""What operators do: the stories of the commands that act.  Each has a part that only looks, so that a command can say what
would happen, and a part that acts.  Knows no command line and prints nothing."""
