"""What the operating system gives; imports nothing of ours."""
