"""One scorer, one system, two rules and one importer for liftgate."""
