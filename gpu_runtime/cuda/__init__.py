"""CUDA on a real device: compile, drive, watch, time.

- `backend`: CUDA programs on a real device, everything else on the CPU as ever: the execution
  back end behind `backend = "cuda"`.
- `child_process`: A child process that answers JSON requests over pipes, with a deadline for
  every answer, and is replaced when it fails.
- `compile`: CUDA programs -> bundles for a device: machine code by NVRTC, many programs a unit;
  host functions by g++ beside it.
- `driver`: The few driver calls that the GPU worker makes, behind one small class, so that a
  recorded fake can stand in for it.
- `gpu_worker`: One GPU worker as its owner sees it: batches in, `Execution`s out, the process
  replaced
  whenever it is lost.
- `host`: A host function of a CUDA program, run natively beside the device: its run-time calls
  and launches arrive here.
- `kernel_arguments`: Arguments of one call in its image, and the driver's table of pointers.
- `memory_image`: Arguments as one image: scalars, arrays between poisoned guard zones, in memory
  shared
  with the GPU worker.
- `nvcc`: Whether a real CUDA compiler takes a text: nvcc where it is installed, else NVRTC, in
  batches.
- `nvrtc`: NVRTC in a process of its own: many programs' text in, machine code or diagnostics out.
- `sanitizer`: compute-sanitizer over many candidates at once: one worker process under the tool,
  findings by candidate.
- `requests`: What the GPU worker does for one candidate: fresh module, image to the device,
  launch, watch, image back.
- `session`: The device as the GPU worker holds it: shared file, memory, the candidate's module,
  launches.
- `source`: One CUDA text as two: what the device compiler gets, and what g++ gets to run the host
  functions beside a real device.
- `timing`: How long a program takes on the device, cold cache, with and without transfers,
  against the serial source in the same run.
- `worker`: The process that owns a GPU: reads requests, runs candidates, says what happened, and
  ends when its context is lost.
"""
