"""The native engine: programs as machine code for the processor at hand.

views        where a value's elements lie, so that moving them about costs nothing
skinny       small matrix products as arithmetic on elements; respell appends such nodes
tiles        pooling as arithmetic on elements
parts        what is taken in slices, computed in slices
homes        values that are computed where others want them; accumulate: sums of products
fuse         which applications share a loop nest, a product or a call of NumPy
in_place     which results are written over the inputs that they replace, and when
assemble     memory for all values of a program, and the list of calls (layout)
guards       faults in data are looked for first; indexing, routines, draws: what follows indices
windows      convolution and pooling; direct: convolution by blocks in registers (sliding)
streamed     products with large matrices
nests        a step as a structure of loops and its arguments
packing      products of middle size in blocks, large: larger; blocks: what packs and multiplies
tasks        how large kernels are divided into tasks, by their shapes
threads      the threads that share tasks; sharing: what they run
emit         a structure as LLVM's text; scalar, operations and elementary write one element
jit          text to machine code, once for each structure; cache: kept on disk
frame        kernels with their arguments, and memory for calls; entry: how Python calls them
engine       the call: arrays in, arrays out; standing: the same on memory that stays
"""
