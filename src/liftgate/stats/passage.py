"""When a Brownian motion first passes an upper boundary that is looked at a few times.

At information fraction t the standardised sum of independent contributions behaves like B(t), a
Brownian motion with some drift; a look compares z = B(t)/√t with a boundary. The part of the
density that has not yet passed is carried from look to look by numerical integration
(Armitage, McPherson & Rowe 1969, JRSS A 132, 235–244; Jennison & Turnbull 2000, Group Sequential
Methods, ch. 19):

    f_l(s) = ∫ f_{l−1}(u) · φ((s − u − drift·Δ)/√Δ)/√Δ du   over u below the boundary of look l − 1

Gauss–Legendre panels are no wider than six standard deviations of the narrower kernel beside
them. Nothing bounds the paths from below: stopping for any other reason than a passage only lowers
the probability of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liftgate.stats.inputs import Floats

NARROWEST = 0.02
"""The least standard deviation of a step, on the scale of z, that the panels resolve."""
HIGHEST = 40.0
"""No z that a double can tell from certainty is larger."""
_REACH = 9.0
"""Densities farther than this above their drift are left out: below 1e-18."""
_DEPTH = 6.5
"""Paths that far below their drift do not come back in any number that matters."""
_PANEL = 6.0
_NODES = 16
_HALVINGS = 60
_CHUNK = 4_000_000


@dataclass(frozen=True, eq=False)
class Front:
    """Paths that have passed no boundary so far, for several problems at once.

    Args:
        time: shape (problems, 1): information fraction of the last look; 0 before the first.
        drift: shape (problems, 1): mean of B(1).
        nodes: shape (problems, nodes): values of B.
        mass: shape (problems, nodes): quadrature weight × density; the sum is the probability
            of no passage so far.
    """

    time: Floats
    drift: Floats
    nodes: Floats
    mass: Floats

    def passing(self, time: Floats, z: Floats) -> Floats:
        """Return the probability of no passage so far and B(time)/√time ≥ z.

        Args:
            time: shape (problems, 1).
            z: shape (problems,).
        """
        from scipy.special import ndtr

        step = time - self.time
        ahead = self.nodes + self.drift * step - z[:, None] * np.sqrt(time)
        found: Floats = np.sum(self.mass * ndtr(ahead / np.sqrt(step)), axis=1)
        return found

    def boundary(self, time: Floats, spend: Floats) -> Floats:
        """Return z such that ``passing`` equals ``spend``, by bisection.

        Args:
            time: shape (problems, 1).
            spend: shape (problems,), probabilities; 0 gives ``HIGHEST``.
        """
        low, high = np.full(spend.shape, -_REACH), np.full(spend.shape, HIGHEST)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            above = self.passing(time, middle) > spend
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return high

    def advance(self, time: Floats, z: Floats, following: float) -> Front:
        """Return the paths that stay below a boundary at the next look.

        Args:
            time: shape (problems, 1).
            z: shape (problems,), the boundary.
            following: standard deviation of the step after this one, on the scale of z.
        """
        root = np.sqrt(time)
        step = time - self.time
        top = np.minimum(z, self.drift[:, 0] * root[:, 0] + _REACH)
        bottom = np.minimum(self.drift[:, 0] * root[:, 0], top) - _DEPTH
        narrow = min(following, float(np.min(np.sqrt(step) / root)))
        panels = int(np.ceil(np.max(top - bottom) / (_PANEL * narrow)))
        points, weights = _panels(panels)
        width = ((top - bottom)[:, None]) * root
        nodes = bottom[:, None] * root + width * points
        density = _moved(self, nodes, step)
        return Front(time, self.drift, nodes, width * weights * density)


def start(drift: Floats) -> Front:
    """Return the front before the first look.

    Args:
        drift: shape (problems,): mean of B(1).
    """
    column = np.asarray(drift, dtype=np.float64)[:, None]
    return Front(np.zeros_like(column), column, np.zeros_like(column), np.ones_like(column))


def passages(fractions: Floats, z: Floats, drift: Floats) -> Floats:
    """Return the probability of a first passage at each look.

    Args:
        fractions: shape (looks,), increasing, in (0, 1].
        z: shape (looks,), boundaries.
        drift: shape (problems,): mean of B(1).

    Returns:
        shape (problems, looks).
    """
    front, found = start(drift), []
    for look, after in enumerate(steps_after(fractions)):
        time = np.full_like(front.drift, fractions[look])
        level = np.full(front.drift.shape[0], z[look])
        found.append(front.passing(time, level))
        if look + 1 < fractions.size:
            front = front.advance(time, level, after)
    return np.stack(found, axis=1)


def steps_after(fractions: Floats) -> list[float]:
    """Return for each look the standard deviation of the next step on the scale of z."""
    relative = np.sqrt(np.diff(fractions) / fractions[1:])
    return [*relative.tolist(), 1.0]


def _panels(panels: int) -> tuple[Floats, Floats]:
    """Return Gauss–Legendre nodes and weights of several equal panels on (0, 1)."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    points = (np.arange(panels)[:, None] + (node + 1) / 2) / panels
    weights = np.broadcast_to(weight / (2 * panels), points.shape)
    return points.ravel(), weights.ravel()


def _moved(front: Front, nodes: Floats, step: Floats) -> Floats:
    """Return the density at new nodes after a step, in pieces that fit the memory."""
    problems, wide = nodes.shape
    rows = max(1, _CHUNK // (wide * front.nodes.shape[1]))
    found = np.empty_like(nodes)
    for first in range(0, problems, rows):
        part = slice(first, first + rows)
        root = np.sqrt(step[part])
        centre = (front.nodes[part] + front.drift[part] * step[part]) / root
        away = nodes[part][:, :, None] / root[:, :, None] - centre[:, None, :]
        kernel = np.exp(-away * away / 2)
        found[part] = np.einsum("pij,pj->pi", kernel, front.mass[part]) / root
    density: Floats = found / np.sqrt(2 * np.pi)
    return density
