"""What `packaging/regenerate.py` writes, one module a file; a test holds the files to it."""
