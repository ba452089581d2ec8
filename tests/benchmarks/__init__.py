"""Speed and memory of the whole product beside other programs: `python -m tests.benchmarks [NAME …]`.

Each figure is a module with a `main` that prints what it measured, as ratios within one run where the
machine matters. Nothing here is a test: other work on the machine may make a figure worse, never wrong.
"""
