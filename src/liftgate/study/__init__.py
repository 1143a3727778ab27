"""The planned comparison: design, loading with positions, lint, lock, amendments."""
