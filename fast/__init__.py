"""The operations in several backends, behind one selector; `convoracle` exports the public functions."""
