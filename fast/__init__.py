"""The operations in several backends, behind one selector; `convoracle` itself re-exports the public functions."""
