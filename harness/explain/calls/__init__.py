"""What a wrong call owes to calls before it."""
