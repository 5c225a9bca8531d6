"""The backend `direct`: correlations through one register tile and a table of offsets, and the pools by vectors."""
