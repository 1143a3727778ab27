"""Failures read by people: a taxonomy, batches to code, codes, and what they say together."""
