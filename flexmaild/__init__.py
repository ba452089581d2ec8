"""flexmaild lets people approve a deployment by answering a mail."""

__version__ = "0.1.0"
