"""Built-in systems, one file each."""
