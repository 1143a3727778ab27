"""What liftgate found, in the formats of others: one file a format, pure, no I/O."""
