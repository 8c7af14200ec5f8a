"""The border between processes: frames, a channel of requests both ways, and child processes."""
