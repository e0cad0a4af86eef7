#!/usr/bin/env python3
"""Storms of a minute with 200 senders and 10 000 idle connections, as long as asked: overload_soak.py --minutes N."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import overload_test

sys.exit(overload_test.main())
