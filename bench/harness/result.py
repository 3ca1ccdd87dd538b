"""One row of the report: two sides measured in turn, their ratio pair by pair, and the bar it has to reach."""
import operator
import statistics
from dataclasses import dataclass, field

SIGNS = {">=": operator.ge, "<=": operator.le}


class Broken(Exception):
    """A scenario could not be measured; says why."""


@dataclass
class Row:
    """`a` and `b` are the figures of each pair in `unit`; `ratio` is computed pair by pair, so that whatever slowed
    the machine down for a while slowed both. `bar` is e.g. ">= 1.15"; None: for information."""
    title: str
    unit: str
    a_name: str
    a: list
    b_name: str
    b: list
    ratios: list
    bar: str = None
    notes: list = field(default_factory=list)
    scenario: str = ""

    @property
    def ratio(self):
        return statistics.median(self.ratios)

    @property
    def met(self):
        if self.bar is None:
            return None
        sign, limit = self.bar.split()
        return SIGNS[sign](self.ratio, float(limit))

    def as_dict(self):
        return {"scenario": self.scenario, "title": self.title, "unit": self.unit, self.a_name: self.a,
                self.b_name: self.b, "ratios": self.ratios, "ratio": self.ratio, "bar": self.bar, "met": self.met,
                "notes": self.notes}


def compare(title, unit, a, b, pairs, ratio, bar=None):
    """`a` and `b` are (name, measure); measure() gives a number. Measured A B, B A, A B, ...: neither side always has
    the warmer cache or the later checkpoint."""
    (a_name, measure_a), (b_name, measure_b) = a, b
    measured_a, measured_b = [], []
    for i in range(pairs):
        sides = [(measure_a, measured_a), (measure_b, measured_b)]
        for measure, into in sides if i % 2 == 0 else reversed(sides):
            into.append(measure())
    ratios = [ratio(x, y) for x, y in zip(measured_a, measured_b)]
    return Row(title, unit, a_name, measured_a, b_name, measured_b, ratios, bar)


def single(title, unit, name, values, bar):
    """A figure that is held against a number and not against another program."""
    return Row(title, unit, name, values, "", [], list(values), bar)
