"""Floor 3: the operations. Definition (signature, shapes, gradient, lowering) and public function
of each lie side by side; importing the modules registers them.

A family imports only families before it in `FAMILIES`.
"""

FAMILIES = (
    "host",  # steps in Python: results whose shapes depend on data, or that are not arithmetic
    "array",  # constants, shapes, order and place of elements
    "math",  # elementwise functions, reductions, scans, segments
    "search",  # extrema and their positions, sorting, distinct elements, sets
    "state",  # variables, their updates, the update rules of optimizers
    "strings",  # parts, patterns, joining and splitting, formatting of strings
    "operators",  # one module: Python's operators on tensors
    "control_flow",  # conditions, loops, tensor arrays, stacks, dependencies
    "linalg",  # matrix products, norms, solutions, decompositions
    "random",  # stateful and stateless draws from distributions
    "debug",  # assertions and printing
    "nn",  # convolution, pooling, activations, normalization, losses
    "sparse",  # sparse tensors: arithmetic, products, reductions, rows
    "parsing",  # `Example` messages, CSV and raw bytes to tensors
    "evaluation",  # confusion matrices
    "summaries",  # summaries for TensorBoard
    "older_types",  # one module: types in graphs of older versions of TensorFlow
)
