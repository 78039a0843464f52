"""The evaluation inside other harnesses: they ask the model, the engine judges.

- `ports`: items as plain prompts, and an answer's verdict; what both tasks share.
- `inspect_task`: the task of inspect_ai.
- `lm_eval_task`: the folder with the task of lm-evaluation-harness.
"""
