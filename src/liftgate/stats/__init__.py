"""Statistics: frozen estimates, one method table, refusals instead of wrong numbers."""
