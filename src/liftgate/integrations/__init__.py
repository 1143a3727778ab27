"""Where liftgate goes into the tools that people already use."""
