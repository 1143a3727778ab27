"""One scorer, one system and two rules for liftgate."""
