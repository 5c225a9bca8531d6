"""convoracle.reference."""
