"""Which cases fail: the smallest one, and what is true of those that fail and of no other."""
