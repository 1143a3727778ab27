"""Numbers to SVG, with a data table under each picture."""
