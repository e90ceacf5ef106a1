"""Write docs/simplification.md: the passes over lowered programs, their rules, the native stages.

Rules and examples come from the tables themselves, stages from the pipeline. Run `make docs` after
changing a rule or a stage; a test compares the page.
"""

import sys
from pathlib import Path

from pantarhei.engines.native.pipeline import PASSES, STAGES
from pantarhei.passes import folding, identities, movements, products
from pantarhei.passes.rewriting import Rules

PAGE = Path(__file__).resolve().parents[1] / "docs" / "simplification.md"

# Each is written by `make docs` between what introduces it and what comes next.
TABLES = (
    (
        "movements",
        "What leaves every element as it is and where it is, or moves it twice.",
        movements.TABLE,
    ),
    ("folding", "What is one number everywhere is that number.", folding.TABLE),
    ("identities", "Laws of arithmetic that hold to the bit.", identities.TABLE),
    ("products", "Products read transposed operands as they lie.", products.TABLE),
)

HEAD = """\
# Simplification

Before a program reaches an engine it is made simpler: the same inputs, outputs of the same bits,
the same faults found in the same data, fewer nodes. (The reference engine, `numpy`, runs programs
as they were lowered, so that whatever compares engines tests this too.) The passes, in order:

1. `dead_code` drops what nobody takes: the gradients by feeds and constants that `tf.gradients`
   makes on its way. What may find a fault in the data stays.
2. `movements`, `folding`, `identities` and `products` are sweeps with the tables of rules below.
   A sweep goes through the program once; what a rule builds is looked at again before whatever
   uses it.
3. `common_subexpressions` makes equal nodes one, and `dead_code` clears up.

To see what happens, name a folder: with `PANTARHEI_DUMP=dumps python train.py` every program
leaves a folder in it, with its text as it was lowered (`0-lowered.txt`) and after each pass,
which rules applied and how often. In Python, `pantarhei.passes.simplify(program, observe=print)`
prints the same.

A rule holds for NaN, infinities and both zeros. `x * 0` is not 0, `x + 0` is not `x`, `-(x - y)`
is not `y - x`; such rules are planted in [the tests](../tests/passes/test_simplify_rules.py),
which have to find them. But for 0 and 1, no rule asks how large a constant is: another batch size
is to give a program of the same structure, for which there is machine code already. And there is
no rule that no real program needs; [a test](../tests/passes/test_simplify_real.py) sees each
of them applied.
"""

STAGES_HEAD = """\
## The stages of the native engine

The native engine runs its own passes by the same driver, then the other stages of its
[pipeline](../src/pantarhei/engines/native/pipeline.py), in this order; `guards` only for programs
that are bound to memory that stays in place. Kernels are selected before memory is planned, because
only they say which scratch buffers a step needs.

With `PANTARHEI_DUMP` each program that the engine compiles leaves a folder
`<process>-<number>-native` with the text after every stage up to `codegen`. In Python, `explain`
returns the text of any stage:

```python
from pantarhei.engines.native.pipeline import Options, explain

print(explain(program, "fusion"))
print(explain(program, "memory", Options(donations={0: 1}, bound=True)))
print(explain(program, "machine code", Options(kernel=0)))  # the assembly of the first kernel
```

Tests verify the result of every stage (`PANTARHEI_VERIFY=1`); the rules are in the two verifiers,
for [schedules](../src/pantarhei/engines/native/schedule/verifier.py) and for
[slots, kernels and memory](../src/pantarhei/engines/native/memory/verifier.py), and
[tests](../tests/engines/test_pipeline.py) plant a fault for each.
"""


def render() -> str:
    """The page."""
    page = [HEAD]
    for name, words, rules in TABLES:
        page += [f"## {name}", "", words, "", *_rows(rules), ""]
    page += [STAGES_HEAD, "| stage | takes | returns |", "|---|---|---|"]
    for stage in STAGES:
        page.append(f"| {stage.name} | {stage.input.__name__} | {stage.output.__name__} |")
    page += ["", "| pass | example | becomes |", "|---|---|---|"]
    for each in PASSES:
        assert each.example is not None
        page.append(f"| {each.name} | `{each.example.before}` | `{each.example.after}` |")
    return "\n".join([*page, ""])


def _rows(rules: Rules) -> list[str]:
    rows = ["| rule | example | becomes |", "|---|---|---|"]
    for rule in rules.rows:
        rows.append(f"| {rule.name} | `{rule.example.before}` | `{rule.example.after}` |")
    return rows


def main(arguments: list[str]) -> int:
    """Write the page, or with --check compare it; the exit status."""
    page = render()
    if arguments == ["--check"]:
        if page == PAGE.read_text(encoding="utf-8"):
            return 0
        print(f"{PAGE.name}: rules changed, run `make docs`")
        return 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
