"""A batch of made-up answers, ready to be rated."""

from __future__ import annotations

from liftgate.canon import canonical, digest
from liftgate.humans import batch as batches
from liftgate.humans.desk import Desk
from liftgate.humans.draw import Wishes, draw
from liftgate.humans.ratings import Ratings
from liftgate.humans.subjects import Gold, Side, Subject
from liftgate.records import Anchor, Rubric, RubricKind, RubricScale, RubricUnit

ARMS = ("acme-large-v9", "tiny-q4-secret")


def rubric(kind=RubricKind.ORDINAL, unit=RubricUnit.ANSWER, values=(1, 2, 3, 4, 5), keys="12345"):
    anchors = tuple(
        Anchor(float(value), f"grade {value:g}", f"when it is {value:g}", key)
        for value, key in zip(values, keys, strict=False)
    )
    return Rubric(
        "quality", "1", "made up", "How good is it?", RubricScale(kind, anchors), unit=unit
    )


def pair_rubric():
    return rubric(RubricKind.INTERVAL, RubricUnit.PAIR, (0, 0.5, 1), "bta")


def answers(items=30, arms=ARMS, harm=lambda n: "", stratum=lambda n: ""):
    return [
        Subject(
            key=digest([n, arm]),
            item=f"item-{n}",
            shown={"Question": f"What is {n}?"},
            sides=(Side(f"It is {n}, says number {place}.", {"trial": digest([arm, n])}),),
            stratum=stratum(n),
            harm=harm(n),
        )
        for n in range(items)
        for place, arm in enumerate(arms)
    ]


def pairs(items=30):
    return [
        Subject(
            key=digest(["pair", n]),
            item=f"item-{n}",
            shown={"Question": f"What is {n}?"},
            sides=(
                Side(f"first of {n}", {"trial": f"a{n}"}),
                Side(f"second of {n}", {"trial": f"b{n}"}),
            ),
        )
        for n in range(items)
    ]


def golds(count=8, value=3.0, sides=1):
    return [
        Gold(
            Subject(f"gold-{n}", f"gold-{n}", {"Question": f"gold {n}?"},
                    tuple(Side(f"gold answer {n}.{s}") for s in range(sides))),
            value,
        )
        for n in range(count)
    ]  # fmt: skip


class Desks:
    """A batch in memory, its ratings in a file."""

    def __init__(self, folder, pool=None, rubric_=None, gold=(), **wishes):
        wanted = Wishes(**{"raters": ("ann", "bob"), "items": 10, "seed": 7, **wishes})
        asked = rubric_ or rubric()
        drawn = draw(answers() if pool is None else pool, asked, wanted, gold)
        self.texts = {}
        body = batches.body_of(drawn, asked, wanted, gold, source="sha256:0", put=self.put)
        self.batch = batches._batch(canonical(body))
        self.path = folder / "ratings.db"
        self.ratings = Ratings(self.path, self.batch.digest)
        # Tests that say nothing of durability need not wait for the disk.
        self.ratings._connection.execute("PRAGMA synchronous = OFF")
        self._sent = 0

    def put(self, value):
        self.texts[digest(value)] = value
        return digest(value)

    def desk(self, rater):
        return Desk(self.batch, rater, self.ratings, self.texts.__getitem__)

    def once(self, desk, name=None):
        self._sent += 1
        return {"request": name or f"request-{self._sent}", "seen": desk.place().seen}

    def rate_all(self, rater, value=lambda subject, n: 3.0):
        desk = self.desk(rater)
        for n, task in enumerate(desk.tasks, 1):
            desk.rate(n, value(self.batch.subjects[task.subject], n), **self.once(desk))
