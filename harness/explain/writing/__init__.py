"""A failure as its author reads it: as text, as a command, as a test file."""
