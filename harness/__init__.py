"""convoracle.harness."""
