#!/usr/bin/env python3
"""The simulation of the store (src/store/store_simulation_test.cc) with new seeds: simulation_soak.py --minutes N."""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import time

STORE_TEST = pathlib.Path(os.environ.get("CLEW_BINARY") or "build/test/clew").resolve().parent / "store_test"
SEEDS_AT_ONCE = 500


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1)
    options = parser.parse_args()
    end = time.monotonic() + options.minutes * 60
    done = 0
    while time.monotonic() < end:
        first = random.SystemRandom().randrange(1 << 40)
        run = subprocess.run([STORE_TEST, "--gtest_brief=1", "--gtest_filter=StoreSimulationTest.*"],
                             env={**os.environ, "CLEW_SEED": str(first), "CLEW_SEEDS": str(SEEDS_AT_ONCE)},
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode != 0:
            print(run.stdout)
            print(f"alone again with CLEW_SEED=… {STORE_TEST} --gtest_filter='StoreSimulationTest.*'")
            return 1
        done += SEEDS_AT_ONCE
    print(f"{done} seeds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
