"""From the bytes of a mail to its parts and to the text that a person saw."""
