"""Speed, measured against the plainest programs of the same kind."""
