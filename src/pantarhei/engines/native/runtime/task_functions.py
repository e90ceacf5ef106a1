"""How threads share tasks: the functions in LLVM's language, and the words that they work with.

A record of tasks names the pool, how many threads may share the tasks, how many tasks there are,
the tasks (address and number of their kernels), then address and number of the kernels that follow
when all tasks are done. `spread` is called with a record in the place of a kernel's arguments.

A job is published by one store of its ticket. Whoever takes a task off the ticket keeps the job as
it is until the task is done, so nothing else of a job is read before.
"""

from __future__ import annotations

# The pool's words, by the byte where they lie. Those that many threads write lie apart.
#   busy      1 while a call has the pool
#   ticket    number of the job (32 bits), how many threads may help (12), tasks not yet taken (20)
#   done      tasks that have ended
#   record, buffers: the job
#   sleeping  threads that sleep, a bit for each
#   workers   threads that were started; most: that there can be; stop: 1 at the end; pauses: how
#             often one looks for work before it sleeps
#   start ... functions: of Python, to start threads; of the system
#   turn      1 while somebody changes the next three; alone: products that run and want BLAS to
#             use one thread; usual: how many it uses else; closed: 1 while no more may begin
#   set, get  functions of BLAS
WORDS = {
    name: 64 * line + 8 * place
    for line, names in enumerate(
        [
            ["busy"],
            ["ticket"],
            ["done"],
            ["record", "buffers"],
            ["sleeping"],
            ["workers", "most", "stop", "pauses", "start"],
            ["lock", "unlock", "wait", "broadcast", "yield", "mutex", "condition"],
            ["turn", "alone", "usual", "closed", "set", "get"],
        ]
    )
    for place, name in enumerate(names)
}
MUTEX, CONDITION, SIZE = 512, 640, 1024


def _word(name: str) -> str:
    """The line of LLVM's language that makes the address of a word."""
    return f"  %{name}.place = getelementptr i8, ptr %pool, i64 {WORDS[name]}\n"


def _load(name: str, type: str = "i64") -> str:
    return f"{_word(name)}  %{name} = load {type}, ptr %{name}.place\n"


# How a processor is told that one waits in a loop.
PAUSES = {
    "x86": ("call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"),
    "aarch64": ("call void @llvm.aarch64.isb(i32 15)", "declare void @llvm.aarch64.isb(i32)"),
}

