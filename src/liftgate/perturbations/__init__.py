"""Items changed on purpose, in ways that should not change how well they are answered.

Each family is a pure function of an item and a seed: the same bytes on every machine. What it must
leave as it is, is its contract.
"""
