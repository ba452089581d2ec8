"""One TOML file for each language, and `load`, which reads them: adding a language is adding a file."""
