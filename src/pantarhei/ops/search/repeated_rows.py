"""Where distinct indices may stand for more than there are: sums of rows that update variables.

How many indices are distinct is data, and what depends on data cannot be planned beforehand. But
the gradient of an embedding only adds up rows with equal indices and changes rows of variables by
them. There the distinct indices may be filled up in front with the first of them: rows added up
for those are 0, so adding them changes nothing, and setting rows is done again by those behind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pantarhei.graph.operation import Operation, Tensor

# Operations that make rows of 0 of rows of 0, with numbers for all rows or among themselves.
_KEEPING_ZERO = frozenset({"Mul", "Square", "Neg", "Identity"})
# Updates of rows by such rows; others set rows to what they compute of the old ones.
_ADDING = frozenset({"ScatterAdd", "ScatterSub", "ResourceScatterAdd", "ResourceScatterSub"})


def may_repeat(op: Operation, wanted: Collection[Operation], known: Collection[Tensor]) -> bool:
    """Whether the results of a `Unique` may be filled up in front, for those that use them.

    Args:
      op: the operation.
      wanted: operations that are still to run.
      known: what the user fetches or feeds.
    """
    once, places = op.outputs

    def users(tensor: Tensor) -> Iterator[Operation]:
        return (user for user in tensor.consumers() if user in wanted)

    rows: set[Tensor] = set()
    counts: set[Tensor] = set()
    looked_at = [once, places]
    for shape in users(once):
        if shape.type == "Shape":
            for part in users(shape.outputs[0]):
                counts.update(part.outputs)
                looked_at += part.outputs
            looked_at += shape.outputs
    for user in users(places):
        if user.type != "UnsortedSegmentSum" or user.inputs[0] in looked_at:
            return False
        if user.inputs[2] not in counts:
            return False
        rows.update(user.outputs)
    # Numbers of rows say how many sums there are, and nothing else.
    for count in counts:
        if count.op.type != "StridedSlice" or count.op.inputs[0].op.inputs[0] is not once:
            return False
        if not all(rows.intersection(user.outputs) for user in users(count)):
            return False
    waiting = list(rows)
    while waiting:
        row = waiting.pop()
        looked_at.append(row)
        for user in users(row):
            if user.type in _KEEPING_ZERO:
                if not all(each in rows or each.shape.ndims == 0 for each in user.inputs):
                    return False
                waiting += [each for each in user.outputs if each not in rows]
                rows.update(user.outputs)
            elif not _updates(user, once, row):
                return False
    for user in users(once):
        if user.type != "Shape" and not any(_updates(user, once, row) for row in rows):
            return False
    return not any(tensor in known for tensor in looked_at)


def _updates(op: Operation, indices: Tensor, rows: Tensor) -> bool:
    """Whether an operation changes rows of variables, by these rows and at these indices."""
    if op.type in _ADDING:
        return op.inputs[1] is indices and op.inputs[2] is rows
    taken = [each for each in op.inputs if each is indices or each is rows]
    setting = op.type.startswith(("SparseApply", "ResourceSparseApply"))
    return setting and len(taken) == 2 and taken[0] is not taken[1]
