"""Readers of foreign tables and logs, one file each."""
