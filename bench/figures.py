"""The table of ./dev bench: what was reached beside what was asked."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Asked:
    """A bound of a figure: at most, or at least, that number of its unit."""
    bound: float
    at_least: bool = False

    def met_by(self, value):
        return value >= self.bound if self.at_least else value <= self.bound

    def text(self, digits):
        return f"{'>=' if self.at_least else '<='} {round(self.bound, max(digits, 2)):g}"


def at_most(bound):
    return Asked(bound)


def at_least(bound):
    return Asked(bound, at_least=True)


class Figures:
    """Prints rows as they come, and counts those that were asked for. `elsewhere`: what others (by default Tempo 3 and
    VictoriaTraces) took for about the same, measured on such a machine and not in this run."""

    WIDTHS = (74, 12, 18, 22)

    def __init__(self, elsewhere="Tempo / VictoriaTr."):
        self._elsewhere = elsewhere
        self.asked = 0
        self.missed = []
        self._section = ""

    def section(self, title):
        self._section = title
        print(f"\n## {title}\n")
        self._line("figure", "reached", "asked", self._elsewhere)
        print("|" + "|".join("-" * (width + 2) for width in self.WIDTHS) + "|", flush=True)

    def row(self, name, value, asked=None, digits=2, elsewhere=""):
        """A number, judged by its unrounded value when something was asked. None: it could not be measured."""
        reached = "not measured" if value is None else f"{value:,.{digits}f}"
        wanted = ""
        if asked is not None:
            self.asked += 1
            wanted = asked.text(digits)
            if value is None or not asked.met_by(value):
                wanted += "  missed"
                self.missed.append(f"{self._section}: {name}: {reached}, asked {asked.text(digits)}")
        self._line(name, reached, wanted, elsewhere)

    def note(self, text):
        print(f"  ({text})", flush=True)

    def closing(self):
        print(f"\n{self.asked - len(self.missed)} of {self.asked} figures reached what was asked.")
        for missed in self.missed:
            print(f"missed: {missed}")

    def _line(self, name, reached, asked, elsewhere):
        a, b, c, d = self.WIDTHS
        print(f"| {name:<{a}} | {reached:>{b}} | {asked:<{c}} | {elsewhere:<{d}} |", flush=True)
