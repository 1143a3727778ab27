"""Entries in a hash chain: what was locked, run and decided, in which order."""
