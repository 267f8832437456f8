"""Says whether a target is met: by the medians of what rounds gave, unless the rounds differ too much to say so."""

import statistics
from dataclasses import dataclass

# Where the target lies between the quartiles, rounds that differ by no more than this share of their median are still judged.
CLOSE = 0.05
# A run of which a larger share of targets cannot be judged judges none.
MOST_UNTOLD = 1 / 3
MET, MISSED, UNTOLD = "✓", "✗", "not judged: the rounds differ too much"


@dataclass(frozen=True)
class Middle:
    """The median of what the rounds gave, between its quartiles."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values):
        values = list(values)
        if len(values) < 2:
            return Middle(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return Middle(median, low, high)

    @property
    def spread(self):
        """The distance of the quartiles, as a share of the median."""
        return (self.high - self.low) / abs(self.median) if self.median else 0.0

    def verdict(self, target):
        """Whether this is at most the target. It is told where both quartiles lie on one side, or lie close together."""
        if self.high <= target:
            return MET
        if self.low > target:
            return MISSED
        if self.spread > CLOSE:
            return UNTOLD
        return MET if self.median <= target else MISSED

    def told(self, form):
        """The median with its quartiles, each in a form: `{:.2f} ×`."""
        if self.low == self.high:
            return form.format(self.median)
        return f"{form.format(self.median)} ({form.format(self.low)} to {form.format(self.high)})"


@dataclass(frozen=True)
class Judged:
    """A target and what came of it."""

    what: str
    value: Middle
    target: float
    form: str

    @property
    def verdict(self):
        return self.value.verdict(self.target)


def is_noisy(judged):
    """Whether too few of the targets can be judged."""
    untold = sum(one.verdict == UNTOLD for one in judged)
    return untold > len(judged) * MOST_UNTOLD
