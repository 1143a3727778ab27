"""Trials, scores, measures and blobs: SQLite while running, Parquet when done, DuckDB to read."""
