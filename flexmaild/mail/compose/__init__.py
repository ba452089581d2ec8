"""From an order to the bytes of a mail: templates, texts, MIME."""
