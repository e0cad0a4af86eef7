#!/usr/bin/env python3
"""The crash test for as long as asked: crash_soak.py --minutes N."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import crash_test

sys.exit(crash_test.main())
