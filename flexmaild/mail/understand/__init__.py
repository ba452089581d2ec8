"""From a parsed mail to what it says: who wrote it, what it answers, and what the answer is."""
