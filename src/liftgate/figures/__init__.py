"""Numbers to SVG, with the rows of a data table for each picture.

A figure is SVG text for the inside of an HTML page: it takes its colours from ``currentColor`` and
from the page's style sheet, scales with its view box, says in ``<title>`` and ``<desc>`` what it
shows, and never tells anything by colour alone.
"""

from __future__ import annotations

from liftgate.figures.figure import Figure, Interval, Unit
from liftgate.figures.forest import ForestRow, Margin, forest, interval_bar
from liftgate.figures.front import FrontAxis, FrontPoint, pareto
from liftgate.figures.looks import Look, looks
from liftgate.figures.outcomes import Outcome, outcomes
from liftgate.figures.sparkline import sparkline
from liftgate.figures.standalone import inline, standalone
from liftgate.figures.text import escape, visible

__all__ = [
    "Figure",
    "ForestRow",
    "FrontAxis",
    "FrontPoint",
    "Interval",
    "Look",
    "Margin",
    "Outcome",
    "Unit",
    "escape",
    "forest",
    "inline",
    "interval_bar",
    "looks",
    "outcomes",
    "pareto",
    "sparkline",
    "standalone",
    "visible",
]
