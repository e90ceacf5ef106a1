"""`tf.logging`: levels, the lines users know, and whose line a message names."""

import inspect
import logging as standard_logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from pantarhei.platform import logging
from tests.support.programs import run_program

EMITTERS = {
    "DEBUG": logging.debug,
    "INFO": logging.info,
    "WARNING": logging.warning,
    "ERROR": logging.error,
    "CRITICAL": logging.fatal,
}


@pytest.fixture(autouse=True)
def verbosity() -> Iterator[None]:
    """Leave the level as it was."""
    before = logging.get_logger().level
    logging.set_verbosity(logging.DEBUG)
    yield
    logging.get_logger().setLevel(before)


def test_levels_are_the_standard_library_s() -> None:
    levels = [logging.DEBUG, logging.INFO, logging.WARN, logging.ERROR, logging.FATAL]
    assert levels == [10, 20, 30, 40, 50]


def test_logger_has_tensorflow_s_name() -> None:
    assert logging.get_logger() is standard_logging.getLogger("tensorflow")


@pytest.mark.parametrize("level", EMITTERS)
def test_message_arguments_level_and_line(level: str, caplog: pytest.LogCaptureFixture) -> None:
    line = inspect.stack()[0].lineno + 1
    EMITTERS[level]("step %d of %s", 3, "four")
    (record,) = caplog.records
    assert record.getMessage() == "step 3 of four"
    assert record.levelname == level
    assert record.filename == "test_logging.py"
    assert record.lineno == line
    assert record.funcName == "test_message_arguments_level_and_line"


def test_other_emitters(caplog: pytest.LogCaptureFixture) -> None:
    logging.warn("a")
    logging.log(logging.ERROR, "b%d", 1)
    logging.vlog(15, "c")
    logging.TaskLevelStatusMessage("d")
    logging.log_if(logging.INFO, "e%d", True, 2)
    logging.log_if(logging.INFO, "f", False)
    found = [(record.levelno, record.getMessage(), record.filename) for record in caplog.records]
    expected = [(30, "a"), (40, "b1"), (15, "c"), (40, "d"), (20, "e2")]
    assert found == [(*pair, "test_logging.py") for pair in expected]


def test_exception_is_told(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("of the test")
    except ValueError:
        logging.error("failed", exc_info=True)
    assert "ValueError: of the test" in caplog.text


def test_first_and_every_n_count_for_each_line(caplog: pytest.LogCaptureFixture) -> None:
    for step in range(7):
        logging.log_first_n(logging.INFO, "first %d", 2, step)
        logging.log_every_n(logging.INFO, "every %d", 3, step)
    assert caplog.messages == ["first 0", "every 0", "first 1", "every 3", "every 6"]


def test_verbosity(caplog: pytest.LogCaptureFixture) -> None:
    logging.set_verbosity(logging.ERROR)
    assert logging.get_verbosity() == logging.ERROR
    logging.warning("not shown")
    logging.set_verbosity("INFO")
    assert logging.get_verbosity() == logging.INFO
    logging.info("shown")
    assert caplog.messages == ["shown"]
    with pytest.raises(ValueError, match="LOUD"):
        logging.set_verbosity("LOUD")


def test_lines_on_standard_error(tmp_path: Path) -> None:
    program = """
from pantarhei import logging
print(logging.get_verbosity())
logging.info("hidden")
logging.warn("w %d", 1)
logging.set_verbosity(logging.INFO)
logging.info("shown")
logging.fatal("goes on")
logging.flush()
"""
    done = run_program(program, folder=tmp_path)
    assert done.stdout == "30\n"
    assert done.stderr == (
        "WARNING:tensorflow:w 1\nINFO:tensorflow:shown\nCRITICAL:tensorflow:goes on\n"
    )


def test_configured_root_logger_writes_alone(tmp_path: Path) -> None:
    program = """
import logging as standard_logging
from pantarhei import logging
standard_logging.basicConfig(format="mine: %(message)s")
logging.warning("once")
"""
    assert run_program(program, folder=tmp_path).stderr == "mine: once\n"
