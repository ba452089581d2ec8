"""One file per step, `step_NNNN.py`; a step that was released is never changed."""
