"""`tf.flags`: absl's flags, parsed when first read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import absl.flags
import pytest

from pantarhei.platform import flags
from tests.support.programs import run_program


@pytest.fixture
def program_flags(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """FLAGS, unparsed, with what a test defines taken out again."""
    before = set(flags.FLAGS)
    parsed = flags.FLAGS.is_parsed()
    flags.FLAGS.unparse_flags()
    monkeypatch.setattr("sys.argv", ["program"])
    yield flags.FLAGS
    for name in set(flags.FLAGS) - before:
        delattr(flags.FLAGS, name)
    if parsed:
        flags.FLAGS.mark_as_parsed()


def test_first_read_parses_the_command_line(
    program_flags: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags.DEFINE_string("t_string", "a", "help")
    flags.DEFINE_integer("t_integer", 1, "help", lower_bound=0)
    flags.DEFINE_float("t_float", 0.5, "help")
    flags.DEFINE_bool("t_bool", True, "help")
    flags.DEFINE_boolean("t_boolean", False, "help")
    flags.DEFINE_list("t_list", "a,b", "help")
    flags.DEFINE_enum("t_enum", "u", ["u", "v"], "help")
    flags.DEFINE_multi_integer("t_multi", [1, 2], "help")
    flags.DEFINE_spaceseplist("t_words", "a b", "help")
    line = "--t_integer=7 --not_bool --t_boolean --t_list=x,y --t_enum v --t_multi=4 --t_multi=5"
    monkeypatch.setattr("sys.argv", ["program", *line.split(), "--t_words=q w"])
    assert not program_flags.is_parsed()
    assert program_flags.t_integer == 7
    assert program_flags.is_parsed()
    assert program_flags.t_string == "a"
    assert program_flags.t_float == 0.5
    assert program_flags.t_bool is False
    assert program_flags.t_boolean is True
    assert program_flags.t_list == ["x", "y"]
    assert program_flags.t_enum == "v"
    assert program_flags.t_multi == [4, 5]
    assert program_flags.t_words == ["q", "w"]


def test_undefined_flag(program_flags: Any) -> None:
    with pytest.raises(AttributeError, match="t_nowhere"):
        _ = program_flags.t_nowhere
    with pytest.raises(flags.UnrecognizedFlagError, match="Unknown command line flag 't_nowhere'"):
        program_flags.t_nowhere = 3


def test_setting(program_flags: Any) -> None:
    flags.DEFINE_integer("t_integer", 1, "help", lower_bound=0)
    program_flags.t_integer = 9
    assert program_flags.t_integer == 9
    assert program_flags["t_integer"].default == 1
    with pytest.raises(flags.IllegalFlagValueError, match="flag --t_integer=-9"):
        program_flags.t_integer = -9
    assert program_flags.t_integer == 9
    assert program_flags.flag_values_dict()["t_integer"] == 9


def test_call_parses_a_line_of_its_own(program_flags: Any) -> None:
    flags.DEFINE_integer("t_integer", 1, "help")
    assert program_flags(["program", "--t_integer=3", "rest"]) == ["program", "rest"]
    assert program_flags.t_integer == 3
    with pytest.raises(flags.UnrecognizedFlagError, match="Unknown command line flag 't_nope'"):
        program_flags(["program", "--t_nope=3"])
    unknown = program_flags(["program", "--t_nope=3", "rest"], known_only=True)
    assert unknown == ["program", "--t_nope=3", "rest"]


def test_required_flag(program_flags: Any) -> None:
    flags.DEFINE_string("t_required", None, "help")
    flags.mark_flag_as_required("t_required")
    with pytest.raises(flags.IllegalFlagValueError, match="must have a value other than None"):
        program_flags(["program"])
    program_flags(["program", "--t_required=here"])
    assert program_flags.t_required == "here"


def test_flag_belongs_to_the_module_that_defines_it(program_flags: Any) -> None:
    flags.DEFINE_string("t_string", "a", "help")
    flags.DEFINE_list("t_list", [], "help")
    assert program_flags.find_module_defining_flag("t_string").endswith("test_flags")
    with pytest.raises(flags.DuplicateFlagError, match="The flag 't_string' is defined twice"):
        flags.DEFINE_string("t_string", "b", "again")


def test_old_argument_names(program_flags: Any, caplog: pytest.LogCaptureFixture) -> None:
    flags.DEFINE_string(flag_name="t_old", default_value="o", docstring="old names")
    assert program_flags.t_old == "o"
    assert program_flags["t_old"].help == "old names"
    assert caplog.messages[0].startswith("Use of the keyword argument names (flag_name,")


def test_absl_sees_the_same_flags(program_flags: Any) -> None:
    flags.DEFINE_string("t_string", "a", "help")
    absl.flags.DEFINE_string("t_absl", "b", "help")
    assert program_flags.t_absl == "b"
    assert absl.flags.FLAGS.t_string == "a"
    assert isinstance(program_flags, flags.FlagValues)
    delattr(program_flags, "t_string")
    assert "t_string" not in absl.flags.FLAGS


def test_every_other_name_is_absl_s() -> None:
    assert flags.DEFINE_multi_string is absl.flags.DEFINE_multi_string
    assert set(absl.flags.__all__) == set(dir(flags))
    with pytest.raises(AttributeError, match="has no attribute 'DEFINE_nothing'"):
        _ = flags.DEFINE_nothing


def test_program_without_app_run(tmp_path: Path) -> None:
    program = """
from pantarhei import flags
flags.DEFINE_float("rate", 0.1, "Step size.")
FLAGS = flags.FLAGS
print(FLAGS.rate)
"""
    assert run_program(program, "--rate=0.5", folder=tmp_path).stdout == "0.5\n"
    assert run_program(program, folder=tmp_path).stdout == "0.1\n"
