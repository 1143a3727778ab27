"""Embedded models: their files, hash-checked, and the runtime that loads them."""