# A record: the pool, how many threads may share the tasks, how many tasks, the tasks (address and
# number of their kernels), then address and number of the kernels that follow all tasks.
TASKS = f"""
define void @pause(i64 %count) nounwind noinline {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  PAUSE
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret void
}}

define void @task(ptr %record, ptr %buffers, i64 %index) nounwind {{
entry:
  %tasks.place = getelementptr i64, ptr %record, i64 3
  %tasks = load ptr, ptr %tasks.place
  %steps.place = getelementptr {{ptr, i64}}, ptr %tasks, i64 %index
  %steps = load ptr, ptr %steps.place
  %length.place = getelementptr {{ptr, i64}}, ptr %tasks, i64 %index, i32 1
  %length = load i64, ptr %length.place
  call void @walk(ptr %steps, i64 %length, ptr %buffers)
  ret void
}}

; How many tasks were left before the one that was taken; 0: there is none for this thread.
define i64 @take(ptr %pool, i64 %lane) nounwind {{
entry:
{_word("ticket")}
  br label %look
look:
  %ticket = load atomic i64, ptr %ticket.place acquire, align 8
  %left = and i64 %ticket, 1048575
  %none = icmp eq i64 %left, 0
  %helpers.up = lshr i64 %ticket, 20
  %helpers = and i64 %helpers.up, 4095
  %outside = icmp uge i64 %lane, %helpers
  %nothing = or i1 %none, %outside
  br i1 %nothing, label %no, label %try
try:
  %after = sub i64 %ticket, 1
  %pair = cmpxchg ptr %ticket.place, i64 %ticket, i64 %after acq_rel acquire, align 8
  %taken = extractvalue {{i64, i1}} %pair, 1
  br i1 %taken, label %yes, label %look
yes:
  ret i64 %left
no:
  ret i64 0
}}

; Takes tasks until there are none: the job stays as it is while a task of it runs.
define i64 @help(ptr %pool, i64 %lane) nounwind {{
entry:
{_word("done")}{_word("record")}{_word("buffers")}
  br label %next
next:
  %number = phi i64 [ 0, %entry ], [ %number.next, %run ]
  %left = call i64 @take(ptr %pool, i64 %lane)
  %none = icmp eq i64 %left, 0
  br i1 %none, label %end, label %run
run:
  %record = load ptr, ptr %record.place
  %buffers = load ptr, ptr %buffers.place
  %count.place = getelementptr i64, ptr %record, i64 2
  %count = load i64, ptr %count.place
  %index = sub i64 %count, %left
  call void @task(ptr %record, ptr %buffers, i64 %index)
  %before = atomicrmw add ptr %done.place, i64 1 acq_rel, align 8
  %number.next = add i64 %number, 1
  br label %next
end:
  ret i64 %number
}}

; What a thread of the pool does until the end.
define void @work(ptr %pool, i64 %lane) nounwind {{
entry:
{_word("ticket")}{_word("stop")}{_word("sleeping")}
{_load("pauses")}{_load("lock", "ptr")}{_load("unlock", "ptr")}{_load("wait", "ptr")}
{_load("mutex", "ptr")}{_load("condition", "ptr")}
  br label %look
look:
  %tries = phi i64 [ 0, %entry ], [ 0, %awake ], [ %tries.next, %again ]
  %number = call i64 @help(ptr %pool, i64 %lane)
  %stop = load atomic i64, ptr %stop.place acquire, align 8
  %ends = icmp ne i64 %stop, 0
  br i1 %ends, label %end, label %go
go:
  %idle = icmp eq i64 %number, 0
  %tries.more = add i64 %tries, 1
  %tries.next = select i1 %idle, i64 %tries.more, i64 0
  %tired = icmp ugt i64 %tries.next, %pauses
  br i1 %tired, label %sleep, label %again
again:
  call void @pause(i64 1)
  br label %look
sleep:
  %locked = call i32 %lock(ptr %mutex)
  %bit = shl i64 1, %lane
  %before = atomicrmw or ptr %sleeping.place, i64 %bit seq_cst, align 8
  br label %check
check:
  %ticket = load atomic i64, ptr %ticket.place seq_cst, align 8
  %left = and i64 %ticket, 1048575
  %some = icmp ne i64 %left, 0
  %helpers.up = lshr i64 %ticket, 20
  %helpers = and i64 %helpers.up, 4095
  %inside = icmp ult i64 %lane, %helpers
  %wanted = and i1 %some, %inside
  %stop.now = load atomic i64, ptr %stop.place acquire, align 8
  %ends.now = icmp ne i64 %stop.now, 0
  %up = or i1 %wanted, %ends.now
  br i1 %up, label %awake, label %wait.more
wait.more:
  %waited = call i32 %wait(ptr %condition, ptr %mutex)
  br label %check
awake:
  %others = xor i64 %bit, -1
  %was = atomicrmw and ptr %sleeping.place, i64 %others seq_cst, align 8
  %unlocked = call i32 %unlock(ptr %mutex)
  br label %look
end:
  ret void
}}

define void @spread(ptr %record, ptr %buffers) nounwind {{
entry:
  %pool = load ptr, ptr %record
  %limit.place = getelementptr i64, ptr %record, i64 1
  %limit = load i64, ptr %limit.place
  %count.place = getelementptr i64, ptr %record, i64 2
  %count = load i64, ptr %count.place
  %after.place = getelementptr i64, ptr %record, i64 4
  %after = load ptr, ptr %after.place
  %after.length.place = getelementptr i64, ptr %record, i64 5
  %after.length = load i64, ptr %after.length.place
{_word("busy")}{_word("ticket")}{_word("done")}{_word("sleeping")}{_word("workers")}
{_word("record")}{_word("buffers")}
{_load("most")}
  %sharing = call i64 @llvm.umin.i64(i64 %limit, i64 %count)
  %helpers = sub i64 %sharing, 1
  %possible = call i64 @llvm.umin.i64(i64 %helpers, i64 %most)
  %single = icmp eq i64 %possible, 0
  br i1 %single, label %inline, label %seek
seek:
  %pair = cmpxchg ptr %busy.place, i64 0, i64 1 acquire monotonic, align 8
  %mine = extractvalue {{i64, i1}} %pair, 1
  br i1 %mine, label %mine.now, label %inline
mine.now:
  %workers = load i64, ptr %workers.place
  %enough = icmp uge i64 %workers, %possible
  br i1 %enough, label %publish, label %start.some
start.some:
{_load("start", "ptr")}
  call void %start(i64 %possible)
  br label %publish
publish:
  store ptr %record, ptr %record.place
  store ptr %buffers, ptr %buffers.place
  store atomic i64 0, ptr %done.place monotonic, align 8
  %old = load atomic i64, ptr %ticket.place monotonic, align 8
  %old.number = lshr i64 %old, 32
  %number = add i64 %old.number, 1
  %number.up = shl i64 %number, 32
  %sharing.up = shl i64 %sharing, 20
  %low = or i64 %sharing.up, %count
  %ticket = or i64 %number.up, %low
  store atomic i64 %ticket, ptr %ticket.place seq_cst, align 8
  %sleeping = load atomic i64, ptr %sleeping.place seq_cst, align 8
  %unused = sub i64 64, %sharing
  %lanes = lshr i64 -1, %unused
  %missed = and i64 %sleeping, %lanes
  %all.awake = icmp eq i64 %missed, 0
  br i1 %all.awake, label %share, label %wake
wake:
{_load("lock", "ptr")}{_load("unlock", "ptr")}{_load("broadcast", "ptr")}
{_load("mutex", "ptr")}{_load("condition", "ptr")}
  %locked = call i32 %lock(ptr %mutex)
  %called = call i32 %broadcast(ptr %condition)
  %unlocked = call i32 %unlock(ptr %mutex)
  br label %share
share:
  %own = call i64 @help(ptr %pool, i64 0)
  br label %rest
rest:
  %tries = phi i64 [ 0, %share ], [ %tries.next, %rest.wait ]
  %done = load atomic i64, ptr %done.place acquire, align 8
  %all = icmp eq i64 %done, %count
  br i1 %all, label %give.back, label %rest.more
rest.more:
  ; A thread of the pool may need the processor that waits here.
  %tries.next = add i64 %tries, 1
  %long = icmp ugt i64 %tries.next, 1000
  br i1 %long, label %rest.yield, label %rest.pause
rest.yield:
{_load("yield", "ptr")}
  %yielded = call i32 %yield()
  br label %rest.wait
rest.pause:
  call void @pause(i64 1)
  br label %rest.wait
rest.wait:
  br label %rest
give.back:
  store atomic i64 0, ptr %busy.place release, align 8
  br label %end
inline:
  %i = phi i64 [ 0, %entry ], [ 0, %seek ], [ %i.next, %inline ]
  call void @task(ptr %record, ptr %buffers, i64 %i)
  %i.next = add nuw nsw i64 %i, 1
  %i.more = icmp ult i64 %i.next, %count
  br i1 %i.more, label %inline, label %end
end:
  call void @walk(ptr %after, i64 %after.length, ptr %buffers)
  ret void
}}

declare i64 @llvm.umin.i64(i64, i64)

define void @turn.take(ptr %pool) nounwind {{
entry:
{_word("turn")}
  br label %try
try:
  %pair = cmpxchg ptr %turn.place, i64 0, i64 1 acquire monotonic, align 8
  %taken = extractvalue {{i64, i1}} %pair, 1
  br i1 %taken, label %done, label %again
again:
  call void @pause(i64 1)
  br label %try
done:
  ret void
}}

; From here on BLAS uses the thread that calls it only; until as many calls of `alone.end`.
define void @alone.begin(ptr %pool) nounwind {{
entry:
{_word("turn")}{_word("alone")}{_word("usual")}{_word("closed")}
  br label %try
try:
  call void @turn.take(ptr %pool)
  %closed = load i64, ptr %closed.place
  %open = icmp eq i64 %closed, 0
  br i1 %open, label %begin, label %again
again:
  store atomic i64 0, ptr %turn.place release, align 8
  call void @pause(i64 100)
  br label %try
begin:
  %alone = load i64, ptr %alone.place
  %first = icmp eq i64 %alone, 0
  br i1 %first, label %change, label %done
change:
{_load("get", "ptr")}{_load("set", "ptr")}
  %threads = call i32 %get()
  %threads.long = zext i32 %threads to i64
  store i64 %threads.long, ptr %usual.place
  call void %set(i32 1)
  br label %done
done:
  %more = add i64 %alone, 1
  store i64 %more, ptr %alone.place
  store atomic i64 0, ptr %turn.place release, align 8
  ret void
}}

define void @alone.end(ptr %pool) nounwind {{
entry:
{_word("turn")}{_word("alone")}{_word("usual")}
  call void @turn.take(ptr %pool)
  %alone = load i64, ptr %alone.place
  %fewer = sub i64 %alone, 1
  store i64 %fewer, ptr %alone.place
  %last = icmp eq i64 %fewer, 0
  br i1 %last, label %change, label %done
change:
{_load("set", "ptr")}
  %usual = load i64, ptr %usual.place
  %threads = trunc i64 %usual to i32
  call void %set(i32 %threads)
  br label %done
done:
  store atomic i64 0, ptr %turn.place release, align 8
  ret void
}}
"""

# A product, with the pool behind its arguments, for which BLAS is to use one thread.
ALONE = """
define void @alone_TYPE(ptr %a, ptr %buffers) nounwind {
entry:
  %pool.place = getelementptr ptr, ptr %a, i64 20
  %pool = load ptr, ptr %pool.place
  call void @alone.begin(ptr %pool)
  call void @product_TYPE(ptr %a, ptr %buffers)
  call void @alone.end(ptr %pool)
  ret void
}
"""


def functions(processor: str) -> str:
    """The pool's functions for a kind of processor, by the first part of LLVM's name for it."""
    kind = "x86" if processor.startswith(("x86", "i386", "i686")) else processor.split("-")[0]
    pause, declaration = PAUSES.get(kind, ("", ""))
    tasks = TASKS.replace("PAUSE", pause) + declaration
    return tasks + ALONE.replace("TYPE", "float") + ALONE.replace("TYPE", "double")
