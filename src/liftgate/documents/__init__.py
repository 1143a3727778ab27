"""Reports compiled from evidence."""
