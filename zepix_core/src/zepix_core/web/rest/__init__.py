"""The REST API of the API port: gate, reads, actions."""
