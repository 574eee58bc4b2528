"""Mail: the outbox, the messages, and their delivery."""
