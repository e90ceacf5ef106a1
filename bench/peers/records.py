"""Checkpoints, summaries and records of the module that the first argument names.

{"do": "prepare", "folder": ..., "mebibytes": n} -> {}
{"do": "save"}                                   -> {"seconds": ..., "flushed": when on the disk}
{"do": "restore"}                                -> {"seconds": ...}
{"do": "digest"}                                 -> {"digest": of the values that a restore gives}
{"do": "rate", "what": ..., "count": n}          -> {"seconds": for n of them}
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import time
import zlib

import numpy as np

from bench.peers.protocol import about, answer_requests

VARIABLES = 16
RECORD_BYTES = 1000


class RecordsWorker:
    """Answers requests with what a module like TensorFlow writes and reads."""

    def __init__(self, tf):
        self._tf = tf
        self._folder = ""

    def about(self):
        """What runs here."""
        return about(getattr(self._tf.version, "PACKAGE", self._tf.__version__))

    def prepare(self, folder, mebibytes):
        """Makes a session with that much in its variables."""
        tf = self._tf
        self._folder = folder
        extent = (mebibytes * 2**20 // VARIABLES) // 4 // 1024
        self._variables = [
            tf.get_variable(f"v{number:02}", [extent, 1024], tf.float32)
            for number in range(VARIABLES)
        ]
        self._session = tf.Session()
        random = np.random.RandomState(0)
        for variable in self._variables:
            variable.load(random.randn(extent, 1024).astype(np.float32), self._session)
        self._saver = tf.train.Saver()
        self._clear = tf.group(*[tf.assign(each, each * 0) for each in self._variables])
        self._number = tf.placeholder(tf.float32, [])
        self._summary = tf.summary.scalar("loss", self._number)
        return {}

    def _path(self, name):
        return os.path.join(self._folder, name)

    def save(self):
        """Saves into a folder that is empty: nothing has to be removed."""
        shutil.rmtree(self._path("checkpoint"), ignore_errors=True)
        os.mkdir(self._path("checkpoint"))
        begin = time.perf_counter()
        self._saver.save(self._session, self._path("checkpoint/model"), write_meta_graph=False)
        done = time.perf_counter()
        for name in os.listdir(self._path("checkpoint")):
            with open(self._path("checkpoint/" + name), "rb") as file:
                os.fsync(file.fileno())
        return {"seconds": done - begin, "flushed": time.perf_counter() - begin}

    def restore(self):
        """Restores what was saved."""
        begin = time.perf_counter()
        self._saver.restore(self._session, self._path("checkpoint/model"))
        return {"seconds": time.perf_counter() - begin}

    def digest(self):
        """What is in the variables after they were cleared and restored."""
        self._session.run(self._clear)
        self.restore()
        digest = 0
        for variable in self._variables:
            digest = zlib.crc32(self._session.run(variable), digest)
        return {"digest": digest}

    def rate(self, what, count):
        """Writes or reads so many."""
        work = getattr(self, "_" + what)
        begin = time.perf_counter()
        work(count)
        return {"seconds": time.perf_counter() - begin}

    def _summaries(self, count):
        tf = self._tf
        with tf.summary.FileWriter(self._path("events")) as writer:
            for step in range(count):
                value = tf.Summary.Value(tag="loss", simple_value=0.5)
                writer.add_summary(tf.Summary(value=[value]), step)

    def _runs(self, count):
        run, summary, number = self._session.run, self._summary, self._number
        with self._tf.summary.FileWriter(self._path("events")) as writer:
            for step in range(count):
                writer.add_summary(run(summary, {number: 0.5}), step)

    def _written(self, count):
        record = os.urandom(RECORD_BYTES)
        with self._tf.python_io.TFRecordWriter(self._path("records")) as writer:
            for _ in range(count):
                writer.write(record)

    def _read(self, count):
        records = self._tf.python_io.tf_record_iterator(self._path("records"))
        found = sum(len(each) == RECORD_BYTES for each in records)
        if found != count:
            raise ValueError(f"{count} records were written, {found} were read")


if __name__ == "__main__":
    answer_requests(RecordsWorker(importlib.import_module(sys.argv[1])))
