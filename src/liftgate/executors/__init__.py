"""Where calls are made: one file an executor."""
