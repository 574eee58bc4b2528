"""The room of the readers: numbers, lists and everything else that only shows."""
