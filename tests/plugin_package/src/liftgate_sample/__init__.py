"""One scorer, one system and one rule for liftgate."""
