"""Capture of what ran, and the way from a number back to its rows."""
