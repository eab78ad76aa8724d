"""One folder a city system (场景)."""
