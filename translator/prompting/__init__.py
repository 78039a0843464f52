"""What a Translator is asked, and how its answer is read.

- `answers`: Reading what an instruction model wrote: the code in it, and whether that is a
  function at all.
- `host_functions`: An answer of several functions: kernels, and at the end a host function whose
  head is the source's own.
- `instructions`: Requests in words, for pre-trained models: a text file per direction, and
  verified pairs shown as examples.
- `translate`: What the Translator is asked and how its answer is read: programs in, candidates
  out; verified pairs in, examples out.
"""
