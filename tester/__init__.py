"""The Tester: tests from rules, execution and models; how strong and how valid they are.

- `generate/`: Tests made by rule and by execution.
- `mutation/`: Mutants of a program, and how many of them a suite kills.
- `validity`: Whether a suite may decide anything: the source itself is run on it, and what it
  gives becomes the expectation.
"""
