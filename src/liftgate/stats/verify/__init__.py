"""What every shipped method really does: error and coverage, measured on worlds with known truth.

An ``Experiment`` runs one method in one world and fills one or more ``Cell``s, each with its band.
Nothing here is used by a gate; ``liftgate stats verify`` prints it, and the docs publish it.
"""
