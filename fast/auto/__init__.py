"""The backend that chooses: which of the others computes a call, and why."""
