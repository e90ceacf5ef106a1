"""`tf.app.run`: a program's way from its command line to its exit status."""

from pathlib import Path

from pantarhei.platform import app, flags
from tests.support.programs import run_program

PROGRAM = """
from pantarhei import app, flags, logging

flags.DEFINE_integer("n", 3, "How many.")
app.flags.DEFINE_string("name", "x", "What it is called.")
FLAGS = flags.FLAGS


def main(argv):
    print(argv[1:], FLAGS.n, app.flags.FLAGS.name)
    logging.warn("careful")
    return FLAGS.n


if __name__ == "__main__":
    app.run()
"""


def test_flags_are_the_same_in_both_places() -> None:
    assert app.flags is flags


def test_main_of_the_program_and_its_exit_status(tmp_path: Path) -> None:
    done = run_program(PROGRAM, folder=tmp_path)
    assert done.stdout == "[] 3 x\n"
    assert done.returncode == 3


def test_unknown_flags_are_handed_on(tmp_path: Path) -> None:
    done = run_program(PROGRAM, "--n=0", "rest", "--zz=1", "--", "--n=2", folder=tmp_path)
    assert done.stdout == "['rest', '--zz=1', '--', '--n=2'] 0 x\n"
    assert done.returncode == 0


def test_message_shows_once(tmp_path: Path) -> None:
    assert run_program(PROGRAM, folder=tmp_path).stderr == "WARNING:tensorflow:careful\n"


def test_value_of_the_wrong_type(tmp_path: Path) -> None:
    done = run_program(PROGRAM, "--n=many", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "IllegalFlagValueError: flag --n=many: invalid literal for int()" in done.stderr


def test_help_lists_the_program_s_flags(tmp_path: Path) -> None:
    done = run_program(PROGRAM, "--help", folder=tmp_path)
    assert done.returncode == 1
    assert "--n: How many.\n    (default: '3')\n    (an integer)" in done.stdout


def test_given_main_and_command_line(tmp_path: Path) -> None:
    program = "from pantarhei import app\napp.run(main=lambda argv: print(argv), argv=['p', 'a'])\n"
    done = run_program(program, "ignored", folder=tmp_path)
    assert (done.stdout, done.returncode) == ("['p', 'a']\n", 0)


def test_program_without_main(tmp_path: Path) -> None:
    done = run_program("from pantarhei import app\napp.run()\n", folder=tmp_path)
    assert done.stderr.endswith("AttributeError: module '__main__' has no attribute 'main'\n")


def test_error_in_main_keeps_its_traceback(tmp_path: Path) -> None:
    program = "from pantarhei import app\ndef main(_):\n    raise KeyError('lost')\napp.run(main)\n"
    done = run_program(program, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("KeyError: 'lost'\n")
