"""Learning from what happened (研判)."""
