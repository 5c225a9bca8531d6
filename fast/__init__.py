"""convoracle.fast."""
