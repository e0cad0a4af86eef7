#!/usr/bin/env python3
"""Blocks as Spark's Parquet reader reads them, cell by cell against what Clew's own reader says.

Needs Java and the packages of tests/requirements-spark.txt: `CLEW_SPARK=1 ./dev test` provides them and sets
CLEW_SPARK_PYTHON to their interpreter. Without it the test is skipped (exit 77, which ctest shows as such).
"""
import os
import sys
import unittest

SKIPPED = 77
# Spark knows no nanoseconds; with this the columns are whole numbers.
SETTINGS = {"spark.sql.legacy.parquet.nanosAsLong": "true", "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.log.level": "ERROR"}

python = os.environ.get("CLEW_SPARK_PYTHON")
if not python:
    print("skipped: blocks read by Spark (CLEW_SPARK=1 ./dev test installs Java and pyspark, and runs it)")
    sys.exit(SKIPPED)
if os.path.abspath(python) != sys.executable:
    os.execv(python, [python, *sys.argv])

from pyspark.sql import SparkSession  # noqa: E402

import blocks_test  # noqa: E402


class SparkBlocks(blocks_test.BlockCase):
    @classmethod
    def setUpClass(cls):
        builder = SparkSession.builder.master("local[1]")
        for name, value in SETTINGS.items():
            builder = builder.config(name, value)
        cls.spark = builder.getOrCreate()

    @classmethod
    def tearDownClass(cls):
        cls.spark.stop()

    def read(self, path):
        frame = self.spark.read.parquet(path).selectExpr("*", "_metadata.row_index as file_row_number")
        rows = [row.asDict() for row in frame.orderBy("file_row_number").collect()]
        return [{name: value for name, value in row.items() if name != "file_row_number"} for row in rows]

    def test_spark_agrees_in_every_cell(self):
        self.check(self.read)

    def test_unlike_blocks_read_as_one_table(self):
        paths = [self.block(case)[0] for case in blocks_test.CASES[2:]]
        rows = sum(self.spark.read.parquet(path).count() for path in paths)
        together = self.spark.read.option("mergeSchema", "true").parquet(*paths)
        self.assertEqual(together.count(), rows)
        columns = {name for path in paths for name in self.spark.read.parquet(path).columns}
        self.assertEqual(set(together.columns), columns)


if __name__ == "__main__":
    unittest.main()
