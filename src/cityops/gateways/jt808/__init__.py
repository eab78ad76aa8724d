"""JT/T 808 vehicle terminals (部标 808)."""
