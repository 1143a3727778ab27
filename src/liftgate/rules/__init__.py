"""What a claim's estimate says: one file a rule."""
