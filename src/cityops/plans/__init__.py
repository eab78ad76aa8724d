"""Emergency plans and drills (预案)."""
