"""Alignment of rows into pairs, composition of verdicts into decisions."""
