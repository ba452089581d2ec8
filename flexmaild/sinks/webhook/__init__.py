"""The sink `webhook`: each event is sent to a URL, signed as Standard Webhooks say."""
