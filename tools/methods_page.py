"""Write docs/reference/methods.md from the method table."""

from pathlib import Path

from liftgate.stats.table import render

if __name__ == "__main__":
    page = Path(__file__).parents[1] / "docs" / "reference" / "methods.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(), encoding="utf-8")
