"""Running trials and scorers over items."""
