"""A simulated world with known truth, for the tests of liftgate and of its users."""
