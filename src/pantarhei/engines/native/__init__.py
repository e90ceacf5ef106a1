"""The native engine: programs as machine code for the processor at hand.

pipeline.py is the list of stages; read it first. Each stage takes what the one before returns:

passes/    program -> program: pooling, guards, slice sinking, small matrix products
schedule/  program -> steps: fusion joins nodes into loop nests (placement: where values are
           computed, views: strided views, product_sums: accumulated products), aliasing decides
           which donated inputs are overwritten, parallel divides kernels into tasks
memory/    slots numbers the arrays outside the arena, plan gives buffers their parts of the arena
kernels/   lowering turns steps into kernels: loops, gemm/, conv/, routines, random numbers;
           gemm/choose and conv/choose decide how products and convolutions are done, and why
machine    instruction sets, tile sizes and thresholds: every number that suits a processor
codegen/   kernels as LLVM text (builder), as machine code (jit), kept on disk (object_cache)
runtime/   engine: arrays in, arrays out; bound: one call on persistent memory; context: kernels
           with their arguments, and memory for a call; entry: how Python calls them

printing.py is the text of every stage; schedule/verifier.py and memory/verifier.py are the rules.
"""
