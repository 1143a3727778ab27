"""Write items.jsonl: 160 dates as people type them, with what they mean."""

import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

STYLES = {
    "iso": "{y}-{m:02}-{d:02}",
    "dots": "{d}.{m}.{y}",
    "slashes": "{d:02}/{m:02}/{y}",
    "named": "{d} {name} {y}",
    "american": "{name} {d}, {y}",
}
NAMES = "January February March April May June July August September October November December"


def rows() -> Iterator[dict[str, str]]:
    """Yield rows; no text twice, since two items of one input are not independent."""
    draw = random.Random(1)
    seen: set[str] = set()
    while len(seen) < 160:
        day = date(1990, 1, 1) + timedelta(days=draw.randrange(13_000))
        style = draw.choice([*STYLES])
        name = NAMES.split()[day.month - 1]
        text = STYLES[style].format(y=day.year, m=day.month, d=day.day, name=name)
        if text in seen:
            continue
        seen.add(text)
        yield {
            "id": f"date-{len(seen):03}",
            "input": text,
            "target": day.isoformat(),
            "style": style,
        }


if __name__ == "__main__":
    lines = [json.dumps(row) for row in rows()]
    Path(__file__).with_name("items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
