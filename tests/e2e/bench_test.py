#!/usr/bin/env python3
"""The table of ./dev bench judges figures by what they are, not by what is printed, and forgets none."""
import contextlib
import io
import pathlib
import subprocess
import sys
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

import figures  # noqa: E402
import sections  # noqa: E402


class FiguresTest(unittest.TestCase):
    # Value, asked, whether that is a miss.
    CASES = [
        (2.0, figures.at_most(2), False),
        (2.0004, figures.at_most(2), True),
        (1.8, figures.at_least(1.8), False),
        (1.7996, figures.at_least(1.8), True),
        (None, figures.at_most(2), True),
        (99.0, None, False),
    ]

    def test_rows_are_judged(self):
        for value, asked, missed in self.CASES:
            table = figures.Figures()
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                table.section("part")
                table.row("name", value, asked)
                table.closing()
            with self.subTest(value=value, asked=asked):
                self.assertEqual(table.asked, 0 if asked is None else 1)
                self.assertEqual(len(table.missed), 1 if missed else 0)
                self.assertEqual("missed: part: name" in out.getvalue(), missed)

    def test_every_section_has_the_shape_of_its_family(self):
        modules = {path.stem for path in (BENCH / "sections").glob("*.py")} - {"__init__"}
        self.assertEqual(set(sections.ALL), modules)
        for section in sections.ALL.values():
            self.assertTrue(section.TITLE and callable(section.run), section)

    def test_an_unknown_section_is_refused(self):
        done = subprocess.run([sys.executable, BENCH / "run", "--only", "nothing"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("nothing", done.stderr)


if __name__ == "__main__":
    unittest.main()
