"""Which of the known mistakes a wrong result is."""
