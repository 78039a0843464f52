"""Compiling and running programs: sandbox, compilers, calls, launches, back ends, models.

- `call/`: Calling a compiled program on a test: buffers, packing, shims, the runner process.
- `compile/`: Programs to shared objects: units, flags, tool chain, cache.
- `cuda/`: CUDA on a real device: compile, drive, watch, time.
- `emulation/`: CUDA and every other dialect on the CPU.
- `launch/`: Launch plans for bare kernels: grid, block and shared memory.
- `models/`: Language-model back ends behind one protocol.
- `openmp/`: OpenMP under observation: races, schedules, lanes, offload.
- `programs/`: Whole programs with a main: build, run, compare what they print.
- `sandbox/`: Running hostile code: the lock-down, how a process ended, cores and memory.
- `wall/`: The static wall: what no candidate may use.
- `backend`: The execution seam: what is compiled, what it is run on, and what came back. One
  Protocol, plain records.
- `compare`: What a test must give, how far from it a right answer may lie, and where an answer
  first differs.
- `doctor`: What this machine offers to the engine: compilers, OpenMP race detection, CUDA tools,
  walls of the sandbox.
- `expectations`: What a checked suite expects of any program that claims to be equivalent, and
  the one way to run many calls.
"""
