"""From an answer to a number: one file per scorer, and none knows another.

``liftgate.scorers.label`` is what they share: reading a label, and saying what an answer should
have been.
"""
